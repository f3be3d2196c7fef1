"""The page loop: every page once, sixteen at a time, whatever the source says about their number."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import InvalidResponse, SourceUnavailable
from connector.extract import page_loop
from connector.extract.page_loop import IN_FLIGHT, WORKERS
from connector.extract.page_tracker import PageTracker
from connector.landing.page_metadata import PageResult
from connector.settings import Settings
from connector.sources.rest import reader
from connector.sources.window import IdRange
from runtime.errors import LeaseLost
from tests.fakes.retail_api import KEY

SIZE = 10


class Source:
    """`rows` items in pages of SIZE; says of itself what `says` makes of the truth."""

    def __init__(self, rows, says=lambda page, pages, items: (pages, items), fails=None):
        self.rows, self.says, self.fails = rows, says, fails or {}
        self.asked = []

    def __call__(self, page, cursor=None):
        self.asked.append(page)
        if errors := self.fails.get(page):
            raise errors.pop()
        rows = max(0, min(SIZE, self.rows - (page - 1) * SIZE))
        pages, items = self.says(page, -(-self.rows // SIZE), self.rows)
        return PageResult(page, rows, pages, items, f"page {page}" if rows else "")


def fetched(source, tracker=None):
    tracker = tracker or PageTracker(SIZE)
    if not tracker.has(1):
        tracker.add(source(1))
    page_loop.fetch_pages(tracker, source, lambda: None)
    return tracker


@given(st.integers(0, 400), st.sets(st.integers(1, 40)))
def test_every_page_once_and_none_that_is_there_already(rows, there):
    before = Source(rows)
    tracker = PageTracker(SIZE)
    for page in sorted(there):
        if (page - 1) * SIZE < rows:
            tracker.add(before(page))
    source = Source(rows)
    fetched(source, tracker)
    assert tracker.received == rows
    assert tracker.missing() is None
    real = set(range(1, -(-rows // SIZE) + 1))
    assert real - there <= set(source.asked)
    assert len(source.asked) == len(set(source.asked))
    assert not there & real & set(source.asked)


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.none() | st.integers(0, 60), st.none() | st.integers(0, 300)), min_size=1),
)
def test_wrong_totals_lose_no_row(rows, says):
    """Too few pages, too many, none, another number each time: all rows come, what was promised is missed."""
    tracker = fetched(Source(rows, lambda page, pages, items: says[page % len(says)]))
    announced = max(tracker.totals, default=0)
    assert tracker.received == rows
    assert (tracker.missing() is None) == (announced <= rows)


def test_a_million_pages_that_are_not_there():
    source = Source(25, lambda page, pages, items: (10**6, items))
    assert fetched(source).received == 25
    assert len(source.asked) <= 3 + 2 * WORKERS


def test_a_source_that_answers_every_page_with_the_first_one():
    def same(page, cursor=None):
        return PageResult(page, SIZE, None, None, "always this")

    tracker = PageTracker(SIZE)
    tracker.add(same(1))
    page_loop.fetch_pages(tracker, same, lambda: None)
    assert tracker.received == SIZE
    assert tracker.missing() == "page 2 repeats page 1"


def test_items_that_were_announced_and_never_came():
    tracker = fetched(Source(95, lambda page, pages, items: (10, 100)))
    assert tracker.missing() == "the source announced 100 items and returned 95"


def test_a_list_that_grows_while_it_is_read():
    source = Source(30, lambda page, pages, items: (3, 30) if page < 3 else (4, 31))
    source.rows = 31
    tracker = fetched(source)
    assert tracker.received == 31
    assert tracker.notes() == ("the source had 30 to 31 items while it was read",)


def test_a_page_that_stays_garbled_is_left_out_and_the_others_come():
    source = Source(45, fails={3: [InvalidResponse("no page of items")]})
    tracker = fetched(source)
    assert sorted(tracker.rows) == [1, 2, 4, 5]
    assert "no page of items" in tracker.missing()


def test_pages_that_could_not_be_had_are_tried_again_after_the_others():
    source = Source(50, fails={3: [SourceUnavailable("503")] * 2, 5: [SourceUnavailable("503")]})
    tracker = fetched(source)
    assert tracker.received == 50
    assert source.asked.count(3) == 2 + 1


def test_a_source_that_is_down_is_left_alone():
    down = {page: [SourceUnavailable("503")] * 99 for page in range(20, 1000)}
    source = Source(10_000, fails=down)
    tracker = PageTracker(SIZE)
    with pytest.raises(SourceUnavailable):
        fetched(source, tracker)
    assert set(range(1, 20)) <= set(tracker.rows)  # what came before stays
    assert len(source.asked) < 19 + IN_FLIGHT + 2 * WORKERS


def test_a_run_that_was_taken_over_stops():
    source, calls = Source(10_000), []

    def check():
        calls.append(1)
        if len(calls) == 50:
            raise LeaseLost("taken")

    tracker = PageTracker(SIZE)
    tracker.add(source(1))
    with pytest.raises(LeaseLost):
        page_loop.fetch_pages(tracker, source, check)
    assert len(source.asked) < 50 + 2 * WORKERS


def test_sixteen_requests_are_in_flight_and_never_more(shop, retail):
    shop.items["products"] = [{"product_sku": str(n)} for n in range(250 * 60)]
    shop.latency = 0.02
    together = threading.Barrier(IN_FLIGHT, timeout=20)  # the first sixteen wait for each other
    shop.after_page = dict.fromkeys(range(2, 2 + IN_FLIGHT), together.wait)
    pages = reader.create_reader(retail, "products", Settings("", "", "", {"URL": shop.url, "API_KEY": KEY}))

    def one(page, cursor=None):
        found = pages.read_page(page, cursor, IdRange())
        return PageResult(page, len(found.items), found.total_pages, found.total_items, str(page))

    tracker = PageTracker(250)
    tracker.add(one(1))
    page_loop.fetch_pages(tracker, one, lambda: None)
    assert tracker.received == 250 * 60
    assert shop.most_in_flight == IN_FLIGHT
    assert set(shop.pages.values()) == {1}


def test_never_more_than_a_window_of_pages_is_held():
    held, most = set(), []

    def one(page, cursor=None):
        held.add(page)
        most.append(len(held))
        held.discard(page)
        return PageResult(page, SIZE if page < 500 else 1, 500, None, str(page))

    tracker = PageTracker(SIZE)
    tracker.add(one(1))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(partial(page_loop.fetch_pages, tracker, one, lambda: None)).result()
    assert len(tracker.rows) == 500
    assert max(most) <= WORKERS
