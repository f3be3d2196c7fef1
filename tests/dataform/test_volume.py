"""The volume of a day beside the usual one of its weekday, with closed days, in both engines."""

import uuid

import pytest

from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.engines.includes import evaluate_javascript
from tests.dataform.engines.warehouse import connect

DAY = "date '2026-11-29'"  # a Sunday
OPEN = dict.fromkeys(range(1, 9), 40)
# Sales by week before the day, 0 is the day; the days that are declared as closed; what is measured.
CASES: dict[str, tuple[dict[int, int], list[str], str | None]] = {
    "usual": (OPEN | {0: 20}, [], "0.5"),
    "no sales on an open day": (OPEN, [], "0"),
    "a young shop": ({1: 40, 2: 40, 0: 10}, [], "0.25"),
    "a shop without a past": ({0: 10}, [], None),
    "nothing": ({}, [], None),
    "usually closed, and two sales on Sundays before": ({3: 40, 7: 40}, [], None),
    "open for the first time": ({1: 0, 8: 0, 0: 30}, [], None),
    "closed twice": (dict.fromkeys((1, 2, 4, 5, 7, 8), 40) | {0: 40}, [], "1"),
    "closed every other week": ({1: 40, 3: 40, 5: 40, 7: 40, 8: 0}, [], None),
    "a median of eight": ({week: week for week in OPEN} | {0: 8}, [], "2"),
    "closed on this day of every year": (OPEN, ["11-29"], None),
    "closed on this date": (OPEN, ["12-25", "2026-11-29"], None),
    "closed on this day of another year": (OPEN, ["2025-11-29"], "0"),
    "a closed day before": ({1: 40, 0: 40}, ["2026-11-22"], None),
    "closed days before": ({1: 10, 2: 10, 3: 10, 4: 40, 0: 40}, ["11-22", "11-15", "11-08"], "1"),
}


def query_of(name: str) -> str:
    sales, closed, _ = CASES[name]
    # Every weekday before the day has sales, so that the eight weeks have a first day.
    days = {**{f"{week * 7}": count for week, count in sales.items()}}
    if name.startswith("usually closed"):
        days["55"] = 40
    rows = [
        f"select date_sub({DAY}, interval {day} day) as day, {count} as baskets"
        for day, count in days.items()
    ]
    table = " union all ".join(rows or [f"select {DAY} as day, 0 as baskets limit 0"])
    measure = evaluate_javascript(
        "(global.dataform = {projectConfig: {}}, "
        f"quality.volume('dmt.sold', {{day: 'day', count: 'baskets', closed: {closed}}}, {{warn_below: 1}}))",
        quality="quality",
    )
    assert isinstance(measure, str)
    inner = measure.replace("dmt.sold", "sold").replace("checked_day", DAY)
    return (
        f"with sold as ({table}) select '{name}' as name, cast(measured as string) as measured from ({inner})"
    )


@pytest.fixture(scope="module")
def query() -> str:
    return " union all ".join(f"({query_of(name)})" for name in CASES)


EXPECTED = {name: measured for name, (_, _, measured) in CASES.items()}


def test_the_sandbox_measures(sandbox, query):
    rows = connect(sandbox.address, f"v{uuid.uuid4().hex[:8]}").query(query)
    assert {row["name"]: row["measured"] for row in rows} == EXPECTED


def test_googles_reference_implementation_measures(query):
    assert GoogleSql().evaluate(query) == list(EXPECTED.items())
