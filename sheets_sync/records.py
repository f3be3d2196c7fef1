"""Rows of a mart as records by key, for destinations without cells; and which rows are rejected."""

import base64
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from sheets_sync.export import Export
from sheets_sync.outcome import Example
from sheets_sync.raw_table import InvalidValue
from sheets_sync.warehouse import Mart

type Json = str  # the JSON text of a value, so that no digit is lost between two runs
type Key = tuple[Json, ...]
type Record = dict[str, Json]  # by header

NULL = "null"
MAX_VALUE_LENGTH = 60  # characters of a value in an example


@dataclass(frozen=True)
class Records:
    """`rows` in the mart's order, `values` as BigQuery returned them.

    `keys` are those of all rows of the mart, rejected rows included: a rejected row still exists.
    """

    rows: dict[Key, Record]
    values: dict[Key, tuple[Any, ...]]
    rejected: list[Example]
    keys: frozenset[Key]


def build_records(export: Export, mart: Mart) -> Records:
    """Rows with the same key are all rejected: it cannot be known which of them is correct."""
    rows = [dict(zip(export.headers, map(encode_value, row), strict=True)) for row in mart.rows]
    keys = [record_key(record, key_headers(export)) for record in rows]
    occurrences = Counter(keys)
    records = Records({}, {}, [], frozenset(occurrences))
    for key, record, values in zip(keys, rows, mart.rows, strict=True):
        invalid = next((f"{value}" for value in values if isinstance(value, InvalidValue)), "")
        if problem := invalid or find_key_problem(key, occurrences[key]):
            records.rejected.append(Example(describe_key(key), problem))
        else:
            records.rows[key], records.values[key] = record, values
    return records


def key_headers(export: Export) -> list[str]:
    headers = dict(zip(export.names, export.headers, strict=True))
    return [headers[name] for name in export.key]


def find_key_problem(key: Key, occurrences: int) -> str:
    # An empty text is a blank cell in a sheet: the same rows are rejected by every kind of destination.
    if NULL in key or '""' in key:
        return "null key"
    return f"duplicate key: {occurrences} rows have it" if occurrences > 1 else ""


def record_key(record: Record, headers: list[str]) -> Key:
    return tuple(record.get(header, NULL) for header in headers)


def describe_key(key: Key) -> str:
    return " / ".join(map(display_value, key))


def describe_changes(before: Record, after: Record) -> str:
    """`revenue: 12.5 → 13`, for at most three fields; "" if nothing changed."""
    fields = [name for name in after if before.get(name, NULL) != after[name]]
    changes = [
        f"{name}: {display_value(before.get(name, NULL))} → {display_value(after[name])}"
        for name in fields[:3]
    ]
    return ", ".join(changes) + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")


def display_value(value: Json) -> str:
    text = "nothing" if value == NULL else str(decode_value(value)) if value.startswith('"') else value
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 1]}…"


def decode_value(value: Json) -> Any:
    return msgspec.json.decode(value)


def encode_value(value: Any) -> Json:
    return msgspec.json.encode(to_json_value(value)).decode()


def to_raw_json(record: Record) -> dict[str, msgspec.Raw]:
    """For an encoder: the JSON texts unchanged."""
    return {name: msgspec.Raw(value.encode()) for name, value in record.items()}


def decimal_digits(value: Decimal) -> str:
    """All digits; Decimal.normalize would round to 28."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json_value(value: Any) -> Any:
    """A value that JSON can represent.

    Times are ISO 8601, those with a zone in UTC; bytes are base64; NaN and infinity are null; 12.50 is 12.5.
    """
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            # msgspec would encode a Decimal as a text, and a float would lose digits.
            return msgspec.Raw(decimal_digits(value).encode()) if value.is_finite() else None
        # Before `date`, of which datetime is a subclass.
        case datetime():
            if value.tzinfo:
                return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
            return value.isoformat()
        case date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(name): to_json_value(item) for name, item in value.items()}
        case list() | tuple():
            return [to_json_value(item) for item in value]
        case InvalidValue():
            return value.text
    return value
