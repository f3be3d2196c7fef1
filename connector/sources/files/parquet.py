"""Rows of a Parquet file as JSON lines: every leaf as text, nested values as JSON text. Only this imports pyarrow."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from connector.raw_schema import find_repeated
from connector.sources.files.content import Rows, UnreadableFile
from connector.sources.files.delimited import check_key
from connector.sources.files.provenance import LINE, Provenance

MAX_FILE_BYTES = 128 << 20  # the footer is at the end, so the file is held in memory
BATCH_ROWS = 5000


def read_parquet(
    chunks: Iterable[bytes], rename: dict[str, str], key: Collection[str], provenance: Provenance
) -> Rows:
    """All rows, every value as text; a text that is not UTF-8 makes its row a reject. UnreadableFile for an
    invalid file, without the key, or without pyarrow."""
    try:
        # Only here: most images do not contain it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        from connector.sources.files.arrow_texts import convert_column
    except ImportError as error:
        raise UnreadableFile(
            "Parquet needs pyarrow, which this image does not contain: add requirements/parquet.txt to it."
        ) from error
    content = b"".join(chunks)
    rows = Rows()
    # No Parquet, but empty as in the other formats: some programs mark a folder by such a file.
    if not content:
        return rows
    try:
        # int96 as nanoseconds would overflow silently before 1677 and after 2262.
        file = pq.ParquetFile(pa.BufferReader(content), coerce_int96_timestamp_unit="us")
        names = [rename.get(name, name) for name in file.schema_arrow.names]
        if twice := find_repeated(names):
            raise UnreadableFile(f"several columns become {', '.join(twice)} in raw. Check `rename`.")
        check_key(names, key)
        rows.names = names
        for batch in file.iter_batches(BATCH_ROWS):
            first = rows.rows + len(rows.rejects) + 1
            try:
                columns = [convert_column(column) for column in batch.columns]
                rows.content.writelines(encode_batch(columns, names, provenance, first))
                rows.rows += batch.num_rows
            # In a text; the batch is read row by row, so that only one of them is not in raw.
            except UnicodeDecodeError:
                for number in range(batch.num_rows):
                    add_row(rows, batch.slice(number, 1), convert_column, provenance, first + number)
        rows.check()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(f"not a readable Parquet file: {error}") from error
    return rows


def add_row(
    rows: Rows, row: Any, convert: Callable[[Any], list[str | None]], provenance: Provenance, number: int
) -> None:
    """`row`: a batch of one."""
    try:
        columns = [convert(column) for column in row.columns]
    except UnicodeDecodeError as error:
        rows.reject(number, f"a text is not valid UTF-8: {error}", repr(error.object)[:200])
        return
    rows.content.writelines(encode_batch(columns, rows.names, provenance, number))
    rows.rows += 1


def encode_batch(
    columns: list[list[str | None]], names: Sequence[str], provenance: Provenance, first: int
) -> Iterator[bytes]:
    with_line = LINE in provenance.columns
    for number, values in enumerate(zip(*columns, strict=True), first):
        row = dict(zip(names, values, strict=True)) | provenance.constants
        if with_line:
            row[LINE] = str(number)
        yield msgspec.json.encode(row) + b"\n"
