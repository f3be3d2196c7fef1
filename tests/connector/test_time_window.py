"""Windows by time, for sources that report no last value."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.errors import DeclarationError
from connector.sources import window
from connector.sources.time_window import TimeWindow, largest_time, load_zone, parse_duration, parse_time
from connector.sources.window import IdRange, Watermark
from runtime.errors import UsageError
from tests.connector.landing_harness import THINGS

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


CLOCKS_BACK = parse_time("2026-10-25T01:00:00Z")  # in Paris 03:00 becomes 02:00 again
CLOCKS_FORWARD = parse_time("2026-03-29T01:00:00Z")
MINUTE = 60 * 10**6


def copy_repeatedly(declared, middle, interval, skew=0):
    """Minutes of rows around `middle` that no run of a simulated source received. Rows have local times without an
    offset where the format is `local`; `skew`: by how much the clock of the source is ahead of ours."""
    minutes = range(middle - 300 * MINUTE, middle + 300 * MINUTE, MINUTE)
    times = {minute: declared._format(minute + skew, as_local(declared, minute + skew)) for minute in minutes}
    received: set[int] = set()
    covered = middle - 301 * MINUTE + min(skew, 0)
    for now in range(middle - 270 * MINUTE, middle + 300 * MINUTE, interval):
        span = window.first_range(IdRange(), declared, Watermark(covered), now)
        bounds = declared.parameters(span.start, span.until)
        rows = {
            minute: time
            for minute, time in times.items()
            if minute < now and bounds["since"] <= time < bounds.get("before", "9999")
        }
        received |= rows.keys()
        newest = largest_time(list(rows.values()), declared.zone)
        until = window.check_time_end(span, False, newest, "updated_at", bool(rows)).span.until
        covered = max(covered, until or covered)
        last = now
    # What is ahead of our clock belongs to a later run, where the source has an upper bound.
    return [minute for minute in minutes if minute < last - max(skew, 0) and minute not in received]


def as_local(declared, microseconds):
    moment = datetime.fromtimestamp(microseconds / 10**6, UTC)
    return moment.astimezone(load_zone(declared.zone)).replace(tzinfo=None)


@pytest.mark.parametrize("middle", [CLOCKS_BACK, CLOCKS_FORWARD])
@pytest.mark.parametrize("look_back", ["0m", "10m", "2h"])
@pytest.mark.parametrize("until", [None, "before"])
@pytest.mark.parametrize("interval", [20 * MINUTE, 60 * MINUTE, 77 * MINUTE])
def test_local_times_of_the_hours_that_clocks_skip_and_repeat(middle, look_back, until, interval):
    declared = declare(format="local", zone="Europe/Paris", look_back=look_back, until=until)
    assert copy_repeatedly(declared, middle, interval) == []


@pytest.mark.parametrize("minutes", [-2000, -125, -5, 5, 125])
@pytest.mark.parametrize("until", [None, "before"])
def test_a_clock_of_the_source_that_differs_from_ours(minutes, until):
    declared = declare(look_back="10m", until=until)
    assert copy_repeatedly(declared, NOW, 60 * MINUTE, minutes * MINUTE) == []


@pytest.mark.parametrize(
    ("values", "time"),
    [
        (
            ["2026-11-28T08:00:00Z", "2026-11-28T11:00:00+01:00", "2026-11-28T09:00:00Z"],
            "2026-11-28T10:00:00Z",
        ),
        (["2026-11-28 10:00:00", "2026-11-27"], "2026-11-28T09:00:00Z"),
        ([1795867199, 1795867100.5, None], "2026-11-28T11:59:59Z"),
        (["1795867199000"], "2026-11-28T11:59:59Z"),
        (["soon", None, True, {}], None),
        ([], None),
    ],
)
def test_the_latest_time_of_a_page(values, time):
    assert largest_time(values, "Europe/Paris") == (time and parse_time(time))


@pytest.mark.parametrize(
    ("field", "rename", "until"),
    [
        ("updated_at", {}, "2026-11-28T10:00:00Z"),
        ("Updated", {"Updated": "updated_at"}, "2026-11-28T10:00:00Z"),
        ("changed", {}, "2026-11-28T12:00:00Z"),
    ],
)
def test_the_next_run_starts_after_the_newest_time_that_was_received(harness, field, rename, until):
    def serve(api, query, headers):
        times = dict.fromkeys(("updated_at", *rename), "2026-11-28T10:00:00Z")
        return 200, {}, {"items": [{"id": 1} | times]}

    endpoint = {"time_window": {"field": field, "from": "since"}, "rename": rename}
    process = harness(serve, paging={"items": "items"}, endpoints={"things": THINGS | endpoint})
    span = IdRange(start=NOW - 10**12, until=parse_time("2026-11-28T12:00:00Z"))
    process.state = replace(process.state, span=span)
    state = process.land()
    assert (state.span.start, state.span.until) == (span.start, parse_time(until))
    assert any("no item has a time in 'changed'" in note for note in state.notes) is (field == "changed")
