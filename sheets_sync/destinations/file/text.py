"""CSV as RFC 4180 has it, in UTF-8: texts in quotes, numbers and moments as they are, nothing for null."""

import csv
import io
from collections.abc import Iterable, Sequence

from sheets_sync.records import NULL, Json, Record, written
from sheets_sync.records import read as parsed

KIND = "text/csv; charset=utf-8"


def write(headers: Sequence[str], records: Iterable[Record]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NOTNULL)
    writer.writerow(headers)
    writer.writerows([cell(record[header]) for header in headers] for record in records)
    return out.getvalue().encode()


def read(body: bytes) -> list[Record]:
    """Every value is a text, or null for nothing. ValueError where it is no CSV."""
    try:
        lines = csv.reader(io.StringIO(body.decode(), newline=""), quoting=csv.QUOTE_NOTNULL, strict=True)
        headers = next(lines, [])
        return [dict(zip(headers, map(written, line), strict=True)) for line in lines]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def cell(value: Json) -> str | None:
    if value == NULL:
        return None
    return str(parsed(value)) if value.startswith('"') else value


def spelled(record: Record) -> Record:
    """As it is read back: a CSV knows texts alone."""
    return {name: written(cell(value)) for name, value in record.items()}
