"""Each kind of paging against a server with that paging: every item once, and an interrupted run resumes at its
page."""

import pytest

from connector.errors import CursorExpired, SourceUnavailable
from connector.run.finish import create_gap_state
from tests.connector.landing_harness import THINGS
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import CHAINED, SHAPES, SIZE


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE, SIZE + 1, 7 * SIZE, 7 * SIZE + 3])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_item_once(harness, shape, count):
    process = harness(shape)
    process.api.items = process.api.items[:count]
    missing = process.land().missing
    # A full page without a position of the next one may be all, or a wrong declaration: reported once.
    is_ambiguous = shape is shapes.by_cursor and count == SIZE
    assert missing is None or is_ambiguous
    assert process.ids() == list(range(count))
    requests = process.api.requests_by_start
    starts = range(0, count if shape is not shapes.whole else 1, SIZE)
    # A whole list of a usual size is requested as `page=2`, with an offset and with rarer names too.
    once = 4 if shape is shapes.whole and count == SIZE else 1
    assert {start: requests[start] for start in starts} == {
        start: 2 if is_repeated(shape, start, count) else once for start in starts
    }


def is_repeated(shape, start, count):
    """The end of a chain is requested twice. Of all pages but the last, some show whether rows moved; of a list with
    totals pages 1, 2, 4, …"""
    is_last = start + SIZE >= count
    if shape is shapes.by_offset:
        return start // SIZE + 1 in (1, 2, 4) and not is_last
    return shape in CHAINED or (shape is not shapes.whole and not is_last)


