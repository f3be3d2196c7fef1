"""Retry of requests: growing waits, Retry-After in both forms, and no wait past the deadline."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from runtime.retry import RetryPolicy, parse_retry_after
from sheets_sync.errors import OutcomeUnknown, SheetError, TransientError
from sheets_sync.transient import RETRY_POLICY, call_with_retry


class Clock:
    """Time that passes only by waiting; the longest jitter is drawn."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def policy(self) -> RetryPolicy:
        return replace(RETRY_POLICY, sleep=self.sleep, clock=lambda: self.now, jitter=lambda low, high: high)


def fail_with(*errors: Exception) -> Callable[[], str]:
    remaining = list(errors)

    def call() -> str:
        if remaining:
            raise remaining.pop(0)
        return "done"

    return call


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_transient_error_is_retried_with_growing_waits(clock: Clock) -> None:
    call = fail_with(*[TransientError("busy")] * 4)
    assert call_with_retry(clock.policy(), call, resend=False) == "done"
    assert clock.waits == [1, 2, 4, 8]


def test_waits_for_a_quota_are_longer_than_its_minute(clock: Clock) -> None:
    call_with_retry(clock.policy(), fail_with(*[TransientError("quota", quota=True)] * 4), resend=False)
    assert sum(clock.waits) == 120  # half of it on average: the jitter begins at 0


def test_retry_after_is_honoured(clock: Clock) -> None:
    busy = TransientError("busy", retry_after=30, quota=True)
    call_with_retry(clock.policy(), fail_with(busy), resend=False)
    assert clock.waits == [31]


def test_retry_after_as_a_date_is_honoured(clock: Clock) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    header = format_datetime(now + timedelta(seconds=20), usegmt=True)
    busy = TransientError("busy", parse_retry_after(header, lambda: now))
    call_with_retry(clock.policy(), fail_with(busy), resend=False)
    assert clock.waits == [21]


def test_no_wait_ends_after_the_deadline(clock: Clock) -> None:
    with pytest.raises(TransientError):
        call_with_retry(clock.policy(), fail_with(TransientError("busy", retry_after=301)), resend=False)
    assert clock.waits == []


def test_retry_after_zero_is_ignored(clock: Clock) -> None:
    call_with_retry(clock.policy(), fail_with(TransientError("busy", retry_after=0)), resend=False)
    assert clock.waits == [1]


def test_the_fifth_failure_is_raised(clock: Clock) -> None:
    with pytest.raises(TransientError):
        call_with_retry(clock.policy(), fail_with(*[TransientError("busy")] * 5), resend=False)
    assert len(clock.waits) == 4


def test_a_request_of_unknown_outcome_is_sent_again_only_if_it_is_idempotent(clock: Clock) -> None:
    with pytest.raises(OutcomeUnknown):
        call_with_retry(clock.policy(), fail_with(OutcomeUnknown("lost")), resend=False)
    assert clock.waits == []
    assert call_with_retry(clock.policy(), fail_with(OutcomeUnknown("lost")), resend=True) == "done"
    assert clock.waits == [1]


def test_a_permanent_error_is_not_retried(clock: Clock) -> None:
    with pytest.raises(SheetError):
        call_with_retry(clock.policy(), fail_with(SheetError("no")), resend=True)
    assert clock.waits == []
