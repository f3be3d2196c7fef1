"""Split a large CSV file into ranges that begin with a row, although a line end can be inside quotes.

A regular expression proves for nearly every file that a line end is the end of a row, at 1 GB/s. A file with quotes in
the middle of fields does not match; there the parser that will read the rows finds the borders, at 70 MB/s.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from connector.sources.files.config import Csv
from connector.sources.files.content import MAX_LINE_BYTES
from connector.sources.files.delimited import UNCLOSED, open_csv, read_header
from connector.sources.files.position import PartRange
from connector.sources.files.text_lines import TextLines

MAX_ATTEMPTS = 50  # line ends inside the quotes of one field
# In other encodings the byte of a delimiter can be a part of another character.
ONE_BYTE_ENCODINGS = re.compile(
    r"(utf[-_]?8([-_]sig)?|ascii|latin[-_]?1|iso[-_]8859[-_]\d+|cp125\d)", re.IGNORECASE
)


class CsvSplitter:
    def __init__(self, part: PartRange, declared: Csv, rename: Mapping[str, str], part_bytes: int) -> None:
        self.part = part
        self.declared = declared
        self.rename = rename
        self.part_bytes = part_bytes

    def split(self, open_chunks: Callable[[], Iterator[bytes]]) -> list[PartRange]:
        """Ranges of about `part_bytes`. UnreadableFile without a valid header."""
        ends = self._find_ends(open_chunks()) if self._is_simple() else None
        if ends is None:
            ends = list(self._parse_ends(open_chunks()))
        # One part: the header need not be read twice.
        if not ends:
            return [self.part]
        # Ranges after the first have no header line, so each of them carries the names.
        lines = TextLines(open_chunks(), self.declared.encoding, self.part)
        header = tuple(read_header(lines, self.declared, self.rename))
        starts = [(0, 1), *ends]
        return [
            PartRange(self.part.file, start, ends[n][0] if n < len(ends) else None, line, header if n else ())
            for n, (start, line) in enumerate(starts)
        ]

    def _is_simple(self) -> bool:
        signs = self.declared.delimiter + self.declared.quote
        return signs.isascii() and bool(ONE_BYTE_ENCODINGS.fullmatch(self.declared.encoding))

    def _find_ends(self, chunks: Iterable[bytes]) -> list[tuple[int, int]] | None:
        """(bytes, line) after each range but the last; None if the file must be parsed."""
        pattern = compile_regular(self.declared)
        ends: list[tuple[int, int]] = []
        start, line = 0, 1
        # A bytearray grows and shrinks in place; bytes would be copied for every chunk.
        buffer = bytearray()
        for chunk in chain(chunks, [None]):
            buffer += chunk or b""
            while len(buffer) > self.part_bytes:
                # Up to the first line end after `part_bytes`, so that rows longer than a part are found too.
                size = find_row_end(pattern, buffer, self.part_bytes)
                if size is None:
                    return None
                if size == 0:
                    if len(buffer) > MAX_LINE_BYTES:
                        return None  # the parser limits its memory, and reports why
                    break  # the row continues in the next chunk
                ends.append((start := start + size, line := line + buffer.count(b"\n", 0, size)))
                del buffer[:size]
        return ends if buffer else ends[:-1]

    def _parse_ends(self, chunks: Iterable[bytes]) -> Iterator[tuple[int, int]]:
        lines = TextLines(chunks, self.declared.encoding, self.part)
        reader, start = open_csv(lines, self.declared), 0
        end: tuple[int, int] | None = None
        while True:
            try:
                for _ in reader:
                    # The parser keeps the lines of a row for messages; here only positions matter.
                    lines.end_row()
                    if end:  # only if a row follows
                        yield end
                        end = None
                    if lines.consumed - start >= self.part_bytes:
                        start = lines.consumed
                        end = (start, lines.number + 1)
                return
            except csv.Error as error:
                lines.end_row()
                if UNCLOSED in str(error):
                    return


def compile_regular(declared: Csv) -> re.Pattern[bytes]:
    """Matches whole rows in which quotes are only around fields, or doubled inside them."""
    quote, delimiter = (re.escape(sign.encode()) for sign in (declared.quote, declared.delimiter))
    other = b"[^%b]*+" % quote
    field = b"(?<![^%b\\n])%b%b(?:%b%b%b)*+%b(?=[%b\\r\\n])" % (
        delimiter, quote, other, quote, quote, other, quote, delimiter,
    )  # fmt: skip
    return re.compile(b"(?:%b%b)*+%b" % (other, field, other))


def find_row_end(pattern: re.Pattern[bytes], buffer: bytearray, minimum: int) -> int | None:
    """The size of the rows up to the first row end from `minimum` on; 0 if it is not in `buffer`; None if the text is
    not regular, or has too many line ends inside quotes."""
    end = minimum - 1
    for _ in range(MAX_ATTEMPTS):
        end = buffer.find(b"\n", end)
        if end < 0:
            return 0
        end += 1
        if pattern.fullmatch(buffer, 0, end):
            return end
    return None
