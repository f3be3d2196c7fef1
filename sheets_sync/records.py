"""Rows of a mart as records by key, for places that hold no cells: and which rows are none."""

import base64
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from sheets_sync.exports import Export
from sheets_sync.outcome import Example
from sheets_sync.raw import Untyped
from sheets_sync.warehouse import Mart

type Json = str  # a value's text, so that no digit is lost between two runs
type Key = tuple[Json, ...]
type Record = dict[str, Json]  # by header

NULL = "null"
LONGEST = 60  # characters of a value in an example


@dataclass(frozen=True)
class Records:
    """`rows` in the mart's order, `values` as BigQuery has them; `keys` are all that the mart has, those of
    rejected rows too."""

    rows: dict[Key, Record]
    values: dict[Key, tuple[Any, ...]]
    rejected: list[Example]
    keys: frozenset[Key]


def of(export: Export, mart: Mart) -> Records:
    """Rows of the same key are all rejected: nobody can tell which of them is meant."""
    made = [dict(zip(export.headers, map(written, row), strict=True)) for row in mart.rows]
    keys = [key_of(record, key_fields(export)) for record in made]
    times = Counter(keys)
    found = Records({}, {}, [], frozenset(times))
    for key, record, values in zip(keys, made, mart.rows, strict=True):
        untyped = next((f"{value}" for value in values if isinstance(value, Untyped)), "")
        if problem := untyped or problem_of(key, times[key]):
            found.rejected.append(Example(said(key), problem))
        else:
            found.rows[key], found.values[key] = record, values
    return found


def key_fields(export: Export) -> list[str]:
    """The headers of the key's columns."""
    headers = dict(zip(export.names, export.headers, strict=True))
    return [headers[name] for name in export.key]


def problem_of(key: Key, times: int) -> str:
    if NULL in key or '""' in key:
        return "null key"
    return f"duplicate key: {times} rows have it" if times > 1 else ""


def key_of(record: Record, headers: list[str]) -> Key:
    return tuple(record.get(header, NULL) for header in headers)


def said(key: Key) -> str:
    """A key as a person reads it."""
    return " / ".join(map(spoken, key))


def changes(before: Record, after: Record) -> str:
    """`revenue: 12.5 → 13`, of three fields at most; nothing where nothing changed."""
    fields = [name for name in after if before.get(name, NULL) != after[name]]
    told = [f"{name}: {spoken(before.get(name, NULL))} → {spoken(after[name])}" for name in fields[:3]]
    return ", ".join(told) + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")


def spoken(value: Json) -> str:
    text = "nothing" if value == NULL else str(read(value)) if value.startswith('"') else value
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def read(value: Json) -> Any:
    return msgspec.json.decode(value)


def written(value: Any) -> Json:
    return msgspec.json.encode(plain(value)).decode()


def sendable(record: Record) -> dict[str, msgspec.Raw]:
    """For an encoder: the texts as they are."""
    return {name: msgspec.Raw(value.encode()) for name, value in record.items()}


def digits(value: Decimal) -> str:
    """All of them; Decimal.normalize would round to 28."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Any) -> Any:
    """As JSON has it: moments as ISO 8601, those with a zone in UTC; bytes as base64; what is no number as
    null; 12.50 as 12.5."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return msgspec.Raw(digits(value).encode()) if value.is_finite() else None
        case datetime():
            return (
                value.astimezone(UTC).isoformat().replace("+00:00", "Z")
                if value.tzinfo
                else value.isoformat()
            )
        case date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case Untyped():
            return value.text
    return value
