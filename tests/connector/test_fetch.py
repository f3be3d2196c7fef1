"""The page loop: every page once, sixteen at a time, whatever totals the source reports."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import InvalidResponse, SourceUnavailable
from connector.extract import page_loop
from connector.extract.missing_pages import MissingPages
from connector.extract.page_tracker import PageTracker
from connector.extract.workers import IN_FLIGHT, WORKERS
from connector.landing.page_metadata import PageResult
from connector.settings import Settings
from connector.sources.rest import reader
from connector.sources.window import IdRange
from runtime.errors import LeaseLost
from tests.fakes.retail_api import KEY

SIZE = 10


class Source:
    """`rows` items in pages of SIZE. `totals(page, pages, items)` are the totals that it reports."""

    def __init__(self, rows, totals=lambda page, pages, items: (pages, items), fails=None):
        self.rows, self.totals, self.fails = rows, totals, fails or {}
        self.requests = []

    def __call__(self, page, cursor=None):
        self.requests.append(page)
        if errors := self.fails.get(page):
            raise errors.pop()
        rows = max(0, min(SIZE, self.rows - (page - 1) * SIZE))
        pages, items = self.totals(page, -(-self.rows // SIZE), self.rows)
        return PageResult(page, rows, f"page {page}" if rows else "", total_pages=pages, total_items=items)


def fetch_all(source, tracker=None):
    tracker = tracker or PageTracker(SIZE)
    if not tracker.has(1):
        tracker.add(source(1))
    page_loop.fetch_pages(tracker, source, lambda: None)
    return tracker


@pytest.mark.parametrize("rows, last", [(50, 6), (49, 5), (51, 6)])
def test_the_page_behind_a_full_last_page_is_requested_beside_it(rows, last):
    """After it, it would take the time of one more request."""
    source = Source(rows)
    others = threading.Barrier(last - 1)

    def fetch(page, cursor):
        # Broken after the time if one of the pages is requested only after another was received.
        others.wait(timeout=60)
        return source(page)

    tracker = PageTracker(SIZE)
    tracker.add(source(1))
    page_loop.fetch_pages(tracker, fetch, lambda: None)
    assert sorted(source.requests) == list(range(1, last + 1))


@given(st.integers(0, 400), st.sets(st.integers(1, 40)))
def test_every_page_is_fetched_once_except_existing_ones(rows, there):
    before = Source(rows)
    tracker = PageTracker(SIZE)
    for page in sorted(there):
        if (page - 1) * SIZE < rows:
            tracker.add(before(page))
    source = Source(rows)
    fetch_all(source, tracker)
    assert tracker.received == rows
    assert MissingPages(tracker).missing() is None
    real = set(range(1, -(-rows // SIZE) + 1))
    assert real - there <= set(source.requests)
    assert len(source.requests) == len(set(source.requests))
    assert not there & real & set(source.requests)


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.none() | st.integers(0, 60), st.none() | st.integers(0, 300)), min_size=1),
)
def test_wrong_totals_lose_no_row(rows, totals):
    """Too few pages, too many, no number, a changing number: all rows arrive, missing ones are reported."""
    tracker = fetch_all(Source(rows, lambda page, pages, items: totals[page % len(totals)]))
    announced = max(tracker.totals, default=0)
    assert tracker.received == rows
    assert (MissingPages(tracker).missing() is None) == (announced <= rows)


def test_a_million_announced_pages_are_not_all_requested():
    source = Source(25, lambda page, pages, items: (10**6, items))
    assert fetch_all(source).received == 25
    assert len(source.requests) <= 3 + 2 * WORKERS


def test_a_source_that_always_returns_the_first_page_is_noticed():
    def repeat_first(page, cursor=None):
        return PageResult(page, SIZE, "always this")

    tracker = PageTracker(SIZE)
    tracker.add(repeat_first(1))
    page_loop.fetch_pages(tracker, repeat_first, lambda: None)
    assert tracker.received == SIZE
    assert MissingPages(tracker).missing() == "page 2 repeats page 1"


def test_missing_items_are_reported():
    tracker = fetch_all(Source(95, lambda page, pages, items: (10, 100)))
    assert MissingPages(tracker).missing() == "the source announced 100 items and returned 95"


def test_a_list_that_grows_during_the_run_is_noted():
    source = Source(30, lambda page, pages, items: (3, 30) if page < 3 else (4, 31))
    source.rows = 31
    tracker = fetch_all(source)
    assert tracker.received == 31
    assert MissingPages(tracker).notes() == ("the source had 30 to 31 items while it was read",)


def test_a_page_that_stays_invalid_is_skipped():
    source = Source(45, fails={3: [InvalidResponse("no items")]})
    tracker = fetch_all(source)
    assert sorted(tracker.rows) == [1, 2, 4, 5]
    assert "no items" in (MissingPages(tracker).missing() or "")


def test_unavailable_pages_are_retried_after_the_others():
    source = Source(50, fails={3: [SourceUnavailable("503")] * 2, 5: [SourceUnavailable("503")]})
    tracker = fetch_all(source)
    assert tracker.received == 50
    assert source.requests.count(3) == 2 + 1


def test_an_outage_stops_the_requests():
    down = {page: [SourceUnavailable("503")] * 99 for page in range(20, 1000)}
    source, before = Source(10_000, fails=down), threading.Event()
    tracker = PageTracker(SIZE)
    tracker.add(source(1))

    def fetch(page, cursor):
        # A page that is received late is a sign of life, after which as many more failures are tolerated.
        assert page < 20 or before.wait(60)
        return source(page)

    def check():
        if len(tracker.rows) == 18:  # the last page from before the outage is recorded next
            before.set()

    with pytest.raises(SourceUnavailable):
        page_loop.fetch_pages(tracker, fetch, check)
    assert set(tracker.rows) == set(range(1, 20))  # pages from before the outage
    # The last of the failures that make an outage, and one request that each other worker has begun before it.
    assert len(source.requests) <= 19 + IN_FLIGHT + WORKERS - 1


def test_a_run_that_was_taken_over_stops():
    source, calls = Source(10_000), []

    def check():
        calls.append(1)
        if len(calls) >= 50:  # a lost lease stays lost
            raise LeaseLost("taken over")

    tracker = PageTracker(SIZE)
    tracker.add(source(1))
    with pytest.raises(LeaseLost):
        page_loop.fetch_pages(tracker, source, check)
    # Page 1, the pages of the calls, and one that each other worker has begun before it.
    assert len(source.requests) <= 1 + 50 + WORKERS - 1


def test_at_most_sixteen_requests_are_in_flight(shop, retail):
    shop.items["products"] = [{"product_sku": str(n)} for n in range(250 * 60)]
    shop.latency = 0.02
    together = threading.Barrier(IN_FLIGHT, timeout=60)  # the first sixteen wait for each other
    shop.after_page = dict.fromkeys(range(2, 2 + IN_FLIGHT), together.wait)
    pages = reader.create_reader(retail, "products", Settings("", "", "", {"URL": shop.url, "API_KEY": KEY}))

    def fetch(page, cursor=None):
        received = pages.read_page(page, cursor, IdRange())
        return PageResult(page, len(received.items), str(page), **received.facts())

    tracker = PageTracker(250)
    tracker.add(fetch(1))
    page_loop.fetch_pages(tracker, fetch, lambda: None)
    assert tracker.received == 250 * 60
    assert shop.most_in_flight == IN_FLIGHT
    assert set(shop.pages.values()) == {1}


def test_at_most_one_page_per_worker_is_in_memory():
    in_memory, counts = set(), []

    def fetch(page, cursor=None):
        in_memory.add(page)
        counts.append(len(in_memory))
        in_memory.discard(page)
        return PageResult(page, SIZE if page < 500 else 1, str(page), total_pages=500)

    tracker = PageTracker(SIZE)
    tracker.add(fetch(1))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(partial(page_loop.fetch_pages, tracker, fetch, lambda: None)).result()
    assert len(tracker.rows) == 500
    assert max(counts) <= WORKERS
