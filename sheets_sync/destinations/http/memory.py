"""What was last synced: of every row that the API took, its key and its record, in an object of the bucket.

Before a run sends rows that are new to the API it writes down their keys, without a record; when it ends,
however it ends, what was taken. So after one that was killed the next sends again what may not have arrived,
which changes nothing, because a row is taken by its key; and it deletes what left the mart meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from sheets_sync.bucket import Bucket
from sheets_sync.records import Key, Record, sendable

KIND = "application/x-ndjson"


class Head(msgspec.Struct):
    """Of another place nothing is known."""

    place: str


class Line(msgspec.Struct):
    key: Key
    record: dict[str, msgspec.Raw]


@dataclass(frozen=True)
class Memory:
    records: Mapping[Key, Record]
    generation: int


def read(bucket: Bucket, name: str, place: str) -> Memory:
    """Empty where there is none, where it is of another place, or where somebody changed it."""
    content = bucket.read(name)
    head, *lines = content.body.splitlines() or [b""]
    try:
        known = msgspec.json.decode(head, type=Head).place == place
        found = [msgspec.json.decode(line, type=Line) for line in lines] if known else []
    except msgspec.MsgspecError:
        found = []
    records = {line.key: {name: bytes(raw).decode() for name, raw in line.record.items()} for line in found}
    return Memory(records, content.generation)


def write(bucket: Bucket, name: str, place: str, records: Mapping[Key, Record], over: int) -> int:
    """The new generation."""
    made = [Head(place), *(Line(key, sendable(record)) for key, record in records.items())]
    lines = map(msgspec.json.encode, made)
    return bucket.write(name, b"\n".join(lines) + b"\n", over, KIND, {})
