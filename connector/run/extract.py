"""Extract: source → in/. Every page of a run becomes one object; pages that exist are not requested again."""

import dataclasses
import hashlib
from functools import partial

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from connector.errors import InvalidResponse, SourceError
from connector.extract import page_loop
from connector.extract.field_mapping import create_mapper
from connector.extract.missing_pages import MissingPages
from connector.extract.moved_rows import describe_moves
from connector.extract.ndjson import encode_page
from connector.extract.page_inspection import Inspect, create_inspector
from connector.extract.page_tracker import PageTracker
from connector.extract.schema_drift import learn_schema
from connector.landing.page_metadata import ObservedSchema, PageResult
from connector.raw_schema import list_columns
from connector.run.context import RunContext
from connector.run.extract_planned import extract_planned
from connector.run.state import RunState
from connector.sources import window
from connector.sources.planned import PlannedReader
from connector.sources.reader import Page, Reader
from connector.sources.time_window import TimeWindow, largest_time
from runtime.lease import Lease

PAGES_PER_LOG_LINE = 100


def extract(context: RunContext, lease: Lease[RunState], state: RunState) -> RunState:
    """The state with phase `load`, once the last page is in the bucket."""
    if isinstance(context.reader, PlannedReader):
        return extract_planned(context, context.reader, lease, state)
    # Before the tracker: a resumed run must have the same range as the pages that are there already.
    state = resolve_dates(context, lease, state)
    schema = context.landing.read_schema()
    tracker = load_tracker(context, state, schema)
    extractor = PageExtractor(context, state, schema)
    check = make_progress_check(context, lease, state, tracker)
    # Gaps of a run whose other pages are in raw: its range and its end are known.
    if state.only_pages:
        fetch_gaps(tracker, extractor, state.only_pages)
        return complete_state(context, extractor, tracker)
    # Page 1 first and on its own: it fixes the end of the range that all others request.
    if not tracker.has(1):
        extractor, page = freeze_range(extractor, lease)
        tracker.add(extractor.write(1, page))
    fetch_all = page_loop.fetch_chain if context.page_reader.sequential else page_loop.fetch_pages
    fetch_all(tracker, extractor.fetch, check)
    # A lifecycle rule or a person may have deleted objects since they were written.
    refetch_lost_pages(context, tracker, extractor)
    if are_counted(context.page_reader, tracker):
        tracker.moves = describe_moves(tracker, partial(extractor.read_keys, tracker))
    return complete_state(context, extractor, tracker)


def are_counted(reader: Reader, tracker: PageTracker) -> bool:
    """Whether a deleted row moves others to earlier pages: not in a chain whose positions are those of an item."""
    return not reader.sequential or reader.is_counted(2, tracker.cursors.get(1), tracker.rows.get(1, 0))


def fetch_gaps(tracker: PageTracker, extractor: "PageExtractor", pages: tuple[int, ...]) -> None:
    """Request only the pages that an earlier run of the same range could not read."""
    for page in pages:
        if not tracker.has(page):
            # An earlier run needed the page: a rejection now is not the end of the list.
            page_loop.fetch_into(tracker, extractor.fetch, page, may_be_end=False)


def refetch_lost_pages(context: RunContext, tracker: PageTracker, extractor: "PageExtractor") -> None:
    """Compare the received pages with the objects in the bucket; request those again that were deleted meanwhile."""
    if context.page_reader.sequential:
        return  # a page of a chain cannot be requested by its number; `finish` reports the difference
    there = {file.page.page for file in context.landing.files_of_run(extractor.state.run, "in") if file.page}
    for page in sorted(page for page, rows in tracker.rows.items() if rows and page not in there):
        context.log("an object was deleted during the run", "WARNING", run=extractor.state.id, page=page)
        page_loop.fetch_into(tracker, extractor.fetch, page, may_be_end=False)


def complete_state(context: RunContext, extractor: "PageExtractor", tracker: PageTracker) -> RunState:
    """The state of the load phase, with everything that is known to be missing."""
    state = extractor.state
    extractor.remember_places(tracker.places)
    requested = state.requested
    is_requested = bool(requested.until is not None or requested.until_date or state.only_pages)
    checked = check_end(context, state, tracker, is_requested)
    doubts = MissingPages(tracker)
    # Totals are those of the whole range; an attempt at its gaps receives only a part of it.
    lost = "; ".join(sorted(tracker.invalid.values())) if state.only_pages else doubts.missing()
    missing = "; ".join(text for text in (lost, checked.error) if text) or None
    gap = window.describe_gap(state.span, state.covered)
    can_resume = not context.page_reader.sequential  # a page of a chain cannot be requested by its number
    is_only_gaps = doubts.has_only_gaps and not checked.error
    return replace(
        state,
        phase="load",
        # With gaps the largest received id does not show the end: the range stays as it was requested.
        span=state.span if tracker.gaps else checked.span,
        pages=len(tracker.rows),
        rows=sum(tracker.rows.values()),
        # Of the whole range, of which an attempt at the gaps receives a part.
        announced=None if state.only_pages else max(tracker.totals, default=None),
        notes=tuple(text for text in (gap, checked.note, *doubts.notes()) if text),
        moved=tracker.moves is not None,
        missing=missing,
        # Only gaps are worth a partial attempt; any other doubt needs the whole range again.
        gaps=tracker.gaps if can_resume and is_only_gaps else (),
    )


