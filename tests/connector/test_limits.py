"""How much a source may be asked, and how much of it at once."""

import time

from runtime.rate_limiter import RateLimiter
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import SIZE


def test_requests_are_spaced_whoever_asks():
    slept, now = [], 100.0
    limiter = RateLimiter(1, 1 / 4, slept.append, lambda: now)
    for _ in range(4):
        limiter.wait()
    assert slept == [0.25, 0.5, 0.75]
    now = 200.0  # nothing is saved up for later
    limiter.wait()
    limiter.wait()
    assert slept[3:] == [0.25]


def test_a_declared_limit_holds_for_all_fetchers_together(harness):
    one = harness(shapes.by_offset, limits={"per_second": 50, "in_flight": 2})
    begin = time.monotonic()
    one.land()
    assert time.monotonic() - begin >= 9 / 50  # ten pages, the first at once
    assert one.ids() == list(range(10 * SIZE))


def test_a_declared_number_in_flight_holds(harness):
    one = harness(shapes.by_number, limits={"in_flight": 2})
    one.kiosk.items = [{"id": number} for number in range(40 * SIZE)]
    going, most = [], []

    def shape(kiosk, query, headers):
        going.append(1)
        most.append(len(going))
        time.sleep(0.002)
        going.pop()
        return shapes.by_number(kiosk, query, headers)

    one.kiosk.shape = shape
    one.land()
    assert max(most) == 2
