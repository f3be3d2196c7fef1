"""What is published: exports/<name>.yaml as dataclasses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sheets_sync.errors import ExportError
from sheets_sync.notices import declared as declared_notices
from sheets_sync.notices.declared import Notify

FOLDER = Path(__file__).parent / "exports"
NAME = re.compile(r"[a-z][a-z0-9_]*")
FIELDS = {"table", "tab", "mode", "key", "columns", "order"}
OPTIONAL = {"destination", "notify"}  # the first is read by whom it concerns
MODES = ("mirror",)
LONGEST_TITLE = 100  # characters in a tab's title


@dataclass(frozen=True)
class Column:
    """`name` in the mart; `header` in the first row; `format` a number format, None for the usual one."""

    name: str
    header: str
    format: str | None = None


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Export:
    """One tab: columns of dmt.<table> from left to right, rows in `order`. `key` tells which row is which."""

    name: str
    table: str
    tab: str
    mode: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    order: tuple[Order, ...]
    destination: Mapping[str, Any] = field(default_factory=lambda: {"kind": "sheets"})
    notify: Notify = Notify()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]


def declared(folder: Path = FOLDER) -> list[str]:
    """Names of all exports."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load(name: str, folder: Path = FOLDER) -> Export:
    """ExportError says what is wrong, and where."""
    path = folder / f"{name}.yaml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise ExportError(f"There is no export {name!r}. Declared are: {', '.join(declared(folder))}.")
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ExportError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    return read(name, path.name, content)


def read(name: str, file: str, content: Any) -> Export:
    fields = mapping(file, "the file", content)
    unknown, missing = sorted(set(fields) - FIELDS - OPTIONAL), sorted(FIELDS - set(fields))
    if unknown or missing:
        raise ExportError(
            f"{file}: unknown {unknown}, missing {missing}. An export has {sorted(FIELDS)}, "
            f"and may have {sorted(OPTIONAL)}."
        )
    if fields["mode"] not in MODES:
        raise ExportError(f"{file}: mode is {fields['mode']!r}, it must be one of {', '.join(MODES)}.")
    columns = tuple(
        column(file, key, value) for key, value in mapping(file, "columns", fields["columns"]).items()
    )
    export = Export(
        name,
        identifier(file, "table", fields["table"]),
        title(file, fields["tab"]),
        fields["mode"],
        tuple(identifier(file, "key", item) for item in sequence(file, "key", fields["key"])),
        columns,
        tuple(order(file, item) for item in sequence(file, "order", fields["order"])),
        mapping(file, "destination", fields.get("destination", {"kind": "sheets"})),
        declared_notices.read(file, fields.get("notify")),
    )
    return consistent(file, export)


def consistent(file: str, export: Export) -> Export:
    for part, names in (("key", export.key), ("order", [item.column for item in export.order])):
        unknown = [name for name in names if name not in export.names]
        if unknown or not names:
            raise ExportError(
                f"{file}: {part} is {list(names)}, it must name columns of: {', '.join(export.names)}."
            )
    if len(set(export.headers)) < len(export.headers):
        raise ExportError(
            f"{file}: headers {export.headers} must differ, else nobody can tell columns apart."
        )
    return export


def column(file: str, name: str, value: Any) -> Column:
    fields = mapping(file, f"columns.{name}", value)
    header, pattern = fields.get("header"), fields.get("format")
    texts = isinstance(header, str) and header and isinstance(pattern, str | None)
    if set(fields) - {"header", "format"} or not texts:
        raise ExportError(
            f"{file}: columns.{name} is {value!r}, it must be {{header: …, format: …}}, both texts."
        )
    return Column(identifier(file, "columns", name), str(header), pattern)


def order(file: str, value: Any) -> Order:
    """`day` or `day desc`"""
    words = str(value).split()
    if len(words) > 2 or words[1:] not in ([], ["asc"], ["desc"]):
        raise ExportError(f"{file}: order {value!r} must be a column, or a column and desc.")
    return Order(identifier(file, "order", words[0]), words[1:] == ["desc"])


def identifier(file: str, part: str, value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ExportError(f"{file}: {part} has {value!r}, it must be a name in snake_case.")
    return value


def title(file: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TITLE:
        raise ExportError(f"{file}: tab is {value!r}, it must be a title of 1 to {LONGEST_TITLE} characters.")
    return value


def mapping(file: str, part: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ExportError(f"{file}: {part} is {value!r}, it must be a mapping with something in it.")
    return {str(key): item for key, item in value.items()}


def sequence(file: str, part: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ExportError(f"{file}: {part} is {value!r}, it must be a list.")
    return value
