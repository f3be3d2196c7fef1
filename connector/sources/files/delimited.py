"""Rows of a CSV file as JSON lines, parsed strictly by Python's csv.

Other readers guess: a ragged file becomes one column, an unclosed quote swallows the rest of the file, n/a becomes
NULL. Here every value stays the text of the file, and every row that does not fit is a reject with its line number.
"""

import codecs
import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connector.raw_schema import find_repeated
from connector.sources.files.config import Csv
from connector.sources.files.content import Rows, UnreadableFile, iter_lines
from connector.sources.files.position import PartRange
from connector.sources.files.provenance import LINE, Provenance

BATCH_ROWS = 2000
MAX_FIELD_CHARACTERS = 16 << 20
UNCLOSED = "unexpected end of data"  # of Python's csv in strict mode: the file ends inside quotes

# Python's default of 131,072 characters would reject long texts. The setting is of the process.
csv.field_size_limit(MAX_FIELD_CHARACTERS)


class TextLines:
    """Lines as text. `number`: of the newest line; `consumed`: bytes so far; `pending`: lines of the current row."""

    def __init__(self, chunks: Iterable[bytes], encoding: str, part: PartRange) -> None:
        self.encoding = encoding
        self.lines = iter_lines(chunks) if has_byte_lines(encoding) else decode_lines(chunks, encoding)
        self.number = part.line - 1
        self.consumed = part.start
        self.pending: list[str] = []

    @property
    def first_number(self) -> int:
        """Of the current row."""
        return self.number - max(len(self.pending), 1) + 1

    def __iter__(self) -> Iterator[str]:
        pending, encoding = self.pending, self.encoding
        for line in self.lines:
            self.number += 1
            if isinstance(line, bytes):
                self.consumed += len(line)
                try:
                    text = line.decode(encoding)
                except UnicodeDecodeError as error:
                    raise UnreadableFile(describe_encoding(error, f"line {self.number}")) from error
            else:
                text = line
            # The byte order mark of utf-8 is not removed by that codec, and would be part of the first name.
            if self.number == 1:
                text = text.removeprefix("\ufeff")
            pending.append(text)
            yield text


def has_byte_lines(encoding: str) -> bool:
    r"""Whether \n is one byte: not in UTF-16 and UTF-32, whose files are not split."""
    return "\n,".encode(encoding) == b"\n,"


