"""The bytes and lines of a part of a file, and the rows that were made of them."""

import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connector.errors import InvalidResponse
from connector.landing.files import RejectedRow
from connector.sources.byte_order_mark import find_wide_encoding
from connector.sources.files.position import PartRange
from connector.sources.files.store import FileStore

# A wrong `format` can make a whole file one line.
MAX_LINE_BYTES = 64 << 20
BLOCK_BYTES = 64 << 10  # of rows as objects, that fit the cache of a processor
ASCII = 0x7F
PIECE_BYTES = 1 << 20  # of decompressed content
# By the first bytes: https://en.wikipedia.org/wiki/List_of_file_signatures
ARCHIVES = {
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"BZh9": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
}
# What a text never begins with.
BINARY_FORMATS = {
    b"PAR1": "a Parquet file",
    b"Obj\x01": "an Avro file",
    b"%PDF-": "a PDF document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook",
}
MAX_REJECTED_ROWS = 20  # if most rows are rejects, and more than these, the declaration is wrong
MAX_TEXT_CHARACTERS = 2000  # of a rejected row


class UnreadableFile(InvalidResponse):
    """It remains unreadable until the file or the declaration changes, so the next run does not read it again."""


@dataclass
class Rows:
    """Newline-delimited JSON with its number of rows, and the rows that could not be read. `names`: of all fields.
    `repairs`: what was repaired, each once. `undecodable`: reasons of the rejects with a byte that is not of the
    encoding."""

    # Not a list, which would be in memory twice when it is joined.
    content: io.BytesIO = field(default_factory=io.BytesIO)
    rows: int = 0
    rejects: list[RejectedRow] = field(default_factory=list)
    names: Sequence[str] = ()
    repairs: dict[str, None] = field(default_factory=dict)
    undecodable: list[str] = field(default_factory=list)

    def reject(self, number: int, reason: str, text: str) -> None:
        # Invalid bytes are lone surrogates, which JSON does not have.
        text = text[:MAX_TEXT_CHARACTERS].encode(errors="surrogateescape").decode(errors="backslashreplace")
        self.rejects.append(RejectedRow(number, reason, text))

    def reject_undecodable(self, number: int, reason: str, text: str) -> None:
        self.undecodable.append(reason)
        self.reject(number, reason, text)

    def check(self, *, is_encoding_right: bool = True) -> None:
        """UnreadableFile if most rows are rejects: the delimiter or the format is probably declared wrong. So is the
        encoding if no row has a valid character of it beyond ASCII."""
        limit = self.rows if is_encoding_right else min(self.rows, MAX_REJECTED_ROWS)
        if len(self.undecodable) > limit:
            raise UnreadableFile(self.undecodable[0])
        if len(self.rejects) > max(MAX_REJECTED_ROWS, self.rows):
            first = self.rejects[0]
            raise UnreadableFile(
                f"{len(self.rejects)} of {len(self.rejects) + self.rows} rows could not be read, the first in line "
                f"{first.number}: {first.reason}. Check `format` in the declaration."
            )


def read_content(store: FileStore, part: PartRange) -> Iterator[bytes]:
    """The uncompressed bytes of the part. A gzip file has no index, so its beginning is decompressed and skipped."""
    if not is_gzip(part.file.key):
        end = part.file.size if part.end is None else part.end
        for number, chunk in enumerate(store.read_chunks(part.file, part.start, end)):
            if not number and not part.start:
                check_archive(chunk)
            yield chunk
        return
    position = 0
    for chunk in decompress(store.read_chunks(part.file, 0, part.file.size)):
        if not position:
            check_archive(chunk, "the content of the gzip file")
        end = len(chunk) if part.end is None else part.end - position
        if piece := chunk[max(0, part.start - position) : max(0, end)]:
            yield piece
        position += len(chunk)
        if part.end is not None and position >= part.end:
            return


def is_gzip(key: str) -> bool:
    return key.lower().endswith(".gz")


def check_archive(start: bytes, what: str = "the file") -> None:
    """UnreadableFile for a compressed file whose name shows something else."""
    for signature, form in ARCHIVES.items():
        if start.startswith(signature):
            raise UnreadableFile(
                f"{what} is {form}. Only gzip files are decompressed, and their names must end in .gz."
            )


def check_text(chunks: Iterable[bytes], remedy: str) -> Iterator[bytes]:
    """The chunks of a text in which a line end is one byte. UnreadableFile if they begin like another format, or like
    another encoding, of which `remedy` is about."""
    for number, chunk in enumerate(chunks):
        if not number:
            for signature, form in BINARY_FORMATS.items():
                if chunk.startswith(signature):
                    raise UnreadableFile(f"the file is {form}. Check `format` in the declaration.")
            if encoding := find_wide_encoding(chunk):
                begin = (
                    f"byte 0x{chunk[0]:02x}, which is not utf-8"
                    if chunk[0] > ASCII
                    else "zeros in characters"
                )
                raise UnreadableFile(f"the file is in {encoding.upper()}, it has {begin}. {remedy}")
        yield chunk


def decompress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Of one or several gzip members; UnreadableFile for an invalid or truncated file."""
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    is_empty = True
    try:
        for chunk in chunks:
            is_empty = is_empty and not chunk
            piece = b""
            # A full piece may not be the last one, also if no input is left.
            while chunk or len(piece) == PIECE_BYTES:
                # In pieces: a megabyte of repeated rows may become a gigabyte.
                piece = decoder.decompress(chunk, PIECE_BYTES)
                yield piece
                chunk = decoder.unconsumed_tail
                if decoder.eof:
                    # Tools that append to a gzip file write another member; each needs its own decoder.
                    # Some tools fill the last block with zeros.
                    chunk, piece = decoder.unused_data.lstrip(b"\0"), b""
                    if chunk:
                        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    except zlib.error as error:
        raise UnreadableFile(f"not a valid gzip file: {error}") from error
    if not decoder.eof and not is_empty:
        raise UnreadableFile("the gzip file is truncated: its end is missing")


def iter_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Whole lines with their \n, about BLOCK_BYTES at a time. UnreadableFile for a line that is too long: it would
    fill the memory."""
    rest, size = list[bytes](), 0
    for piece in iter_pieces(chunks):
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, piece[:end]])
            rest, size = [], 0
        # The line continues in the next piece.
        rest.append(piece[end:])
        size += len(piece) - end
        if size > MAX_LINE_BYTES:
            raise UnreadableFile(
                f"a line is longer than {MAX_LINE_BYTES} bytes. Is `format` declared correctly?"
            )
    if size:
        yield b"".join(rest)


def iter_pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A store may return a whole part at once, whose rows would need ten times its size."""
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK_BYTES):
            yield chunk[start : start + BLOCK_BYTES]


def iter_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Lines with their \n."""
    for block in iter_blocks(chunks):
        yield from split_block(block)


def split_block(block: bytes) -> list[bytes]:
    # Not splitlines(), which also splits at \r.
    return io.BytesIO(block).readlines()
