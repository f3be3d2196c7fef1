# ruff: noqa: DTZ001 (BigQuery's DATETIME has no zone)
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.destinations.sheets.desired.cells import EXACT_DIGITS, display_text, same_value, to_cell
from sheets_sync.errors import CellError

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        ("", None),  # a cell has one blank value
        (True, True),
        (0, 0),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (-(2**63), "-9223372036854775808"),
        (1.5, 1.5),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (Decimal("12.50"), 12.5),
        (Decimal("1200"), 1200),
        (Decimal("1E+20"), 1e20),
        (Decimal("123456789012345.6"), "123456789012345.6"),
        (Decimal("0.1234567890123456"), "0.1234567890123456"),
        (date(1900, 1, 1), 2),
        (date(2017, 1, 1), 42736),
        (date(1815, 6, 18), "1815-06-18"),
        (datetime(2017, 1, 1, 12), 42736.5),
        (datetime(2017, 7, 1, 10, tzinfo=UTC), 42917.5),  # noon in Paris, in summer
        (datetime(1, 1, 1), "0001-01-01 00:00:00"),
        (time(18), 0.75),
        (b"\x00\xff", "AP8="),
        ([1, {"a": Decimal("1.5")}], '[1, {"a": "1.5"}]'),
        ("=1+1", "=1+1"),
    ],
)
def test_a_value_becomes_a_cell(value, cell):
    created = to_cell(value, PARIS)
    assert created == cell
    assert type(created) is type(cell) or isinstance(created, int | float)


def test_a_text_longer_than_a_cell_is_refused():
    assert to_cell("x" * 50_000, PARIS) == "x" * 50_000
    with pytest.raises(CellError, match="50,001 characters, a cell holds 50,000"):
        to_cell("x" * 50_001, PARIS)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**28), max_value=10**28))
def test_no_digit_of_a_numeric_is_lost(value):
    cell = to_cell(value, PARIS)
    back = Decimal(cell) if isinstance(cell, str) else Decimal(repr(cell))
    assert back == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_digit_of_an_integer_is_lost(value):
    cell = to_cell(value, PARIS)
    assert isinstance(cell, int | str)
    assert int(cell) == value


@given(st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31)))
def test_a_serial_number_is_right_to_the_millisecond(moment):
    serial = to_cell(moment, PARIS)
    assert isinstance(serial, float | int)
    assert_unchanged = (moment - datetime(1899, 12, 30)).total_seconds()
    assert abs(serial * 86400 - assert_unchanged) < 0.001


@pytest.mark.parametrize(
    ("now", "desired", "equal"),
    [
        (None, None, True),
        ("", None, True),
        (1, 1.0, True),
        (1, True, False),
        (1, "1", False),
        ("a", "A", False),
        (43466.20833333333, 43466.208333333336, True),  # sixteen digits of the same moment
        (123456789012.345, 123456789012.346, False),
        (2**53, 2**53 - 1, False),
        ("x", None, False),
        (0, None, False),
    ],
)
def test_same_means_same_kind_and_same_value(now, desired, equal):
    assert same_value(now, desired) is equal


@given(st.integers(10 ** (EXACT_DIGITS - 1), 10**EXACT_DIGITS - 2), st.integers(1, 12))
def test_decimals_that_differ_in_the_last_digit_differ(digits, places):
    lower, upper = (float(Decimal(number).scaleb(-places)) for number in (digits, digits + 1))
    assert not same_value(lower, upper)


@pytest.mark.parametrize(
    ("serial", "text"),
    [(0, "1899-12-30"), (2958465.75, "9999-12-31"), (2958466, "2958466"), (2999999, "2999999"), (-1, "-1")],
)
def test_a_number_after_the_last_day_is_displayed_as_a_number(serial, text):
    """A user can type any number into a column of days."""
    assert display_text(serial, "DATE") == text
