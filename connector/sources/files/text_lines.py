"""The lines of a text file, block by block, with their numbers."""

import codecs
from collections import deque
from collections.abc import Iterable, Iterator
from operator import methodcaller

from connector.sources.files.content import UnreadableFile, iter_blocks, iter_pieces, split_block
from connector.sources.files.position import PartRange


class TextLines:
    """Lines as text, each with its line end. `number`: of the newest line; `consumed`: bytes so far, if a line end is
    one byte; `pending`: lines of the current row; `fault`: the first invalid byte of them. `has_accents`: whether a
    line has a character that is not ASCII, so the encoding is probably right."""

    def __init__(self, chunks: Iterable[bytes], encoding: str, part: PartRange) -> None:
        self.encoding = encoding
        self.blocks: Iterator[list[bytes] | list[str]] = (
            map(split_block, iter_blocks(chunks))
            if has_byte_lines(encoding)
            else decode_lines(chunks, encoding)
        )
        self.block: deque[bytes | str] = deque()
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
        return not self.block

    def has_more(self) -> bool:
        """Whether there is another line; it begins the next block if the current one is read."""
        while not self.block:
            lines = next(self.blocks, None)
            if lines is None:
                return False
            self.block.extend(lines)
        return True

    def peek_block(self) -> list[str] | None:
        """The lines of the block that are not read yet; None if one of them is not valid in the encoding."""
        if isinstance(self.block[0], bytes):
            try:
                lines = list(map(methodcaller("decode", self.encoding), self.block))
            except UnicodeDecodeError:
                return None
        else:
            lines = [str(line) for line in self.block]
        if self.number == 0:
            lines[0] = remove_mark(lines[0])
        self.has_accents = self.has_accents or not all(map(str.isascii, lines))
        return lines

    def end_row(self) -> None:
        self.pending.clear()
        self.fault = None

    def skip_block(self) -> None:
        self.number += len(self.block)
        self.consumed += sum(map(len, self.block))
        self.block.clear()

    def __iter__(self) -> Iterator[str]:
        """An invalid byte becomes a lone surrogate, and its row has a `fault`."""
        while self.has_more():
            line = self.block.popleft()
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


def remove_mark(line: str) -> str:
    """The byte order mark of utf-8 is not removed by that codec, and would be part of the first name."""
    return line.removeprefix("\ufeff")


def has_byte_lines(encoding: str) -> bool:
    r"""Whether \n is one byte: not in UTF-16 and UTF-32, whose files are not split."""
    return "\n,".encode(encoding) == b"\n,"


def decode_lines(chunks: Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """Lines of an encoding in which a line end has several bytes; UnreadableFile for an invalid byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    try:
        for piece in iter_pieces(chunks):
            # Not splitlines(), which also splits at characters such as U+2028 inside a field.
            *lines, rest = (rest + decoder.decode(piece)).split("\n")
            yield [f"{line}\n" for line in lines]
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(describe_encoding(error, "the file")) from error
    if rest:
        yield [rest]


def describe_encoding(error: UnicodeDecodeError, where: str) -> str:
    byte = error.object[error.start : error.start + 1].hex()
    return f"{where} has byte 0x{byte}, which is not {error.encoding}. Declare the file's `encoding`."
