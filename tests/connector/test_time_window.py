"""Windows by time, for sources that report no last value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import DeclarationError
from connector.sources import window
from connector.sources.time_window import TimeWindow, parse_duration, parse_time
from connector.sources.window import IdRange, Watermark
from runtime.errors import UsageError

NOW = parse_time("2026-11-28T12:00:00Z")


def declare(**keys):
    return TimeWindow(**{"field": "updated_at", "start": "since"} | keys)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({}, "2026-11-28T11:59:59Z"),
        ({"format": "epoch"}, 1795867199),
        ({"format": "epoch_ms", "resolution": "millisecond"}, 1795867199500),
        ({"format": "date", "resolution": "day"}, "2026-11-28"),
        ({"format": "local", "zone": "Asia/Tokyo", "resolution": "minute"}, "2026-11-28 20:59:00"),
        ({"resolution": "minute"}, "2026-11-28T11:59:00Z"),
        ({"bounds": "exclusive"}, "2026-11-28T11:59:58Z"),
    ],
)
def test_the_lower_bound_is_never_later_than_the_range(keys, value):
    start = parse_time("2026-11-28T11:59:59.500Z")
    assert declare(**keys).parameters(start, NOW - 1) == {"since": value}


def test_the_upper_bound_is_sent_where_the_source_has_one():
    values = declare(until="before").parameters(NOW - 10**6, NOW - 1)
    assert values == {"since": "2026-11-28T11:59:59Z", "before": "2026-11-28T12:00:00Z"}


@given(st.lists(st.integers(1, 10**10), min_size=2, max_size=8))
def test_consecutive_runs_leave_no_microsecond_out(gaps):
    declared = declare(look_back="1m")
    watermark, now = Watermark(), NOW
    covered = None
    for gap in gaps:
        now += gap
        span = window.first_range(IdRange(), declared, watermark, now)
        assert span.until == now - 1
        assert covered is None or (span.start is not None and span.start <= covered + 1)
        covered, watermark = span.until, Watermark(span.until)


def test_a_clock_that_goes_back_reads_the_newest_rows_again():
    span = window.first_range(IdRange(), declare(), Watermark(NOW + 10**12), NOW)
    assert span.start is not None and span.until is not None
    assert span.start <= span.until


def test_days_of_the_command_line_include_their_last_microsecond():
    span = window.parse_range("orders", declare(zone="Europe/Paris"), "2026-11-27", "2026-11-27")
    assert span.start == parse_time("2026-11-26T23:00:00Z")
    assert span.until == parse_time("2026-11-27T23:00:00Z") - 1


def test_wrong_values_are_named():
    with pytest.raises(UsageError, match="invalid time 'yesterday'"):
        window.parse_range("orders", declare(), "yesterday", None)
    with pytest.raises(DeclarationError, match="unknown time zone 'Europe/Brusels'"):
        parse_time("2026-01-01", "Europe/Brusels")
    with pytest.raises(DeclarationError, match="invalid duration '1 hour'"):
        parse_duration("1 hour")
