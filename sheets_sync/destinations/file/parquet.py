"""Parquet with the mart's own types. pyarrow is imported when it is needed: it takes its time."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from sheets_sync.errors import CellError, SettingsError
from sheets_sync.records import Record, written

KIND = "application/vnd.apache.parquet"


def write(headers: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """What has no type of its own (STRUCT, ARRAY, JSON) is JSON text."""
    arrow, parquet = library()
    columns = []
    for place, kind in enumerate(types):
        values = [row[place] for row in rows]
        nested = any(isinstance(value, list | Mapping) for value in values)
        made = arrow.string() if nested else column_type(arrow, kind)
        said = [None if value is None else written(value) for value in values] if nested else values
        columns.append(column(arrow, headers[place], said, made))
    out = io.BytesIO()
    parquet.write_table(arrow.table(columns, names=list(headers)), out, compression="zstd")
    return out.getvalue()


def column(arrow: Any, header: str, values: Sequence[Any], kind: Any) -> Any:
    try:
        return arrow.array(values, kind)
    except (arrow.ArrowException, OverflowError) as error:
        raise CellError(f"Column {header!r} does not fit into Parquet's {kind}: {error}") from error


def read(body: bytes) -> list[Record]:
    """ValueError where it is no Parquet."""
    arrow, parquet = library()
    try:
        rows: list[dict[str, Any]] = parquet.read_table(io.BytesIO(body)).to_pylist()
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error
    return [{name: written(value) for name, value in row.items()} for row in rows]


def library() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SettingsError("Parquet needs pyarrow, which the image of sheets_sync holds.") from error
    return pyarrow, pyarrow.parquet


def column_type(arrow: Any, kind: str) -> Any:
    types = {
        "INTEGER": arrow.int64(),
        "INT64": arrow.int64(),
        "FLOAT": arrow.float64(),
        "FLOAT64": arrow.float64(),
        "NUMERIC": arrow.decimal128(38, 9),
        "BIGNUMERIC": arrow.decimal256(76, 38),
        "BOOLEAN": arrow.bool_(),
        "BOOL": arrow.bool_(),
        "DATE": arrow.date32(),
        "DATETIME": arrow.timestamp("us"),
        "TIMESTAMP": arrow.timestamp("us", "UTC"),
        "TIME": arrow.time64("us"),
        "BYTES": arrow.binary(),
    }
    return types.get(kind, arrow.string())
