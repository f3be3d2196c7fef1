"""Ranges of a collection's index: of the window's field, or of _id.

A range of _id is requested by min() and max() of the index, because $gte and $lt compare within one BSON type only, and
a collection may have several types of _id.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pymongo.collection import Collection

from connector.sources.mongodb.values import decode_value, encode_value

BATCH_DOCUMENTS = 5000
QUERY_TIMEOUT = timedelta(minutes=10)


class Bounds(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The position of a part: Extended JSON of the index key from `low` to before `high`; "" is an open end.
    `ids`: instead of a range, the documents with these _id, Extended JSON."""

    low: str = ""
    high: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CollectionRanges:
    """`has_window`: `field` is a date that changes are selected by; otherwise it is _id."""

    collection: Collection[dict[str, Any]]
    field: str
    has_window: bool

    def iter_positions(self, start: datetime | None, end: datetime | None, size: int) -> Iterator[str]:
        """Ranges of `size` documents; more, if they have the same value of the field."""
        low = encode_value(start) if start else ""
        last = encode_value(end) if end else ""
        projection = (
            {self.field: 1} if self.field == "_id" else {self.field: 1, "_id": 0}
        )  # the index is enough
        while True:
            query = self.query(Bounds(low, last), projection)
            # The first document after `size` others is the beginning of the next part.
            boundary = next(iter(query.sort(self.field, 1).skip(size).limit(1)), None)
            high = encode_value(boundary.get(self.field)) if boundary else last
            if boundary and high == low:  # a larger value follows the documents that share this one
                high = self._next_value(low, last)
            yield msgspec.json.encode(Bounds(low, high)).decode()
            if high == last:
                return
            low = high

    def _next_value(self, low: str, last: str) -> str:
        query = {self.field: {"$gt": decode_value(low)} | ({"$lt": decode_value(last)} if last else {})}
        boundary = self.collection.find_one(query, {self.field: 1}, sort=[(self.field, 1)])
        return encode_value(boundary[self.field]) if boundary else last

    def query(self, bounds: Bounds, projection: dict[str, int] | None = None, raw: bool = False) -> Any:
        if bounds.ids:
            return self._find({"_id": {"$in": [decode_value(text) for text in bounds.ids]}}, projection, raw)
        if self.has_window:
            ends = {"$gte": decode_value(bounds.low), "$lt": decode_value(bounds.high)}
            return self._find({self.field: ends}, projection, raw)
        return self.query_ids(bounds, projection, raw)

    def query_ids(self, bounds: Bounds, projection: dict[str, int] | None, raw: bool = False) -> Any:
        ends = {
            name: {"_id": decode_value(value)}
            for name, value in (("min", bounds.low), ("max", bounds.high))
            if value
        }
        # min() and max() require the index to be named.
        return self._find({}, projection, raw, hint=[("_id", 1)], **ends)

    def _find(
        self, condition: dict[str, Any], projection: dict[str, int] | None, raw: bool, **options: Any
    ) -> Any:
        find = self.collection.find_raw_batches if raw else self.collection.find
        options["max_time_ms"] = int(QUERY_TIMEOUT.total_seconds() * 1000)
        return find(condition, projection=projection, batch_size=BATCH_DOCUMENTS, **options)
