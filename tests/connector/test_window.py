"""The requested ids: no id is left out, and none is newer than the first response."""

from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sources import registry, window
from connector.sources.window import IdRange, Watermark
from runtime.errors import UsageError

SALES = registry.read_source("retail").endpoints["sales"].window
IDS = st.integers(min_value=1, max_value=10**12)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, IdRange()),
        ("17", None, IdRange(start=17)),
        ("17", "17", IdRange(start=17, until=17)),
        (None, "99", IdRange(until=99)),
        ("2017-01-31", "99", IdRange(start_date="2017-01-31", until=99)),
        ("2017-01-31", "2017-01-31", IdRange(start_date="2017-01-31", until_date="2017-01-31")),
        ("5", "2017-01-31", IdRange(start=5, until_date="2017-01-31")),
    ],
)
def test_ids_and_days_are_parsed(start, end, span):
    assert window.parse_range("sales", SALES, start, end) == span


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("abc", None, "start 'abc': expected an integer of at least 1, or a day"),
        ("2017-13-01", None, "start '2017-13-01'"),
        ("20170131", "x", "end 'x'"),
        ("2017-1-1", None, "start '2017-1-1'"),
        ("1.5", None, "start '1.5'"),
        ("0", None, "start '0': expected an integer of at least 1"),
        ("-4", None, "start '-4': expected an integer of at least 1"),
        ("١٧", None, "start '١٧'"),
        (None, "2017-02-30", "end '2017-02-30'"),
        ("2017-01-02", "2017-01-01", "from 2017-01-02 to 2017-01-01 is empty"),
        ("18", "17", "from 18 to 17 is empty"),
    ],
)
def test_an_invalid_range_is_rejected(start, end, message):
    with pytest.raises(UsageError, match=message):
        window.parse_range("sales", SALES, start, end)


def test_an_endpoint_without_a_window_accepts_no_range():
    assert window.parse_range("products", None, None, None) == IdRange()
    with pytest.raises(UsageError, match="products has no window"):
        window.parse_range("products", None, "5", None)


@pytest.mark.parametrize(
    ("covered", "start"),
    [
        (None, 1),  # the very first run
        (0, 1),
        (400, 1),  # less than look_back
        (500, 1),
        (501, 2),
        (9000, 8501),  # exactly 500 ids again
    ],
)
def test_the_start_is_the_watermark_minus_look_back(covered, start):
    assert window.first_range(IdRange(), SALES, Watermark(covered)) == IdRange(start=start)


def test_a_requested_start_is_not_changed():
    assert window.first_range(IdRange(start=7), SALES, Watermark(9000)) == IdRange(start=7)
    assert window.first_range(IdRange(start_date="2017-01-31"), SALES, Watermark(9000)) == IdRange(
        start_date="2017-01-31"
    )


@given(st.lists(IDS, min_size=1), st.none() | IDS)
def test_successive_windows_leave_no_id_out(ends, first):
    """Every id up to the largest was in a window, whatever the source contained at each run."""
    covered, next_id = Watermark(first), (first or 0) + 1
    for last in sorted(ends):
        span = window.freeze(window.first_range(IdRange(), SALES, covered), last)
        assert span.start is not None and span.until is not None
        if span.start <= span.until:
            assert span.start <= next_id
            next_id = max(next_id, span.until + 1)
            covered = Watermark(max(covered.until or 0, span.until))
        else:
            assert last < next_id
    assert next_id > max(ends)


@given(st.none() | IDS, st.none() | IDS)
def test_the_end_is_never_newer_than_the_source(until, last):
    """Otherwise the next run would start after ids that did not exist yet."""
    end = window.freeze(IdRange(1, None, until), last).until
    assert end == min((e for e in (until, last) if e is not None), default=None)


def test_a_range_becomes_query_parameters():
    assert IdRange(1, None, 9).parameters(SALES) == {"start_sales_id": "1", "end_sales_id": "9"}
    assert IdRange(None, "2017-01-31", None).parameters(SALES) == {"start_date": "2017-01-31"}
    assert IdRange().parameters(None) == {}


def test_a_gap_before_the_window_is_described():
    assert "ids 101 to 199" in str(window.describe_gap(IdRange(200), 100))
    assert window.describe_gap(IdRange(101), 100) is None
    assert window.describe_gap(IdRange(200), None) is None


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 31), st.integers(1, 31))
def test_days_are_resolved_to_the_ids_of_their_rows(gaps, first, last):
    """Ids grow with time: the id of a row is its position, its day not earlier than that of the row before."""
    days = list(accumulate(gaps, lambda day, gap: min(31, day + gap), initial=1))[1:]

    def first_since(day):
        ids = [number for number, d in enumerate(days, 1) if f"2017-01-{d:02d}" >= day]
        return min(ids, default=None), len(days)

    first, last = sorted((first, last))
    span = IdRange(start_date=f"2017-01-{first:02d}", until_date=f"2017-01-{last:02d}")
    resolved = window.resolve_dates(span, first_since)
    assert resolved.start is not None and resolved.until is not None
    requested = range(resolved.start, resolved.until + 1)
    assert [n for n, day in enumerate(days, 1) if first <= day <= last] == list(requested)
    assert (resolved.start_date, resolved.until_date) == (None, None)


def test_an_endpoint_without_days_rejects_a_day():
    assert SALES is not None
    undated = msgspec.structs.replace(SALES, start_date=None)
    with pytest.raises(UsageError, match="sales does not support days"):
        window.parse_range("sales", undated, None, "2017-01-31")
