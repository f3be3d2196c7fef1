"""Limits of a source: requests per second, and requests in flight."""

import threading
import time

from runtime.rate_limiter import RateLimiter
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import SIZE


def test_requests_are_evenly_spaced():
    delays, now = list[float](), 100.0
    limiter = RateLimiter(1, 1 / 4, delays.append, lambda: now)
    for _ in range(4):
        limiter.wait()
    assert delays == [0.25, 0.5, 0.75]
    now = 200.0  # unused time is not saved
    limiter.wait()
    limiter.wait()
    assert delays[3:] == [0.25]


def test_a_declared_rate_applies_to_all_workers_together(harness):
    process = harness(shapes.by_offset, limits={"per_second": 50, "in_flight": 2})
    begin = time.monotonic()
    process.land()
    assert time.monotonic() - begin >= 9 / 50  # ten pages, the first at once
    assert process.ids() == list(range(10 * SIZE))


def test_a_declared_number_in_flight_is_kept(harness):
    process = harness(shapes.by_number, limits={"in_flight": 2})
    process.api.items = [{"id": number} for number in range(40 * SIZE)]
    active, counts = [], []
    both = threading.Barrier(2, timeout=60)

    def shape(api, query, headers):
        active.append(1)
        counts.append(len(active))
        if query["p"] in ("2", "3"):  # the first two that may be requested together
            both.wait()
        time.sleep(0.002)
        active.pop()
        return shapes.by_number(api, query, headers)

    process.api.shape = shape
    process.land()
    assert max(counts) == 2
