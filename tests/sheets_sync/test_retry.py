import pytest
import requests

from sheets_sync.errors import Busy, OutcomeUnknown, SheetError
from sheets_sync.retry import DEADLINE, TRIES, Retry, retry_after


class Clock:
    """Time that passes only by waiting; the longest jitter is drawn."""

    def __init__(self):
        self.now, self.waits = 0.0, []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def retry(self):
        return Retry(self.sleep, lambda: self.now, lambda low, high: high)


def failing(*errors):
    left = list(errors)

    def call():
        if left:
            raise left.pop(0)
        return "done"

    return call


@pytest.fixture
def clock():
    return Clock()


def test_a_busy_call_is_sent_again_with_growing_waits(clock):
    call = failing(*[Busy("busy")] * 4)
    assert clock.retry().run(call, resend=False) == "done"
    assert clock.waits == [1, 2, 4, 8]


def test_a_quota_is_waited_for_longer_than_its_minute(clock):
    clock.retry().run(failing(*[Busy("quota", quota=True)] * 4), resend=False)
    assert sum(clock.waits) == 120  # half of it on average: the jitter is drawn from nought


def test_the_server_says_how_long(clock):
    clock.retry().run(failing(Busy("busy", retry_after=30, quota=True)), resend=False)
    assert clock.waits == [31]


def test_retry_after_nought_is_no_hint(clock):
    clock.retry().run(failing(Busy("busy", retry_after=0)), resend=False)
    assert clock.waits == [1]


def test_it_gives_up(clock):
    with pytest.raises(Busy):
        clock.retry().run(failing(*[Busy("busy")] * TRIES), resend=True)
    assert len(clock.waits) == TRIES - 1


def test_it_gives_up_at_the_deadline(clock):
    with pytest.raises(Busy):
        clock.retry().run(failing(*[Busy("busy", retry_after=DEADLINE)] * 2), resend=True)
    assert clock.waits == []


def test_what_may_have_been_done_is_sent_again_only_where_that_is_allowed(clock):
    assert clock.retry().run(failing(OutcomeUnknown("lost")), resend=True) == "done"
    with pytest.raises(OutcomeUnknown):
        clock.retry().run(failing(OutcomeUnknown("lost")), resend=False)


def test_what_is_refused_is_not_sent_again(clock):
    with pytest.raises(SheetError):
        clock.retry().run(failing(SheetError("no")), resend=True)
    assert clock.waits == []


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("", None), ("Sat, 21 Nov 2026 12:00:00 GMT", None), ("²", None)]
)
def test_the_seconds_that_a_server_asked_for(said, seconds):
    answer = requests.Response()
    answer.headers["Retry-After"] = said
    assert retry_after(answer) == seconds
