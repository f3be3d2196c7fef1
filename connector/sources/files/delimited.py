"""Rows of a CSV file as JSON lines, parsed strictly by Python's csv.

Other readers guess: a ragged file becomes one column, an unclosed quote swallows the rest of the file, n/a becomes
NULL. Here every value stays the text of the file, and every row that does not fit is a reject with its line number.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

from connector.extract.row_encoder import create_row_encoder
from connector.raw_schema import find_repeated
from connector.sources.files.config import Csv
from connector.sources.files.content import Rows, UnreadableFile
from connector.sources.files.position import PartRange
from connector.sources.files.provenance import LINE, Provenance
from connector.sources.files.text_lines import TextLines, split_text

MAX_FIELD_CHARACTERS = 16 << 20
UNCLOSED = "unexpected end of data"  # of Python's csv in strict mode: the file ends inside quotes

# Python's default of 131,072 characters would reject long texts. The setting is of the process.
csv.field_size_limit(MAX_FIELD_CHARACTERS)

Row = list[str | None]
Headers = tuple[Row, ...]  # forms in which the header may be there again
NO_HEADER: Headers = ()
MARK = "\ufeff"


class CsvReader(Protocol):
    """That of csv.reader. `line_num`: lines that it has read."""

    line_num: int

    def __iter__(self) -> Iterator[Row]: ...
    def __next__(self) -> Row: ...


def open_csv(lines: Iterable[str], declared: Csv) -> CsvReader:
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
        # Blank lines above it are skipped, as between rows.
        header = next(filter(None, open_csv(lines, declared)), [])
    except csv.Error as error:
        raise UnreadableFile(f"the header cannot be read: {describe(error)}") from error
    if lines.fault:
        raise UnreadableFile(lines.fault)
    # Lines of the header must not count as lines of the first row.
    lines.end_row()
    # A delimiter at the end of each line makes a column without a name.
    columns = [(name or "").strip() or f"column {place}" for place, name in enumerate(header, 1)]
    names = [rename.get(name, name) for name in columns]
    if twice := find_repeated(names):
        raise UnreadableFile(
            f"the header has {', '.join(map(repr, twice))} more than once: {shorten(names)}. Declare "
            "`header: false` with `columns` and remove the header, or ask for a file with distinct names."
        )
    return names


def describe(error: csv.Error) -> str:
    """Python's csv explains a lone carriage return to programmers."""
    if "new-line character" in str(error):
        return r"a \r without \n outside of quotes: lines must end in \n or \r\n"
    if "field limit" in str(error):
        return f"a field with more than {MAX_FIELD_CHARACTERS} characters: is a quote not closed?"
    return str(error)


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
        line = [LINE] if LINE in provenance.columns else []
        encode = create_row_encoder([*names, *line], provenance.constants)
        header = restore_header(names, rename) if declared.header and len(names) > 1 else NO_HEADER
        for batch in iter_batches(lines, declared, len(names), rows, bool(line), header):
            rows.content.write(encode(batch))
            rows.rows += len(batch)
        rows.check(is_encoding_right=lines.has_accents)
    return rows


def restore_header(names: Sequence[str], rename: Mapping[str, str]) -> Headers:
    """As the file has it; names without a blank at an end. A file that was appended may begin with its own byte order
    mark, after which the parser leaves quotes as they are."""
    originals = {new: old for old, new in rename.items()}
    columns = [originals.get(name, name) for name in names]
    first, *others = [None if name == f"column {place}" else name for place, name in enumerate(columns, 1)]
    return tuple([start, *others] for start in (first, f"{MARK}{first or ''}", f'{MARK}"{first or ""}"'))


def iter_batches(
    lines: TextLines, declared: Csv, width: int, rows: Rows, with_line: bool, header: Headers = NO_HEADER
) -> Iterator[list[Row]]:
    """The rows of a block at a time, each with `width` values, and its line number if `with_line`.

    Rows with another number of values, or a byte that is not of the encoding, are added to `rows.rejects`.
    UnreadableFile if the file ends inside quotes.
    """
    nulls = frozenset(declared.null)
    while lines.has_more():
        first, block = lines.number + 1, lines.peek_block()
        batch = parse_block(block, declared, width, header) if block else None
        if block and batch is not None:
            count = block.count("\n") + (not block.endswith("\n"))
            lines.skip_block(count)
            numbers = find_lines(block, count, len(batch), first, declared) if with_line else []
        else:
            batch, numbers = parse_rows(lines, declared, width, rows, header)
        if not nulls.isdisjoint(chain.from_iterable(batch)):
            batch = [[None if value in nulls else value for value in row] for row in batch]
        if with_line:
            for row, number in zip(batch, numbers, strict=True):
                row.append(str(number))
        if batch:
            yield batch


def parse_block(block: str, declared: Csv, width: int, header: Headers) -> list[Row] | None:
    """All rows of whole lines, without a step of Python for each of them; None if one of them has a fault, is the
    header again, or is continued in the next block."""
    try:
        batch = list(open_csv(split_text(block), declared))
    except csv.Error:
        return None
    is_plain = set(map(len, batch)) <= {width} and not any(form in batch for form in header)
    return batch if is_plain else None


def find_lines(block: str, lines: int, rows: int, first: int, declared: Csv) -> Sequence[int]:
    """The number of the first line of each row."""
    if rows == lines:
        return range(first, first + rows)
    reader = open_csv(split_text(block), declared)
    return [first, *(first + reader.line_num for _ in reader)][:-1]


def parse_rows(
    lines: TextLines, declared: Csv, width: int, rows: Rows, header: Headers = NO_HEADER
) -> tuple[list[Row], list[int]]:
    """Rows with the numbers of their first lines, one by one, until a row ends where a block does."""
    reader, pending = open_csv(lines, declared), lines.pending
    batch: list[Row] = []
    numbers: list[int] = []
    while True:
        try:
            for row in reader:
                # A row with another number of fields cannot be assigned to columns without guessing.
                if lines.fault:
                    rows.reject_undecodable(lines.first_number, lines.fault, "".join(pending))
                elif row in header:
                    # Files that were joined; as a row it would be text in columns of numbers.
                    rows.reject(lines.first_number, "the header again", "".join(pending))
                elif len(row) == width:
                    batch.append(row)
                    numbers.append(lines.first_number)
                elif row:  # blank lines are not rows
                    reason = f"{len(row)} fields instead of {width}"
                    rows.reject(lines.first_number, reason, "".join(pending))
                lines.end_row()
                if lines.ends_block:
                    break
            return batch, numbers
        except csv.Error as error:
            # The reader continues with the next line, unless the file ended inside quotes.
            if UNCLOSED in str(error):
                raise UnreadableFile(
                    f"the quote that opens in line {lines.first_number} is not closed before the end of the file"
                ) from error
            rows.reject(lines.first_number, lines.fault or describe(error), "".join(pending))
            lines.end_row()
