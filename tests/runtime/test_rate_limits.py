"""The rate limiter never lets more than `limit` calls begin in a period."""

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runtime.rate_limiter import RateLimiter


class FakeClock:
    """Sleeping advances the time."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def call_times(limiter, clock, gaps):
    """When each call begins, if the caller pauses for `gaps` seconds before each."""
    times = []
    for gap in gaps:
        clock.now += gap
        limiter.wait()
        times.append(clock.now)
    return times


@given(st.integers(1, 5), st.floats(0.1, 60), st.lists(st.floats(0, 30), max_size=40))
def test_no_period_has_more_calls_than_the_limit(limit, period, gaps):
    clock = FakeClock()
    times = call_times(RateLimiter(limit, period, clock.sleep, clock), clock, gaps)
    assert all(
        later - earlier >= period * (1 - 1e-9) for earlier, later in zip(times, times[limit:], strict=False)
    )


def test_one_call_per_period_is_evenly_spaced():
    clock = FakeClock()
    times = call_times(RateLimiter(1, 0.2, clock.sleep, clock), clock, [0.0] * 5)
    assert all(abs(later - earlier - 0.2) < 1e-9 for earlier, later in pairwise(times))


def test_a_burst_within_the_limit_does_not_wait():
    clock = FakeClock()
    call_times(RateLimiter(60, 60.0, clock.sleep, clock), clock, [0.0] * 60)
    assert clock.pauses == []


def test_without_a_limit_nothing_waits():
    clock = FakeClock()
    call_times(RateLimiter(None, 1.0, clock.sleep, clock), clock, [0.0] * 1000)
    assert clock.pauses == []


def test_a_wait_is_reported_before_it_begins():
    clock, reported = FakeClock(), list[float]()
    limiter = RateLimiter(1, 10.0, clock.sleep, clock, on_wait=reported.append)
    call_times(limiter, clock, [0.0, 4.0])
    assert reported == [6.0] == clock.pauses


def test_threads_share_the_limit():
    """The clock does not advance, so each thread's wait shows its reserved start."""
    lock, pauses = threading.Lock(), []

    def sleep(seconds):
        with lock:
            pauses.append(seconds)

    limiter = RateLimiter(1, 1.0, sleep, lambda: 0.0)
    threads = [threading.Thread(target=limiter.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(pauses) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
