"""What was last synced: of every row a digest of its key and of each of its cells, kept in a hidden tab.

It is written by the same batch as the rows, so that it never tells of a state that was not there. The tab
is a log: a run appends the rows that changed, and writes it anew when more than half of it is superseded.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sheets_sync.destinations.sheets.values import Cell, canonical

KEY, CELL = 6, 3  # bytes of a digest
CHUNK = 36_000  # bytes in a cell: 48,000 characters in base 64, with the letter that keeps it a text
GONE = b"\xff" * CELL  # repeated for every column: the row is forgotten
SLACK = 1_000  # superseded rows that are too few to write everything anew

type Digest = bytes
type Entries = dict[Digest, bytes]  # of keys; their cells, one digest after the other


@dataclass(frozen=True)
class Memory:
    """`stored` counts the rows in the log, `cells` the cells that it takes in the tab's first column."""

    key: tuple[str, ...]
    columns: tuple[str, ...]
    entries: Mapping[Digest, bytes]
    stored: int
    cells: int

    @classmethod
    def read(cls, rows: Sequence[Sequence[Cell]]) -> Self | None:
        """The tab's first column; None where somebody changed it: then nothing is known."""
        try:
            named = json.loads(str(rows[0][0]))
            key, columns = tuple(named["key"]), tuple(named["columns"])
            size = KEY + CELL * len(columns)
            log = b"".join(base64.b64decode(str(row[0])[1:], validate=True) for row in rows[1:])
        except (ValueError, LookupError, TypeError, binascii.Error):
            return None
        if len(log) % size:
            return None
        entries: Entries = {}
        for at in range(0, len(log), size):
            entries[log[at : at + KEY]] = log[at + KEY : at + size]
        gone = GONE * len(columns)
        kept = {name: cells for name, cells in entries.items() if cells != gone}
        return cls(key, columns, kept, len(log) // size, len(rows))


@dataclass(frozen=True)
class Writing:
    """Cells for the tab's first column from row `start` on; `whole` replaces all of it."""

    start: int
    cells: list[str]

    @property
    def whole(self) -> bool:
        return self.start == 0

    @property
    def height(self) -> int:
        return self.start + len(self.cells)


def key_digest(key: str) -> Digest:
    return hashlib.blake2b(key.encode(), digest_size=KEY).digest()


def cells_digest(cells: Sequence[Cell]) -> bytes:
    return b"".join(cell_digest(cell) for cell in cells)


def cell_digest(cell: Cell) -> bytes:
    return (zlib.crc32(canonical(cell).encode()) & 0xFFFFFF).to_bytes(CELL)


def write(
    memory: Memory | None, key: tuple[str, ...], columns: tuple[str, ...], entries: Entries
) -> Writing | None:
    """What makes the tab tell `entries`; None where it already does."""
    if memory is None or memory.columns != columns:
        return anew(key, columns, entries)
    forgotten = memory.entries.keys() - entries.keys()
    changed = {name: cells for name, cells in entries.items() if memory.entries.get(name) != cells}
    changed |= dict.fromkeys(forgotten, GONE * len(columns))
    if not changed:
        return None
    if memory.stored + len(changed) > 2 * len(entries) + SLACK:
        return anew(key, columns, entries)
    return Writing(memory.cells, chunks(changed))


def anew(key: tuple[str, ...], columns: tuple[str, ...], entries: Entries) -> Writing:
    return Writing(0, [json.dumps({"key": key, "columns": columns}), *chunks(entries)])


def chunks(entries: Entries) -> list[str]:
    log = b"".join(name + cells for name, cells in entries.items())
    parts = [log[at : at + CHUNK] for at in range(0, len(log), CHUNK)]
    return ["m" + base64.b64encode(part).decode() for part in parts]