def check_end(
    context: RunContext, state: RunState, tracker: PageTracker, is_requested: bool
) -> window.CheckedEnd:
    declared = window.window_of(context.endpoint)
    if isinstance(declared, TimeWindow):
        has_rows = tracker.received > 0
        return window.check_time_end(state.span, is_requested, tracker.max_id, declared.field, has_rows)
    # A single wrong `last` of the source would move the watermark past rows that never came.
    return window.check_end(state.span, is_requested or declared is None, tracker.max_id, state.covered)


def load_tracker(context: RunContext, state: RunState, schema: ObservedSchema | None) -> PageTracker:
    """The pages that an interrupted attempt of this run has written already."""
    reader = context.page_reader
    position = reader.position if reader.sequential else None
    places = set(schema.places if schema else ())
    tracker = PageTracker(reader.size, reader.offset_paged, position, reader.declared_places, places)
    for file in context.landing.files_of_run(state.run, "in"):
        if file.page:
            tracker.add(file.page)
    # A chain that fails twice at one page ends there; only a resumed run can know that it is the second time.
    tracker.is_resumed = bool(tracker.rows)
    start, until = state.span.start, state.span.until
    context.log("fetching starts", run=state.id, pages_there=len(tracker.rows), start=start, until=until)
    return tracker


def resolve_dates(context: RunContext, lease: Lease[RunState], state: RunState) -> RunState:
    """Replace days of the command line by ids, once: a resumed run must request the same rows."""
    span = window.resolve_dates(state.span, partial(first_id_since, context))
    if span == state.span:
        return state
    state = replace(state, span=span)
    lease.save(state)
    return state


def first_id_since(context: RunContext, day: str) -> tuple[int | None, int | None]:
    """The first id since `day` (None if the source has none yet), and the largest id of the source."""
    # Relies on a source that sorts by id: the first item has the smallest id since that day.
    page = context.page_reader.read_page(1, None, window.IdRange(start_date=day))
    if not page.items or not context.endpoint.window:
        return None, page.last
    name, item = context.endpoint.window.field, bytes(page.items[0])
    try:
        return int(msgspec.json.decode(item)[name]), page.last
    except (TypeError, ValueError, LookupError) as error:
        raise InvalidResponse(f"the first item since {day} has no '{name}': {item[:80]!r}") from error


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
        keys = [key_mark(item, self.context.endpoint.key) for item in (page.items[0], page.items[-1])]
        result = PageResult(number, len(page.items), mark, max_id, *keys, **page.facts())
        file_name = self.state.run.file_name(number)
        content = encode_page(page.items, file_name, drift.unmapped, self.arrays)
        del page  # its items would stay in memory during the upload
        self.context.landing.write_page(self.state.run, result, content, drift)
        return result

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
            latest = partial(largest_time, zone=declared.zone)
            return create_inspector(self.context.columns, schema, field, latest)
        return create_inspector(self.context.columns, schema, field)

    def remember_places(self, places: set[str]) -> None:
        """From now on a response without them is the end, or an empty source, and not a wrong declaration."""
        if self.schema and not places.issubset(self.schema.places):
            self.schema = ObservedSchema(self.schema.fields, sorted(places | set(self.schema.places)))
            self.context.landing.write_schema(self.schema)


def freeze_range(extractor: PageExtractor, lease: Lease[RunState]) -> tuple[PageExtractor, Page]:
    """The first page, and an extractor whose range ends at the largest id that the source reports now.

    From here on new rows shift no page. The range is saved before the page is written, so that a resumed run
    requests the same rows. The cursors of a chain do not contain the end, so a chain is started again with it.
    """
    context, page = extractor.context, extractor.request(1)
    declared = context.endpoint.window
    if not declared:
        return extractor, page
    # Without an end new rows would shift the pages while they are read.
    if page.last is None and page.items:
        raise InvalidResponse(f"a response of {context.name} has no '{declared.last}', the end of the window")
    state = replace(extractor.state, span=window.freeze(extractor.state.span, page.last))
    lease.save(state)
    frozen = PageExtractor(context, state, extractor.schema)
    return frozen, frozen.request(1) if page.next else page


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


def make_progress_check(
    context: RunContext, lease: Lease[RunState], state: RunState, tracker: PageTracker
) -> page_loop.Check:
    """Called once per page: stop when the lease is lost, and log the progress now and then."""

    def check() -> None:
        lease.check()
        pages = len(tracker.rows)
        if pages % PAGES_PER_LOG_LINE == 0:
            context.log("fetching", run=state.id, pages=pages, of=tracker.last_page, rows=tracker.received)

    return check
