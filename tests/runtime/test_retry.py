"""Delays between attempts: Retry-After, growth and jitter."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.retry import RetryPolicy, parse_retry_after

NOW = datetime(2026, 11, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", None),  # counts as no header
        ("-3", None),
        ("7", 7),
        ("2.5", 2.5),
        ("inf", None),
        ("nan", None),
        ("Sat, 21 Nov 2026 07:28:30 GMT", 30),
        ("Sat, 21 Nov 2026 07:27:30 GMT", None),
        ("soon", None),
    ],
)
def test_retry_after_is_parsed_in_both_forms(header, seconds):
    assert parse_retry_after(header, lambda: NOW) == seconds


@given(st.integers(0, 60), st.none() | st.floats(0.1, 1000), st.floats(0, 1))
def test_a_delay_has_full_jitter_and_is_never_below_retry_after(attempt, retry_after, share):
    """Without the header the bound doubles up to `cap`; with it, jitter of at most `base` is added."""
    policy = RetryPolicy(base=1, cap=30, jitter=lambda low, high: low + share * (high - low))
    delay = policy.delay(attempt, retry_after)
    if retry_after is None:
        assert 0 <= delay <= min(30, 2**attempt)
    else:
        assert retry_after <= delay <= retry_after + 1


def test_a_call_is_repeated_until_it_succeeds():
    delays, errors = list[float](), [ValueError("1"), ValueError("2")]
    policy = RetryPolicy(attempts=3, sleep=delays.append, jitter=lambda low, high: high)

    def operation():
        if errors:
            raise errors.pop()
        return "result"

    assert policy.call(operation, lambda error, attempt: policy.delay(attempt)) == "result"
    assert delays == [1, 2]


@pytest.mark.parametrize(
    ("policy", "delay", "calls"),
    [
        (RetryPolicy(attempts=3), 0.0, 3),
        (RetryPolicy(attempts=3), None, 1),  # not transient
        (RetryPolicy(attempts=3, deadline=60.0), 61.0, 1),  # the next attempt would begin too late
    ],
)
def test_the_error_of_the_last_attempt_is_raised(policy, delay, calls):
    attempts = []

    def operation():
        attempts.append(1)
        raise ValueError(len(attempts))

    with pytest.raises(ValueError, match=str(calls)):
        policy.call(operation, lambda error, attempt: delay)
