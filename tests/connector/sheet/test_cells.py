"""Cells as text: serial numbers are times in the spreadsheet's zone, numbers keep their digits."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sources.sheet.cells import EPOCH, cell_text

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("42736", "date", "2017-01-01"),
        ("42736.5", "date", "2017-01-01T12:00:00+01:00"),
        ("42917.5", "datetime", "2017-07-01T12:00:00+02:00"),
        ("42736", "datetime", "2017-01-01T00:00:00+01:00"),
        ("0.75", "time", "18:00:00"),
        ("1.5", "time", "1899-12-31T12:00:00+00:09:21"),
        ("-1", "date", "-1"),
        ("99999999", "date", "99999999"),
        ("42736", "text", "42736"),
        ("42736", "number", "42736"),
        ("0.1", "number", "0.1"),
        ("1.50", "number", "1.50"),
        ("123456789012345680", "number", "123456789012345680"),
        ("1E+21", "number", "1E+21"),
        ("true", "number", "true"),
        ("false", "boolean", "false"),
        ('"2017-01-01"', "date", "2017-01-01"),
        ('""', "text", None),
        ("null", "text", None),
        ('" "', "text", " "),
    ],
)
def test_a_cell_is_formatted_by_its_type(cell, kind, expected):
    assert cell_text(msgspec.Raw(cell.encode()), kind, PARIS) == expected


@given(st.dates(date(1900, 1, 1), date(9999, 12, 31)))
def test_every_day_is_formatted_as_itself(day):
    serial = (day - EPOCH.date()).days
    assert cell_text(msgspec.Raw(str(serial).encode()), "date", PARIS) == day.isoformat()


@given(st.datetimes(EPOCH, EPOCH.replace(year=2100)))
def test_every_time_is_formatted_to_the_millisecond(moment):
    """As a double, which is the precision of Sheets."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    serial = (moment - EPOCH) / timedelta(days=1)
    formatted = cell_text(msgspec.Raw(repr(serial).encode()), "datetime", ZoneInfo("UTC"))
    assert formatted is not None
    assert datetime.fromisoformat(formatted).replace(tzinfo=None) == moment
