"""One declaration for each way in which APIs differ, against a real server of that shape: every item once,
and a run that was cut off goes on at the page."""

import pytest

from connector.errors import CursorExpired, SourceUnavailable
from connector.run.finish import create_gap_state
from tests.connector.landing_harness import THINGS
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import CHAINED, SHAPES, SIZE


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE, SIZE + 1, 7 * SIZE, 7 * SIZE + 3])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_item_once(harness, shape, count):
    one = harness(shape)
    one.kiosk.items = one.kiosk.items[:count]
    missing = one.land().missing
    # A full page without a position of the next one may be all, or a wrong declaration: reported once.
    is_ambiguous = shape is shapes.by_cursor and count == SIZE
    assert missing is None or is_ambiguous
    assert one.ids() == list(range(count))
    assert set(one.kiosk.asked.values()) == {1}


@pytest.mark.parametrize("shape", CHAINED, ids=lambda shape: shape.__name__)
def test_an_interrupted_chain_resumes_at_its_page(harness, shape):
    one = harness(shape)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        one.land()
    there = {number // SIZE * SIZE for number in one.ids()}
    one.kiosk.asked.clear()
    one.kiosk.closed = set()
    assert one.land().missing is None
    assert one.ids() == list(range(10 * SIZE))
    assert not there & set(one.kiosk.asked)
    assert there == set(range(0, 5 * SIZE, SIZE))  # one after another, each known from the one before


def test_a_chain_that_fails_twice_at_the_same_page_ends_with_a_gap(harness):
    one = harness(shapes.by_cursor)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        one.land()
    state = one.land()
    assert "page 6 failed in two runs" in state.missing
    assert one.ids() == list(range(5 * SIZE))


@pytest.mark.parametrize(
    "shape",
    [shapes.by_number, shapes.by_number_with_an_end, shapes.by_offset, shapes.by_offset_bare],
    ids=lambda shape: shape.__name__,
)
def test_an_unavailable_page_is_a_gap_that_the_next_run_fills(harness, shape):
    one = harness(shape)
    one.kiosk.closed = {5 * SIZE}
    state = one.land()
    assert (state.gaps, len(one.ids())) == ((6,), 9 * SIZE)
    one.kiosk.closed = set()
    one.kiosk.asked.clear()
    one.state = create_gap_state(state)
    assert one.land().missing is None
    assert one.ids() == list(range(10 * SIZE))
    assert dict(one.kiosk.asked) == {5 * SIZE: 1}


def test_a_source_without_totals_is_asked_side_by_side_and_little_beyond_its_end(harness):
    one = harness(shapes.by_number)
    one.kiosk.items = [{"id": number} for number in range(100 * SIZE)]
    one.land()
    assert one.ids() == list(range(100 * SIZE))
    assert len(one.kiosk.asked) <= 100 + 16


def test_a_source_that_gives_less_than_was_asked_for_is_caught(harness):
    """Counted in items, each page would begin where the one before should have ended."""
    paging = SHAPES[shapes.by_offset_bare] | {"limit": 2 * SIZE}
    one = harness(shapes.by_offset_bare, paging=paging)
    assert "page 1 has 10 items of 20 and is not the last: lower `limit`" in one.land().missing


def test_a_chain_that_leads_back_ends_and_says_so(harness):
    one = harness(shapes.by_cursor)
    circle = {"results": [{"id": 0}], "paging": {"next": {"after": "at-0"}}}
    one.kiosk.shape = lambda kiosk, query, headers: (200, {}, circle)
    assert one.land().missing == "page 2 repeats page 1"


def test_an_endpoint_may_be_of_another_shape_than_its_source(harness):
    endpoint = THINGS | {"paging": {"cursor": None, "next": None, "offset": "offset", "limit": SIZE}}
    endpoint["paging"]["total_items"] = "meta.total"
    one = harness(shapes.by_cursor, endpoints={"things": endpoint})
    one.kiosk.shape = lambda kiosk, query, headers: shapes.by_offset(kiosk, query | {"limit": SIZE}, headers)
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_parameters_that_are_always_sent(harness):
    one = harness(shapes.by_number, endpoints={"things": THINGS | {"params": {"status": "any"}}})
    one.land()
    assert {query["status"] for _, query in one.kiosk.seen} == {"any"}


def test_a_cursor_that_has_expired_is_given_up(harness):
    one = harness(shapes.by_cursor)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        one.land()
    one.kiosk.shape = lambda kiosk, query, headers: (410, {}, {"error": "expired"})
    with pytest.raises(CursorExpired, match="returned 410 .* The next run starts again"):
        one.land()


def test_a_chain_with_a_window_begins_again_once_its_end_is_known(harness):
    """Rows that are newer than the first answer are left for the next run, as everywhere."""
    window = {"field": "id", "from": "since", "until": "until", "last": "newest"}
    one = harness(shapes.by_cursor, endpoints={"things": THINGS | {"window": window}})

    def shape(kiosk, query, headers):
        status, more, body = shapes.by_cursor(kiosk, query, headers)
        kept = [item for item in body["results"] if item["id"] <= int(query.get("until", 10**6))]
        kiosk.items.append({"id": len(kiosk.items)})
        return status, more, body | {"results": kept, "newest": 10 * SIZE - 1}

    one.kiosk.shape = shape
    assert one.land().span.until == 10 * SIZE - 1
    assert one.ids() == list(range(10 * SIZE))
