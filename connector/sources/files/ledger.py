"""The ledger: which version of which file is in raw. An object of the landing bucket, <source>/<endpoint>/ledger.json.

Etag and size decide, not LastModified: a listing by time skips files that arrive late, that are back-dated, or that
change twice in one second. The ledger is written after the rows are in raw, so a run that is killed reads the files
again. Deleting the object makes the next run read every file again.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from connector.errors import SourceError
from connector.sources.files.store import FileInfo
from runtime.stored_object import StoredObject


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """`unreadable`: the fingerprint of the declaration under which the file could not be read; "" if it could.
    `partly`: the same for a file of which some rows could not."""

    etag: str
    size: int
    unreadable: str = ""
    partly: str = ""


class Store(Protocol):
    def read_current(self, name: str) -> StoredObject | None: ...
    def replace(self, name: str, content: bytes, generation: int) -> int | None: ...


class Ledger:
    """`folder`: of the endpoint in the landing bucket."""

    def __init__(self, store: Store, folder: str) -> None:
        self.store = store
        self.name = f"{folder}/ledger.json"

    def read_entries(self) -> dict[str, Entry]:
        """By key."""
        return self._read()[0]

    def _read(self) -> tuple[dict[str, Entry], int]:
        stored = self.store.read_current(self.name)
        if stored is None:
            return {}, 0
        try:
            return msgspec.json.decode(stored.content, type=dict[str, Entry]), stored.generation
        except msgspec.MsgspecError as error:
            raise SourceError(
                f"{self.name} of the landing bucket is not a ledger: {error}. Delete it: all files are read again."
            ) from error

    def update(self, entries: Mapping[str, Entry], gone: frozenset[str]) -> None:
        """Add `entries`; drop files that are no longer at the source. Idempotent. Only the lease's owner writes."""
        stored, generation = self._read()
        # Read again before the write, so that a repeated call changes nothing.
        merged = {key: entry for key, entry in stored.items() if key not in gone} | dict(entries)
        if merged != stored:
            self.store.replace(self.name, msgspec.json.encode(merged), generation)


def is_read(file: FileInfo, entry: Entry | None, fingerprint: str) -> bool:
    """Whether this version was read before; a file with anything unreadable is tried again under a changed
    declaration."""
    if entry is None or (entry.etag, entry.size) != (file.etag, file.size):
        return False
    return {entry.unreadable, entry.partly} <= {"", fingerprint}
