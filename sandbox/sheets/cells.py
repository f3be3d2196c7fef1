"""Cells, their values in requests and responses, and the limit of their length."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.sheets.errors import BadRequest

LONGEST = 50_000  # characters in a cell

type Scalar = bool | int | float | str
type Format = Mapping[str, Any]  # a CellFormat; shared between cells, so never changed in place


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was typed, with its leading `=`."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The value of a formula that has none: `#REF!`, `#DIV/0!` …"""

    code: str


type Value = Scalar | Formula | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Immutable: a change creates a new cell, so copies of a grid can share cells."""

    value: Value = None
    format: Format | None = None
    note: str | None = None

    def holding(self, value: Value) -> "Cell":
        return replace(self, value=value)

    @property
    def empty(self) -> bool:
        return self.value is None and not self.format and not self.note


BLANK = Cell()


def from_extended(value: Mapping[str, Any] | None) -> Value:
    """An ExtendedValue. Its stringValue is never parsed; only formulaValue is a formula."""
    if not value:
        return None
    if len(value) > 1:
        raise BadRequest(f"Invalid value: {sorted(value)} is a union, one of them can be set.")
    [(kind, item)] = value.items()
    if kind == "errorValue":
        raise BadRequest("errorValue is read-only.")
    if kind == "formulaValue":
        if not str(item).startswith("="):
            raise BadRequest(f"Invalid formulaValue: {item!r} does not start with '='.")
        return Formula(fitting(item))
    return fitting(item) or None if isinstance(item, str) else item


def to_extended(value: Value | Failure) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int() | float():
            return {"numberValue": value}
        case Formula(text):
            return {"formulaValue": text}
        case Failure(code):
            return {"errorValue": {"type": "ERROR", "message": code}}
        case _:
            return {"stringValue": value}


def fitting(text: str) -> str:
    if len(text) > LONGEST:
        raise BadRequest(
            f"Your input contains more than the maximum of {LONGEST} characters in a single cell."
        )
    return text
