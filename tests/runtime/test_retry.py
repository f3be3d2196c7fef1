"""When to try again."""

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
        ("0", None),  # no hint
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
def test_retry_after(header, seconds):
    assert parse_retry_after(header, lambda: NOW) == seconds


@given(st.integers(0, 60), st.none() | st.floats(0.1, 1000), st.floats(0, 1))
def test_a_pause_has_full_jitter_below_a_growing_bound_and_never_less_than_asked(attempt, asked, share):
    retries = RetryPolicy(base=1, cap=30, jitter=lambda low, high: low + share * (high - low))
    pause = retries.delay(attempt, asked)
    assert pause >= (asked or 0)
    assert pause <= max(asked or 0, min(30, 2**attempt))