@pytest.mark.parametrize("shape", CHAINED, ids=lambda shape: shape.__name__)
def test_an_interrupted_chain_resumes_at_its_page(harness, shape):
    process = harness(shape)
    process.api.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        process.land()
    there = {number // SIZE * SIZE for number in process.ids()}
    process.api.requests_by_start.clear()
    process.api.closed = set()
    assert process.land().missing is None
    assert process.ids() == list(range(10 * SIZE))
    # Once more at the end, because rows may have moved meanwhile; a page without one is requested twice.
    assert {process.api.requests_by_start[start] for start in there} == {1}
    assert max(process.api.requests_by_start.values()) == 2
    assert there == set(
        range(0, 5 * SIZE, SIZE)
    )  # one after another, each from the position in the one before


def test_a_chain_that_fails_twice_at_the_same_page_ends_with_a_gap(harness):
    process = harness(shapes.by_cursor)
    process.api.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        process.land()
    state = process.land()
    assert "page 6 failed in two runs" in state.missing
    assert process.ids() == list(range(5 * SIZE))


@pytest.mark.parametrize(
    "shape",
    [shapes.by_number, shapes.by_number_with_an_end, shapes.by_offset, shapes.by_offset_bare],
    ids=lambda shape: shape.__name__,
)
def test_an_unavailable_page_is_a_gap_that_the_next_run_fills(harness, shape):
    process = harness(shape)
    process.api.closed = {5 * SIZE}
    state = process.land()
    assert (state.gaps, len(process.ids())) == ((6,), 9 * SIZE)
    process.api.closed = set()
    process.api.requests_by_start.clear()
    process.state = create_gap_state(state)
    assert process.land().missing is None
    assert process.ids() == list(range(10 * SIZE))
    assert dict(process.api.requests_by_start) == {5 * SIZE: 1}


def test_a_source_without_totals_is_read_in_parallel_and_little_beyond_its_end(harness):
    process = harness(shapes.by_number)
    process.api.items = [{"id": number} for number in range(100 * SIZE)]
    process.land()
    assert process.ids() == list(range(100 * SIZE))
    # Page 101 is the first empty one; the most distant page that confirms it is 16 pages behind it.
    assert max(process.api.requests_by_start) == (100 + 16) * SIZE


def test_a_source_that_returns_less_than_requested_is_noticed(harness):
    """With offsets, each page would start where the one before should have ended."""
    paging = SHAPES[shapes.by_offset_bare] | {"limit": 2 * SIZE}
    process = harness(shapes.by_offset_bare, paging=paging)
    assert "page 1 has 10 items of 20 and is not the last: lower `limit`" in process.land().missing


def test_a_chain_that_repeats_a_page_ends_with_a_note(harness):
    process = harness(shapes.by_cursor)
    circle = {"results": [{"id": 0}], "paging": {"next": {"after": "at-0"}}}
    process.api.shape = lambda api, query, headers: (200, {}, circle)
    assert process.land().missing == "page 2 repeats page 1"


def test_an_endpoint_may_override_the_paging_of_its_source(harness):
    paging = {"cursor": None, "next": None, "offset": "offset", "limit": SIZE, "total_items": "meta.total"}
    endpoint = THINGS | {"paging": paging}
    process = harness(shapes.by_cursor, endpoints={"things": endpoint})
    process.api.shape = lambda api, query, headers: shapes.by_offset(api, query | {"limit": SIZE}, headers)
    process.land()
    assert process.ids() == list(range(10 * SIZE))


def test_declared_parameters_are_always_sent(harness):
    process = harness(shapes.by_number, endpoints={"things": THINGS | {"params": {"status": "any"}}})
    process.land()
    assert {query["status"] for _, query in process.api.seen} == {"any"}


def test_an_expired_cursor_ends_the_chain(harness):
    process = harness(shapes.by_cursor)
    process.api.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        process.land()
    process.api.shape = lambda api, query, headers: (410, {}, {"error": "expired"})
    with pytest.raises(CursorExpired, match="returned 410 .* The next run starts again"):
        process.land()


@pytest.mark.parametrize("status", [400, 404, 410, 422])
@pytest.mark.parametrize("times", [1, 99])
@pytest.mark.parametrize("start", [SIZE, 5 * SIZE])
def test_a_new_cursor_that_is_refused_keeps_no_page_out(harness, status, times, start):
    """HubSpot's search answers 400 behind 10,000 items; a server that is restarted forgets its cursors once."""
    process = harness(shapes.by_cursor)
    refused = list[object]()

    def shape(api, query, headers):
        if query.get("after") == f"at-{start}" and len(refused) < times:
            refused.append(query)
            return status, {}, {"error": "the result window is 10000"}
        return shapes.by_cursor(api, query, headers)

    process.api.shape = shape
    state = process.land()
    assert process.ids() == list(range(10 * SIZE if times == 1 else start))
    text = f"page {start // SIZE} names a next page that is refused: "
    assert (state.missing or "").startswith(text) is (times > 1)
    assert (f"declare `end: {status}`" in (state.missing or "")) is (times > 1)


def test_a_refused_cursor_after_all_announced_items_is_the_end(land):
    def serve(api, query, headers):
        start = int(query.get("c", 0))
        if start >= 30:
            return 404, {}, {}
        items = [{"id": number} for number in range(start, start + 10)]
        return 200, {}, {"items": items, "next": str(start + 10), "total": 30}

    process, state = land(serve, {"items": "items", "cursor": "c", "next": "next", "total_items": "total"})
    assert (process.ids(), state.missing) == (list(range(30)), None)


def test_a_chain_with_a_window_starts_again_once_its_end_is_fixed(harness):
    """Rows that are newer than the first response are for the next run."""
    window = {"field": "id", "from": "since", "until": "until", "last": "newest"}
    process = harness(shapes.by_cursor, endpoints={"things": THINGS | {"window": window}})

    def shape(api, query, headers):
        status, more, body = shapes.by_cursor(api, query, headers)
        items = [item for item in body["results"] if item["id"] <= int(query.get("until", 10**6))]
        api.items.append({"id": len(api.items)})
        return status, more, body | {"results": items, "newest": 10 * SIZE - 1}

    process.api.shape = shape
    assert process.land().span.until == 10 * SIZE - 1
    assert process.ids() == list(range(10 * SIZE))
