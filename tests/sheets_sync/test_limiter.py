from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.limiter import WINDOW, Limiter
from sheets_sync.progress import EVERY, Progress


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


def test_progress_is_told_every_few_seconds_and_not_by_a_short_sync():
    clock, said = Clock(), []
    progress = Progress(said.append, lambda: clock.now)
    for number in range(30):
        progress.tell(f"row {number}")
        clock.sleep(1)
    assert said == [f"row {number}" for number in range(int(EVERY), 30, int(EVERY))]
