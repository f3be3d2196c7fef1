import threading

from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.limiter import WINDOW, Limiter
from sheets_sync.progress import Progress


class Clock:
    """Time that passes by waiting, or when the test says so."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


@given(st.lists(st.floats(0, 30), max_size=40), st.integers(1, 5))
def test_no_minute_has_more_calls_than_the_quota(pauses, most):
    clock, sent = Clock(), []
    limiter = Limiter({"read": most}, clock.sleep, lambda: clock.now)
    for pause in pauses:
        clock.sleep(pause)
        limiter.admit("read")
        sent.append(clock.now)
    for start in sent:
        assert len([at for at in sent if start <= at < start + WINDOW - 1e-6]) <= most


def test_who_keeps_below_the_quota_never_waits_and_kinds_are_apart():
    clock, said = Clock(), []
    limiter = Limiter({"read": 2, "write": 1}, clock.sleep, lambda: clock.now, said.append)
    for kind in ("read", "write", "read", "other", "other"):
        limiter.admit(kind)
    assert (clock.now, said) == (0, [])
    limiter.admit("write")
    assert clock.now == WINDOW
    assert said == ["waiting 60 s: 1 write calls a minute are allowed"]


def test_a_long_sync_says_what_it_does_and_for_how_long_and_a_short_one_nothing():
    clock, said, enough = Clock(), [], threading.Event()

    def say(text):
        said.append(text)
        clock.sleep(5)
        enough.set()

    progress = Progress(say, lambda: clock.now, every=0.01)
    progress.tell("waiting for Sheets to write")
    with progress.of("daily_sales"):
        assert enough.wait(10)
    assert said[0] == "daily_sales: waiting for Sheets to write, 0 s"
    short = list[str]()
    with Progress(short.append).of("daily_sales"):
        pass
    assert short == []
