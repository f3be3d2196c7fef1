"""CSV of RFC 4180 in UTF-8: every value in quotes, an empty field without quotes for null."""

import csv
import io
from collections.abc import Iterable, Sequence

from sheets_sync.records import NULL, Json, Record, decode_value, encode_value

CONTENT_TYPE = "text/csv; charset=utf-8"


def write_csv(headers: Sequence[str], records: Iterable[Record]) -> bytes:
    out = io.StringIO()
    # Distinguishes null, an empty field, from an empty text, which is "".
    writer = csv.writer(out, quoting=csv.QUOTE_NOTNULL)
    writer.writerow(headers)
    writer.writerows([to_field(record[header]) for header in headers] for record in records)
    return out.getvalue().encode()


def read_csv(body: bytes) -> list[Record]:
    """Every value is a text, or null for an empty field. ValueError if `body` is not CSV."""
    try:
        lines = csv.reader(io.StringIO(body.decode(), newline=""), quoting=csv.QUOTE_NOTNULL, strict=True)
        headers = next(lines, [])
        return [dict(zip(headers, map(encode_value, line), strict=True)) for line in lines]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def to_field(value: Json) -> str | None:
    if value == NULL:
        return None
    return str(decode_value(value)) if value.startswith('"') else value


def as_read_back(record: Record) -> Record:
    """The record that `read_csv` returns for it: CSV has no types, so every value is a text."""
    return {name: encode_value(to_field(value)) for name, value in record.items()}
