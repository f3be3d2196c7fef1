"""The condition of a part names exactly its days, in a text that a script can have for 27 years of days."""

from datetime import date, timedelta

import pytest

from pipeline.restore.parts import DAYS_OF_LIST, condition
from scripts.sql_analysis.analyzer import GoogleSql

FIRST = date(2005, 1, 1)
ALL = [FIRST + timedelta(days=n) for n in range(9861)]


@pytest.mark.parametrize(
    "days",
    [
        ALL[:1],
        ALL[: DAYS_OF_LIST + 1],
        [day for day in ALL[:400] if day.weekday() < 6],  # a shop that is closed on Sundays
        [day for day in ALL[:400] if day.day not in (1, 2, 4, 31)],
        ALL[:400:2],
    ],
    ids=["one", "consecutive", "weeks", "months", "isolated"],
)
def test_a_condition_selects_its_days_and_no_other(days):
    select = (
        f"from unnest(generate_date_array('2004-12-01', '2006-06-01')) as day where {condition('day', days)}"
    )
    rows = GoogleSql().evaluate(f"select cast(day as string) {select} order by 1")
    assert [row[0] for row in rows] == [str(day) for day in days]


def test_few_days_are_a_list():
    assert condition("day", ALL[:3]) == "day in (date '2005-01-01', date '2005-01-02', date '2005-01-03')"


def test_all_days_of_a_table_fit_into_a_script():
    """Three tables, each of whose condition is in it three times; a script has at most 1,024,000 characters."""
    weeks = [day for day in ALL if day.weekday() < 6]
    assert 9 * len(condition("date(sales_datetime)", weeks)) < 950_000
    assert len(condition("day", ALL)) < 100
