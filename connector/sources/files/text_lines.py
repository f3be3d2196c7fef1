"""The lines of a text file, block by block, with their numbers."""

import codecs
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator

from connector.sources.files.content import UnreadableFile, iter_blocks, iter_pieces, split_block
from connector.sources.files.position import PartRange

# By the names of Python's codecs. Others have a state (iso2022_jp), or remove a mark of each line (utf-8-sig).
LINES_DECODE_TOGETHER = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")


class TextLines:
    """Lines as text, each with its line end. `number`: of the newest line; `consumed`: bytes so far, if a line end is
    one byte; `pending`: lines of the current row; `fault`: the first invalid byte of them. `has_accents`: whether a
    line has a character that is not ASCII, so the encoding is probably right."""

    def __init__(self, chunks: Iterable[bytes], encoding: str, part: PartRange) -> None:
        self.encoding = encoding
        self.decodes_blocks = bool(LINES_DECODE_TOGETHER.fullmatch(codecs.lookup(encoding).name))
        self.blocks: Iterator[bytes | str] = (
            iter_blocks(chunks) if has_byte_lines(encoding) else decode_blocks(chunks, encoding)
        )
        # A block is split only if its lines are read one by one.
        self.block: bytes | str = b""
        self.lines: deque[bytes | str] = deque()
        self.number = part.line - 1
        self.consumed = part.start
        self.pending: list[str] = []
        self.fault: str | None = None
        self.has_accents = False

    @property
    def first_number(self) -> int:
        """Of the current row."""
        return self.number - max(len(self.pending), 1) + 1

    @property
    def ends_block(self) -> bool:
        return not (self.block or self.lines)

    def has_more(self) -> bool:
        """Whether there is another line; it begins the next block if the current one is read."""
        while self.ends_block:
            block = next(self.blocks, None)
            if block is None:
                return False
            self.block = block
        return True

    def peek_block(self) -> str | None:
        """The lines of the block that are not read yet; None if one of them is not valid in the encoding."""
        try:
            text = "".join(map(self._decode_strictly, self.lines or [self.block]))
        except UnicodeDecodeError:
            return None
        if self.number == 0:
            text = remove_mark(text)
        self.has_accents = self.has_accents or not text.isascii()
        return text

    def _decode_strictly(self, lines: bytes | str) -> str:
        if isinstance(lines, str):
            return lines
        if self.decodes_blocks:
            return lines.decode(self.encoding)
        return "".join(line.decode(self.encoding) for line in split_block(lines))

    def end_row(self) -> None:
        self.pending.clear()
        self.fault = None

    def skip_block(self, lines: int) -> None:
        """`lines`: the number of lines of the block."""
        self.number += lines
        self.consumed += len(self.block) + sum(map(len, self.lines))
        self.block = b""
        self.lines.clear()

    def __iter__(self) -> Iterator[str]:
        """An invalid byte becomes a lone surrogate, and its row has a `fault`."""
        while self.has_more():
            if self.block:
                self.lines.extend(
                    split_text(self.block) if isinstance(self.block, str) else split_block(self.block)
                )
                self.block = b""
            line = self.lines.popleft()
            self.number += 1
            self.consumed += len(line)
            text = line if isinstance(line, str) else self._decode(line)
            if self.number == 1:
                text = remove_mark(text)
            self.pending.append(text)
            yield text

    def _decode(self, line: bytes) -> str:
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError as error:
            self.fault = self.fault or describe_encoding(error, f"line {self.number}")
            return line.decode(self.encoding, "surrogateescape")
        self.has_accents = self.has_accents or not text.isascii()
        return text


def split_text(block: str) -> Iterator[str]:
    r"""Lines with their \n. Not splitlines(), which also splits at characters such as U+2028 inside a field."""
    return io.StringIO(block, newline="\n")


def remove_mark(line: str) -> str:
    """The byte order mark of utf-8 is not removed by that codec, and would be part of the first name."""
    return line.removeprefix("\ufeff")


def has_byte_lines(encoding: str) -> bool:
    r"""Whether \n is one byte: not in UTF-16 and UTF-32, whose files are not split."""
    return "\n,".encode(encoding) == b"\n,"


def decode_blocks(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Lines of an encoding in which a line end has several bytes; UnreadableFile for an invalid byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    try:
        for piece in iter_pieces(chunks):
            text = rest + decoder.decode(piece)
            end = text.rfind("\n") + 1
            rest = text[end:]
            yield text[:end]
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(describe_encoding(error, "the file")) from error
    yield rest


def describe_encoding(error: UnicodeDecodeError, where: str) -> str:
    byte = error.object[error.start : error.start + 1].hex()
    return f"{where} has byte 0x{byte}, which is not {error.encoding}. Declare the file's `encoding`."
