"""Last synced state of an API: key and record of every row that it accepted, in an object of the bucket.

Crash safety: before a run sends rows that are new to the API it stores their keys without a record; when it
ends, also after an error, it stores what was accepted. So the run after a killed one sends again what may not
have arrived, which is idempotent because rows are upserted by key, and deletes what left the mart meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from runtime.errors import StorageError
from runtime.object_store import ObjectStore
from sheets_sync.records import Key, Record, to_raw_json

CONTENT_TYPE = "application/x-ndjson"


class Head(msgspec.Struct):
    """First line. The state of another address is ignored."""

    place: str


class Line(msgspec.Struct):
    key: Key
    record: dict[str, msgspec.Raw]


@dataclass(frozen=True)
class SyncState:
    """`generation` is that of the object, 0 if it does not exist."""

    records: Mapping[Key, Record]
    generation: int


@dataclass(frozen=True)
class StateObject:
    """The object `name` for the API at `address`."""

    store: ObjectStore
    name: str
    address: str

    def load(self) -> SyncState:
        """Empty if the object is missing, belongs to another address, or was changed by others."""
        current = self.store.read_current(self.name)
        if current is None:
            return SyncState({}, 0)
        head, *lines = current.content.splitlines() or [b""]
        try:
            is_current = msgspec.json.decode(head, type=Head).place == self.address
            rows = [msgspec.json.decode(line, type=Line) for line in lines] if is_current else []
        except msgspec.MsgspecError:
            rows = []
        records = {row.key: {name: bytes(raw).decode() for name, raw in row.record.items()} for row in rows}
        return SyncState(records, current.generation)

    def save(self, records: Mapping[Key, Record], generation: int) -> int:
        """Write over `generation`; returns the new one. StorageError if another run wrote meanwhile."""
        rows = [Head(self.address), *(Line(key, to_raw_json(record)) for key, record in records.items())]
        body = b"\n".join(map(msgspec.json.encode, rows)) + b"\n"
        saved = self.store.replace(self.name, body, generation, content_type=CONTENT_TYPE)
        if saved is None:
            raise StorageError(
                f"{self.store.url_of(self.name)} was written by another run meanwhile. Its state is kept; the "
                "next run compares again."
            )
        return saved
