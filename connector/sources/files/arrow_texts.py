"""Texts of Arrow columns, as of Parquet files.

Arrow's own cast keeps every digit and every year; Python's types end at microseconds and at the year 9999, so a nested
value is taken apart by Arrow, too.
"""

import base64
import json
import math
from itertools import islice
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)


def convert_column(column: Any) -> list[str | None]:
    """Text of each value; nested values as JSON text."""
    column = plain(column)
    if pa.types.is_nested(column.type):
        return [None if value is None else encode_nested(value) for value in list_values(column)]
    return list_texts(column)


def plain(column: Any) -> Any:
    """Without the forms in which values can be stored: extension types, dictionaries. A UUID in its usual form."""
    if isinstance(column.type, pa.UuidType):
        texts = [None if value is None else str(UUID(bytes=value)) for value in column.storage.to_pylist()]
        return pa.array(texts, pa.string())
    if isinstance(column.type, pa.BaseExtensionType):
        return plain(column.storage)
    return plain(column.dictionary_decode()) if pa.types.is_dictionary(column.type) else column


def list_texts(column: Any) -> list[str | None]:
    kind = column.type
    if any(is_kind(kind) for is_kind in BYTES):
        return [None if value is None else base64.b64encode(value).decode() for value in column.to_pylist()]
    if pa.types.is_duration(kind):
        # Arrow has no text of a duration; the number is in the unit of the column.
        column = column.cast(pa.int64())
    if pa.types.is_timestamp(kind) and kind.tz:
        # Stored in UTC. The zone is one of the writer, which this machine may not know.
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    return list(column.cast(pa.string()).to_pylist())


def list_values(column: Any) -> list[Any]:
    """As JSON holds them: numbers and booleans stay, a map is a list of pairs, all other leaves are texts."""
    column = plain(column)
    kind = column.type
    if pa.types.is_map(kind):
        pairs = pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
        return [
            entries and [list(entry.values()) for entry in entries]
            for entries in list_values(column.cast(pairs))
        ]
    if pa.types.is_struct(kind):
        return list_objects(column)
    if pa.types.is_nested(kind):  # a list of any form
        members = iter(list_values(column.flatten()))
        sizes = pc.list_value_length(column).to_pylist()
        return [None if size is None else list(islice(members, size)) for size in sizes]
    if pa.types.is_floating(kind):
        return [None if text is None else parse_float(text) for text in list_texts(column)]
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return list(column.to_pylist())
    return list_texts(column)


def list_objects(column: Any) -> list[dict[str, Any] | None]:
    names = [field.name for field in column.type]
    if len(set(names)) < len(names):
        raise ValueError(f"a struct has several fields of one name, of which values would be lost: {names}")
    # flatten() regards the nulls of the struct, which its children do not have.
    members = [list_values(child) for child in column.flatten()]
    rows = zip(*members, strict=True) if members else [()] * len(column)
    return [
        dict(zip(names, row, strict=True)) if is_valid else None
        for row, is_valid in zip(rows, column.is_valid().to_pylist(), strict=True)
    ]


def parse_float(text: str) -> float | str:
    """A float that is not a number stays text, because JSON has no NaN."""
    value = float(text)
    return value if math.isfinite(value) else text


def encode_nested(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
