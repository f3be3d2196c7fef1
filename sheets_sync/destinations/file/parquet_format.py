"""Parquet with the mart's own types. pyarrow is imported when it is needed: its import is slow."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.errors import SettingsError
from sheets_sync.errors import CellError
from sheets_sync.records import Record, encode_value

CONTENT_TYPE = "application/vnd.apache.parquet"


def write_parquet(headers: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Values without a Parquet type here (STRUCT, ARRAY, JSON) are written as JSON text."""
    arrow, parquet = import_arrow()
    columns = []
    for index, type_name in enumerate(types):
        values = [row[index] for row in rows]
        if any(isinstance(value, list | Mapping) for value in values):
            values = [None if value is None else encode_value(value) for value in values]
            column_type = arrow.string()
        else:
            column_type = arrow_type(arrow, type_name)
        columns.append(build_column(arrow, headers[index], values, column_type))
    out = io.BytesIO()
    parquet.write_table(arrow.table(columns, names=list(headers)), out, compression="zstd")
    return out.getvalue()


def build_column(arrow: Any, header: str, values: Sequence[Any], column_type: Any) -> Any:
    try:
        return arrow.array(values, column_type)
    except (arrow.ArrowException, OverflowError) as error:
        raise CellError(f"Column {header!r} does not fit into Parquet's {column_type}: {error}") from error


def read_parquet(body: bytes) -> list[Record]:
    """ValueError if `body` is not Parquet."""
    arrow, parquet = import_arrow()
    try:
        rows: list[dict[str, Any]] = parquet.read_table(io.BytesIO(body)).to_pylist()
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error
    return [{name: encode_value(value) for name, value in row.items()} for row in rows]


def import_arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SettingsError("Parquet needs pyarrow, which the image of sheets_sync contains.") from error
    return pyarrow, pyarrow.parquet


def arrow_type(arrow: Any, type_name: str) -> Any:
    types = {
        "INTEGER": arrow.int64(),
        "INT64": arrow.int64(),
        "FLOAT": arrow.float64(),
        "FLOAT64": arrow.float64(),
        "NUMERIC": arrow.decimal128(38, 9),
        # BIGNUMERIC has up to 77 digits. A value that needs all of them is a CellError.
        "BIGNUMERIC": arrow.decimal256(76, 38),
        "BOOLEAN": arrow.bool_(),
        "BOOL": arrow.bool_(),
        "DATE": arrow.date32(),
        # Microseconds are the precision of BigQuery's types.
        "DATETIME": arrow.timestamp("us"),
        "TIMESTAMP": arrow.timestamp("us", "UTC"),
        "TIME": arrow.time64("us"),
        "BYTES": arrow.binary(),
    }
    return types.get(type_name, arrow.string())
