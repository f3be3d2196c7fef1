"""The position of a part: one version of a file, or a range of its rows."""

import msgspec

from connector.sources.files.store import FileInfo


class PartRange(msgspec.Struct, frozen=True, array_like=True):
    """Bytes from `start` to before `end` (None: to the end), uncompressed; they begin with line `line`.

    `header`: the file's, for ranges after the first.
    """

    file: FileInfo
    start: int = 0
    end: int | None = None
    line: int = 1
    header: tuple[str, ...] = ()

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


def parse_position(position: str) -> PartRange:
    return msgspec.json.decode(position, type=PartRange)
