"""Last synced state: for every row a digest of its key and of each of its cells, stored in a hidden tab.

It is written by the same batch as the rows, so it always describes a state that the tab had. The tab is a
log: a run appends the rows that changed, and rewrites it when more than half of it is superseded.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sheets_sync.destinations.sheets.desired.cells import Cell, canonical_text

# Small, because the log takes cells of the spreadsheet. Two of 100,000 keys are equal with a probability of 1 to
# 56,000; one of 16.8 million edits of a cell is not recognised.
KEY_SIZE, CELL_SIZE = 6, 3  # bytes of a digest
CHUNK_SIZE = 36_000  # bytes per cell: 48,000 characters of base64, below the limit of 50,000
TOMBSTONE = b"\xff" * CELL_SIZE  # repeated for every column: the row is no longer part of the state
MAX_SUPERSEDED = 1_000  # superseded rows that do not cause a rewrite

type Digest = bytes
type Entries = dict[Digest, bytes]  # by digest of the key; digests of the cells, concatenated


@dataclass(frozen=True)
class SyncState:
    """stored: rows in the log. cells: cells that the log takes in the tab's first column.

    zone: time zone in which TIMESTAMP columns were written, "" without such a column.
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    entries: Mapping[Digest, bytes]
    stored: int
    cells: int
    zone: str = ""

    @classmethod
    def parse(cls, rows: Sequence[Sequence[Cell]]) -> Self | None:
        """From the tab's first column; None if users changed it: then nothing is known."""
        try:
            head = json.loads(str(rows[0][0]))
            key, columns, zone = tuple(head["key"]), tuple(head["columns"]), str(head.get("zone", ""))
            size = KEY_SIZE + CELL_SIZE * len(columns)
            log = b"".join(base64.b64decode(str(row[0])[1:], validate=True) for row in rows[1:])
        except (ValueError, LookupError, TypeError, AttributeError, binascii.Error):
            return None
        if len(log) % size:
            return None
        entries: Entries = {}
        for start in range(0, len(log), size):
            entries[log[start : start + KEY_SIZE]] = log[start + KEY_SIZE : start + size]
        tombstone = TOMBSTONE * len(columns)
        present = {digest: cells for digest, cells in entries.items() if cells != tombstone}
        return cls(key, columns, present, len(log) // size, len(rows), zone)

    def rename_keys(self, digests: Mapping[Digest, Digest]) -> Self:
        """The state with other digests of the keys, after the key's text representation changed."""
        renamed = {digests.get(digest, digest): cells for digest, cells in self.entries.items()}
        return replace(self, entries=renamed)


@dataclass(frozen=True)
class StateWrite:
    """Cells for the tab's first column from row `start` on."""

    start: int
    cells: list[str]

    @property
    def height(self) -> int:
        return self.start + len(self.cells)


def key_digest(key: str) -> Digest:
    return hashlib.blake2b(key.encode(), digest_size=KEY_SIZE).digest()


def cells_digest(cells: Sequence[Cell]) -> bytes:
    return b"".join(cell_digest(cell) for cell in cells)


def cell_digest(cell: Cell) -> bytes:
    return (zlib.crc32(canonical_text(cell).encode()) & 0xFFFFFF).to_bytes(CELL_SIZE)


def plan_state_write(
    state: SyncState | None, key: tuple[str, ...], columns: tuple[str, ...], entries: Entries, zone: str = ""
) -> StateWrite | None:
    """What makes the tab describe `entries`; None if it already does."""
    if state is None or state.columns != columns or state.zone != zone:
        return rewrite_state(key, columns, entries, zone)
    dropped = state.entries.keys() - entries.keys()
    changed = {digest: cells for digest, cells in entries.items() if state.entries.get(digest) != cells}
    changed |= dict.fromkeys(dropped, TOMBSTONE * len(columns))
    if not changed:
        return None
    if state.stored + len(changed) > 2 * len(entries) + MAX_SUPERSEDED:
        return rewrite_state(key, columns, entries, zone)
    return StateWrite(state.cells, encode_entries(changed))


def rewrite_state(key: tuple[str, ...], columns: tuple[str, ...], entries: Entries, zone: str) -> StateWrite:
    head = {"key": key, "columns": columns} | ({"zone": zone} if zone else {})
    return StateWrite(0, [json.dumps(head), *encode_entries(entries)])


def encode_entries(entries: Entries) -> list[str]:
    """Base64 in pieces. The letter in front keeps Sheets from reading a piece as a number."""
    log = b"".join(digest + cells for digest, cells in entries.items())
    pieces = [log[start : start + CHUNK_SIZE] for start in range(0, len(log), CHUNK_SIZE)]
    return ["m" + base64.b64encode(piece).decode() for piece in pieces]
