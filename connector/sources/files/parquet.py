"""Rows of a Parquet file as JSON lines: every leaf as text, nested values as JSON text. Only this imports pyarrow."""

import base64
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from connector.raw_schema import find_repeated
from connector.sources.files.content import Rows, UnreadableFile
from connector.sources.files.provenance import LINE, Provenance

MAX_FILE_BYTES = 128 << 20  # the footer is at the end, so the file is held in memory
BATCH_ROWS = 5000


def read_parquet(chunks: Iterable[bytes], rename: dict[str, str], provenance: Provenance) -> Rows:
    """All rows, every value as text; UnreadableFile for an invalid file, or without pyarrow."""
    try:
        # Only here: most images do not contain it.
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UnreadableFile(
            "Parquet needs pyarrow, which this image does not contain: add requirements/parquet.txt to it."
        ) from error
    content = b"".join(chunks)
    rows = Rows()
    try:
        # int96 as nanoseconds would overflow silently before 1677 and after 2262.
        file = pq.ParquetFile(pa.BufferReader(content), coerce_int96_timestamp_unit="us")
        names = [rename.get(name, name) for name in file.schema_arrow.names]
        if twice := find_repeated(names):
            raise UnreadableFile(f"several columns become {', '.join(twice)} in raw. Check `rename`.")
        rows.names = names
        for batch in file.iter_batches(BATCH_ROWS):
            columns = [convert_column(column) for column in batch.columns]
            rows.content.writelines(encode_batch(columns, names, provenance, rows.rows + 1))
            rows.rows += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(f"not a readable Parquet file: {error}") from error
    return rows


def encode_batch(
    columns: list[list[str | None]], names: list[str], provenance: Provenance, first: int
) -> Iterator[bytes]:
    with_line = LINE in provenance.columns
    for number, values in enumerate(zip(*columns, strict=True), first):
        row = dict(zip(names, values, strict=True)) | provenance.constants
        if with_line:
            row[LINE] = str(number)
        yield msgspec.json.encode(row) + b"\n"


def convert_column(column: Any) -> list[str | None]:
    """Text of each value. Arrow's cast keeps decimals and times exactly; Python's types do not hold all years."""
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column, kind = column.storage, column.storage.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_nested(kind):
        return [None if value is None else encode_nested(value) for value in column.to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [None if value is None else base64.b64encode(value).decode() for value in column.to_pylist()]
    if pa.types.is_duration(kind):
        # Arrow has no text of a duration; the number is in the unit of the column.
        column = column.cast(pa.int64())
    return list(column.cast(pa.string()).to_pylist())


def encode_nested(value: Any) -> str:
    return json.dumps(simplify(value), ensure_ascii=False, separators=(",", ":"))


def simplify(value: Any) -> Any:
    """As JSON can hold it. A float that is not a number becomes text, because JSON has no NaN."""
    match value:
        case dict():
            return {str(name): simplify(member) for name, member in value.items()}
        case list() | tuple():
            return [simplify(member) for member in value]
        case bytes():
            return base64.b64encode(value).decode()
        case float() if not math.isfinite(value):
            return str(value)
        case None | bool() | int() | float() | str():
            return value
    return str(value)
