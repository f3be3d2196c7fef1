"""Windows by time, for sources that report no last value."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.errors import DeclarationError
from connector.run.context import start_run_row
from connector.run.finish import create_gap_state
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


@pytest.mark.parametrize("end", ["2026-11-28", "2027-01-01"])
def test_an_end_in_the_future_does_not_move_the_watermark_there(harness, end):
    """`--until` of today includes the rest of the day, which no run has read yet."""

    def serve(api, query, headers):
        return 200, {}, {"items": [{"id": 1, "updated_at": "2026-11-28T10:00:00Z"}]}

    endpoint = THINGS | {"time_window": {"field": "updated_at", "from": "since", "until": "before"}}
    process = harness(serve, paging={"items": "items"}, endpoints={"things": endpoint})
    requested = window.parse_range("things", declare(), "2026-11-01", end)
    span = window.first_range(requested, declare(), Watermark(), NOW)
    process.state = replace(process.state, requested=requested, span=span, began=NOW // 1000)
    state = process.land()
    assert state.span.until == parse_time("2026-11-28T10:00:00Z")
    # With gaps it remains what was requested, but not for the next run.
    row = start_run_row(process.context(None), replace(state, span=span, reached=None), "partial")
    assert row.window_until == NOW
    # The request has the end of the command line.
    assert all(query["before"] > "2026-11-28T23" for _, query in process.api.seen)


def test_a_gap_does_not_move_the_watermark_past_the_clock_of_the_source(harness):
    """The source is two hours behind; a page is missing, and is there in the next attempt."""

    def serve(api, query, headers):
        if query["p"] == "2" and api.closed:
            return 503, {}, {}
        page = {"1": range(10), "2": range(10, 20)}.get(query["p"], ())
        return 200, {}, {"items": [{"id": n, "updated_at": f"2026-11-28T09:{n + 10}:00Z"} for n in page]}

    endpoint = THINGS | {"time_window": {"field": "updated_at", "from": "since"}}
    paging = {"items": "items", "page": "p", "limit": 10}
    process = harness(serve, paging=paging, endpoints={"things": endpoint})
    process.api.closed = {2}
    span = IdRange(start=NOW - 10**11, until=NOW - 1)
    process.state = replace(process.state, span=span, began=NOW // 1000)
    state = process.land()
    assert (state.span, state.gaps) == (span, (2,))
    assert start_run_row(process.context(None), state, "partial").window_until == parse_time(
        "2026-11-28T09:19:00Z"
    )
    process.api.closed, process.state = set(), create_gap_state(state)
    filled = start_run_row(process.context(None), process.land(), "success")
    assert filled.window_until == parse_time("2026-11-28T09:29:00Z")


def test_a_start_after_the_end_is_a_usage_error():
    with pytest.raises(UsageError, match="from 2027-01-01T00:00:00.00:00 to 2026-11-28T11:59:59.* is empty"):
        window.first_range(IdRange(start=parse_time("2027-01-01")), declare(), Watermark(), NOW)


def test_a_first_time_in_the_future_is_a_usage_error():
    with pytest.raises(UsageError, match="`first` of the window is 2062-01-01.*in the future"):
        window.first_range(IdRange(), declare(first="2062-01-01"), Watermark(), NOW)


def test_an_end_before_the_last_run_is_a_usage_error():
    """It would be a range of one moment."""
    with pytest.raises(UsageError, match="is empty: its start is after its end"):
        window.first_range(IdRange(until=NOW - 10**11), declare(), Watermark(NOW), NOW)


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


def copy_repeatedly(declared, middle, interval, skew=0, wrong=()):
    """Minutes of rows around `middle` that no run of a simulated source received. Rows have local times without an
    offset where the format is `local`; `skew`: by how much the clock of the source is ahead of ours. `wrong`: times of
    a further row that every run receives."""
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
        newest = largest_time([*rows.values(), *wrong], declared.zone, now)
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
@pytest.mark.parametrize("wrong", [(), ("2099-01-01T00:00:00Z",), (None, 4_102_444_800)])
def test_a_clock_of_the_source_that_differs_from_ours(minutes, until, wrong):
    declared = declare(look_back="10m", until=until)
    assert copy_repeatedly(declared, NOW, 60 * MINUTE, minutes * MINUTE, wrong) == []


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
        (["1795867199000000000"], "2026-11-28T11:59:59Z"),
        (["20261128"], "2026-11-27T23:00:00Z"),
        (["2026-11-28t10:00:00z"], "2026-11-28T10:00:00Z"),
        (["2026-11-28 10:00:00 UTC", "2026-11-28 09:00:00 UTC"], "2026-11-28T10:00:00Z"),
        (["20261128100000"], "2026-11-28T09:00:00Z"),
        (["2026-11-28T10:00:00+05:45"], "2026-11-28T04:15:00Z"),
        ([1795867199, 10**400], "2026-11-28T11:59:59Z"),
        ([1795867199, 1e300, "9" * 5000], "2026-11-28T11:59:59Z"),
        (["2026-11-28T10:00:00Z", "to-be-decided-later!"], "2026-11-28T10:00:00Z"),
        (["2026-11-28", "9999-99-99"], "2026-11-27T23:00:00Z"),
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
    process.state = replace(process.state, span=span, began=NOW // 1000)
    state = process.land()
    assert (state.span.start, state.span.until) == (span.start, parse_time(until))
    assert any("no item has a time in 'changed'" in note for note in state.notes) is (field == "changed")


@pytest.mark.parametrize(
    ("time", "first", "is_reported"),
    [
        ("2026-11-28T10:00:00Z", "1970-01-01T00:00:00Z", True),
        ("2026-11-28T10:00:00Z", "2026-11-28", True),
        ("2026-10-28T10:00:00Z", "2026-11-28", False),
        (None, "1970-01-01T00:00:00Z", True),
        (None, "2026-11-28", False),
    ],
)
def test_a_bound_that_matches_nothing_is_not_an_empty_source(land, time, first, is_reported):
    """A source that compares the bound as a text in its own format, or ignores what it cannot read."""

    def serve(api, query, headers):
        return 200, {}, {"items": [] if "since" in query else [{"id": 1, "updated_at": time}]}

    endpoint = {"time_window": {"field": "updated_at", "from": "since", "first": first}}
    span = IdRange(start=declare(first=first).first_microseconds, until=NOW)
    process, state = land_range(land, serve, endpoint, span)
    assert (process.ids(), "but without 'since'" in (state.missing or "")) == ([], is_reported)
    # The next run requests the range again.
    assert state.span.until < NOW


def land_range(land, serve, endpoint, span, **state):
    process, _ = land(lambda api, query, headers: (200, {}, {"items": []}), {"items": "items"}, **endpoint)
    process.api.shape = serve
    process.state = replace(process.state, phase="fetch", span=span, began=NOW // 1000, **state)
    return process, process.land()


def test_a_source_without_rows_and_a_later_empty_window_are_complete(land):
    def serve(api, query, headers):
        return 200, {}, {"items": [] if "since" in query or not api.closed else [{"id": 1}]}

    endpoint = {"time_window": {"field": "updated_at", "from": "since"}}
    process, state = land_range(land, serve, endpoint, IdRange(start=0, until=NOW))
    assert state.missing is None
    process.api.closed = {1}
    process.state = replace(state, phase="fetch", covered=NOW - 10**9)
    assert process.land().missing is None
