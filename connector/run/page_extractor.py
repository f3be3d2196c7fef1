"""Request the pages of one run and write them to the bucket, each as one object."""

import dataclasses
import hashlib
from functools import partial
from itertools import takewhile

import msgspec
from msgspec import Raw

from connector.errors import SourceError
from connector.extract.field_mapping import create_mapper
from connector.extract.ndjson import encode_page
from connector.extract.page_inspection import Inspect, create_inspector
from connector.extract.page_tracker import PageTracker
from connector.extract.schema_drift import learn_schema
from connector.landing.page_metadata import ObservedSchema, PageResult
from connector.raw_schema import list_columns
from connector.run.context import RunContext
from connector.run.state import RunState
from connector.sources import window
from connector.sources.reader import Page
from connector.sources.time_window import TimeWindow, largest_time


class PageExtractor:
    """Requests pages of one run and writes them to the bucket. `fetch` is thread-safe."""

    def __init__(self, context: RunContext, state: RunState, schema: ObservedSchema | None) -> None:
        self.context = context
        # An absent list must be distinguishable from an empty one (ndjson.mark_absent).
        self.arrays = list_columns(context.columns)
        self.state = state
        self.schema = schema
        self.inspect = self._create_inspector()
        rename, unmapped = (
            getattr(context.endpoint, "rename", {}),
            getattr(context.endpoint, "unmapped", None),
        )
        self.map_fields = create_mapper(context.columns, rename, unmapped)
        self.previous: frozenset[int] = frozenset()  # of a chain, the hashes of the items of the page before

    def fetch(self, number: int, cursor: str | None) -> PageResult:
        return self.write(number, self.request(number, cursor))

    def read_keys(self, tracker: PageTracker, number: int) -> list[str]:
        """Fingerprints of the keys of a page that was received before; empty if it cannot be read again."""
        cursor, places = tracker.cursors.get(number - 1), tracker.places
        try:
            items = self.context.page_reader.read_page(number, cursor, self.state.span, places).items
        except SourceError:
            return []
        items = self.map_fields(items) if self.map_fields else items
        return [key_mark(item, self.context.endpoint.key) for item in items]

    def is_due(self, items: list[Raw]) -> bool:
        """Whether the newest of the items belongs to the range, or all of them do because it begins in 1970."""
        newest = self.inspect(self.map_fields(items) if self.map_fields else items)[1]
        start = self.state.span.start or 0
        return start <= 0 if newest is None else newest >= start

    def request(self, number: int, cursor: str | None = None) -> Page:
        places = self.schema.places if self.schema else ()
        return self.context.page_reader.read_page(number, cursor, self.state.span, places)

    def write(self, number: int, page: Page) -> PageResult:
        """An empty page has no object."""
        # Before the comparison: drift is about the names that raw has.
        if self.map_fields:
            page = dataclasses.replace(page, items=self.map_fields(page.items))
        if not page.items:
            return PageResult(number, 0, **page.facts())
        # Page 1 comes here before the workers start, so two threads never learn at once.
        if self.schema is None:
            self._learn(page.items)
        drift, max_id = self.inspect(page.items)
        mark = fingerprint(page.items)
        first, last = (key_mark(item, self.context.endpoint.key) for item in (page.items[0], page.items[-1]))
        overlap = self._count_overlap(page.items)
        result = PageResult(number, len(page.items), mark, max_id, first, last, overlap, **page.facts())
        file_name = self.state.run.file_name(number)
        content = encode_page(page.items, file_name, drift.unmapped, self.arrays)
        del page  # its items would stay in memory during the upload
        self.context.landing.write_page(self.state.run, result, content, drift)
        return result

    def _count_overlap(self, items: list[Raw]) -> int:
        """Of a chain, whose pages are written one after another."""
        if not self.context.page_reader.sequential:
            return 0
        hashes, previous = [hash(bytes(item)) for item in items], self.previous
        self.previous = frozenset(hashes)
        return sum(1 for _ in takewhile(previous.__contains__, hashes))

    def _learn(self, items: list[Raw]) -> None:
        """The first page of the first run defines the schema that all later pages are compared with."""
        self.schema = learn_schema(items)
        self.context.landing.write_schema(self.schema)
        self.inspect = self._create_inspector()

    def _create_inspector(self) -> Inspect:
        declared = window.window_of(self.context.endpoint)
        schema = self.schema or ObservedSchema()
        if declared is None:
            return create_inspector(self.context.columns, schema, None)
        # After the mapping, which may have renamed it.
        field = getattr(self.context.endpoint, "rename", {}).get(declared.field, declared.field)
        if isinstance(declared, TimeWindow):
            latest = partial(largest_time, zone=declared.zone, limit=self.state.began_microseconds)
            return create_inspector(self.context.columns, schema, field, latest)
        return create_inspector(self.context.columns, schema, field)

    def remember_places(self, places: set[str]) -> None:
        """From now on a response without them is the end, or an empty source, and not a wrong declaration."""
        if self.schema and not places.issubset(self.schema.places):
            self.schema = ObservedSchema(self.schema.fields, sorted(places | set(self.schema.places)))
            self.context.landing.write_schema(self.schema)


def fingerprint(items: list[Raw]) -> str:
    """Two pages with the same first and last item count as the same page."""
    return hashlib.sha1(bytes(items[0]) + bytes(items[-1])).hexdigest()[:16] if items else ""


def key_mark(item: Raw, key: list[str]) -> str:
    """A fingerprint of the key of an item; empty without a complete key."""
    try:
        members = msgspec.json.decode(item, type=dict[str, Raw])
    except msgspec.MsgspecError:  # not an object
        return ""
    values = [bytes(members.get(name, b"null")).strip() for name in key]
    return "" if b"null" in values else hashlib.sha1(b"\n".join(values)).hexdigest()[:16]
