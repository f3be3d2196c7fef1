"""Extract: source → in/. Every page of a run becomes one object; pages that exist are not requested again."""

from functools import partial

import msgspec
from msgspec.structs import replace

from connector.errors import InvalidResponse
from connector.extract import fetch_round, page_loop
from connector.extract.missing_pages import MissingPages
from connector.extract.moved_rows import describe_moves
from connector.extract.page_tracker import PageTracker
from connector.landing.page_metadata import ObservedSchema
from connector.run.context import RunContext
from connector.run.empty_window import check_empty
from connector.run.extract_planned import extract_planned
from connector.run.page_extractor import PageExtractor
from connector.run.state import RunState
from connector.sources import window
from connector.sources.planned import PlannedReader
from connector.sources.reader import Page, Reader
from connector.sources.time_window import TimeWindow
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
    check_empty(extractor, tracker)
    # A lifecycle rule or a person may have deleted objects since they were written.
    refetch_lost_pages(context, tracker, extractor)
    if are_counted(context.page_reader, tracker):
        tracker.moves = describe_moves(tracker, partial(extractor.read_keys, tracker))
    return complete_state(context, extractor, tracker)


def are_counted(reader: Reader, tracker: PageTracker) -> bool:
    """Whether a deleted row moves others to earlier pages: not in a chain whose positions are those of an item."""
    return not reader.sequential or reader.is_counted(2, tracker.cursors.get(1), tracker.rows.get(1, 0))


def fetch_gaps(tracker: PageTracker, extractor: PageExtractor, pages: tuple[int, ...]) -> None:
    """Request only the pages that an earlier run of the same range could not read."""
    for page in pages:
        if not tracker.has(page):
            # An earlier run needed the page: a rejection now is not the end of the list.
            page_loop.fetch_into(tracker, extractor.fetch, page, may_be_end=False)


def refetch_lost_pages(context: RunContext, tracker: PageTracker, extractor: PageExtractor) -> None:
    """Compare the received pages with the objects in the bucket; request those again that were deleted meanwhile."""
    if context.page_reader.sequential:
        return  # a page of a chain cannot be requested by its number; `finish` reports the difference
    there = {file.page.page for file in context.landing.files_of_run(extractor.state.run, "in") if file.page}
    for page in sorted(page for page, rows in tracker.rows.items() if rows and page not in there):
        context.log("an object was deleted during the run", "WARNING", run=extractor.state.id, page=page)
        page_loop.fetch_into(tracker, extractor.fetch, page, may_be_end=False)


def complete_state(context: RunContext, extractor: PageExtractor, tracker: PageTracker) -> RunState:
    """The state of the load phase, with everything that is known to be missing."""
    state = extractor.state
    extractor.remember_places(tracker.places)
    requested = state.requested
    is_requested = bool(requested.until is not None or requested.until_date or state.only_pages)
    checked = check_end(context, state, tracker, is_requested)
    doubts = MissingPages(tracker)
    # Totals are those of the whole range; an attempt at its gaps receives only a part of it.
    lost = "; ".join(tracker.problems) if state.only_pages else doubts.missing()
    unordered = describe_unordered(state, tracker)
    missing = "; ".join(text for text in (lost, checked.error, unordered) if text) or None
    gap = window.describe_gap(state.span, state.covered)
    can_resume = not context.page_reader.sequential  # a page of a chain cannot be requested by its number
    is_only_gaps = doubts.has_only_gaps and not checked.error and not unordered
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
        reached=find_reached(context, state, tracker, checked),
        overlapping=sum(tracker.overlaps.values()),
        missing=missing,
        # Only gaps are worth a partial attempt; any other doubt needs the whole range again.
        gaps=tracker.gaps if can_resume and is_only_gaps else (),
    )


def find_reached(
    context: RunContext, state: RunState, tracker: PageTracker, checked: window.CheckedEnd
) -> int | None:
    if not isinstance(window.window_of(context.endpoint), TimeWindow):
        return None
    if not state.only_pages:
        return checked.span.until
    # The pages of the earlier attempt count too; a state of before this field has no time.
    times = [time for time in (state.reached, tracker.max_id) if time is not None]
    return max(times) if state.reached is not None else None


def describe_unordered(state: RunState, tracker: PageTracker) -> str | None:
    """A sentence if rows moved in the second pass too: what it and the first one left out may be the same."""
    if not (state.is_second and tracker.moves):
        return None
    return "rows moved in two passes: sort the list by a field that does not change, or use `time_window`"


def check_end(
    context: RunContext, state: RunState, tracker: PageTracker, is_requested: bool
) -> window.CheckedEnd:
    declared = window.window_of(context.endpoint)
    if isinstance(declared, TimeWindow):
        has_rows, until = tracker.received > 0, state.span.until
        # An end in the future is not reached: what was received counts, as in a run without one.
        is_reached = is_requested and (until is None or until < state.began_microseconds)
        return window.check_time_end(state.span, is_reached, tracker.max_id, declared.field, has_rows)
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


def make_progress_check(
    context: RunContext, lease: Lease[RunState], state: RunState, tracker: PageTracker
) -> fetch_round.Check:
    """Called once per page: stop when the lease is lost, and log the progress now and then."""

    def check() -> None:
        lease.check()
        pages = len(tracker.rows)
        if pages % PAGES_PER_LOG_LINE == 0:
            context.log("fetching", run=state.id, pages=pages, of=tracker.last_page, rows=tracker.received)

    return check