def decode_lines(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Lines of an encoding in which a line end has several bytes; UnreadableFile for an invalid byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    try:
        for chunk in chunks:
            # Not splitlines(), which also splits at characters such as U+2028 inside a field.
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            yield from (f"{line}\n" for line in lines)
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(describe_encoding(error, "the file")) from error
    if rest:
        yield rest


def describe_encoding(error: UnicodeDecodeError, where: str) -> str:
    byte = error.object[error.start : error.start + 1].hex()
    return f"{where} has byte 0x{byte}, which is not {error.encoding}. Declare the file's `encoding`."


def open_csv(lines: TextLines, declared: Csv) -> Iterator[list[str | None]]:
    # QUOTE_NOTNULL distinguishes an empty field (None) from "" (an empty text).
    return csv.reader(  # type: ignore[return-value]
        lines,
        delimiter=declared.delimiter,
        quotechar=declared.quote,
        quoting=csv.QUOTE_NOTNULL,
        strict=True,
    )


def read_header(lines: TextLines, declared: Csv, rename: Mapping[str, str]) -> Sequence[str]:
    """The names of the columns; empty for an empty file. UnreadableFile if they are not distinct."""
    if not declared.header:
        return [rename.get(name, name) for name in declared.columns]
    try:
        header = next(open_csv(lines, declared), [])
    except csv.Error as error:
        raise UnreadableFile(f"the header cannot be read: {error}") from error
    # Lines of the header must not count as lines of the first row.
    lines.pending.clear()
    names = [rename.get((name or "").strip(), (name or "").strip()) for name in header]
    if twice := find_repeated(names):
        raise UnreadableFile(
            f"the header has {', '.join(map(repr, twice))} more than once: {shorten(names)}. Declare "
            "`header: false` with `columns` and remove the header, or ask for a file with distinct names."
        )
    return names


def shorten(names: Sequence[str]) -> str:
    text = ", ".join(map(repr, names))
    return text if len(text) <= 500 else text[:500] + "…"


def check_key(names: Sequence[str], key: Collection[str]) -> None:
    """UnreadableFile with the columns of the file if one of the key is missing."""
    if missing := [name for name in key if name not in names]:
        raise UnreadableFile(
            f"the file has no column {', '.join(map(repr, missing))}, the key; its columns are: {shorten(names)}. "
            "Check `delimiter`, `header` and `rename`."
        )


def read_rows(
    chunks: Iterable[bytes], part: PartRange, declared: Csv, rename: Mapping[str, str], key: Collection[str],
    provenance: Provenance,
) -> Rows:  # fmt: skip
    """The rows of the part; UnreadableFile if the file as a whole is not as declared."""
    lines = TextLines(chunks, declared.encoding, part)
    names = part.header or read_header(lines, declared, rename)
    rows = Rows(names=names)
    if names:
        check_key(names, key)
        for batch in iter_batches(lines, declared, len(names), rows, LINE in provenance.columns):
            rows.lines.append(encode_rows(batch, names, provenance))
            rows.rows += len(batch)
        rows.check()
    return rows


def iter_batches(
    lines: TextLines, declared: Csv, width: int, rows: Rows, with_line: bool
) -> Iterator[list[list[str | None]]]:
    """Up to BATCH_ROWS rows at a time, each with `width` values, and its line number if `with_line`.

    Rows with another number of values are added to `rows.rejects`.
    UnreadableFile if the file ends inside quotes.
    """
    reader, nulls, pending = open_csv(lines, declared), frozenset(declared.null), lines.pending
    batch: list[list[str | None]] = []
    while True:
        try:
            for row in reader:
                # A row with another number of fields cannot be assigned to columns without guessing.
                if len(row) == width:
                    if nulls:
                        row = [None if value in nulls else value for value in row]
                    if with_line:
                        row.append(str(lines.first_number))
                    batch.append(row)
                    if len(batch) == BATCH_ROWS:
                        yield batch
                        batch = []
                elif row:  # blank lines are not rows
                    reason = f"{len(row)} fields instead of {width}"
                    rows.reject(lines.first_number, reason, "".join(pending))
                pending.clear()
            break
        except csv.Error as error:
            # The reader continues with the next line, unless the file ended inside quotes.
            if UNCLOSED in str(error):
                raise UnreadableFile(
                    f"the quote that opens in line {lines.first_number} is not closed before the end of the file"
                ) from error
            rows.reject(lines.first_number, str(error), "".join(pending))
            pending.clear()
    if batch:
        yield batch


def encode_rows(batch: list[list[str | None]], names: Sequence[str], provenance: Provenance) -> bytes:
    """msgspec writes objects of a known type twice as fast as dicts, because it knows their keys."""
    row_type = create_row_type(tuple(names), provenance)
    return msgspec.json.Encoder().encode_lines([row_type(*row) for row in batch])


def create_row_type(names: tuple[str, ...], provenance: Provenance) -> Any:
    line = [LINE] if LINE in provenance.columns else []
    fields: list[Any] = [(f"f{i}", str | None) for i in range(len(names) + len(line))]
    renames = {f"f{i}": name for i, name in enumerate([*names, *line])}
    constants = provenance.constants
    fields += [(f"c{i}", str, value) for i, value in enumerate(constants.values())]
    renames |= {f"c{i}": name for i, name in enumerate(constants)}
    return msgspec.defstruct("Row", fields, rename=renames, gc=False)
