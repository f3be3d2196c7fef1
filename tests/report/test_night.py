"""A section that cannot be read becomes a sentence; the others are read."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable

from report.night import read_rows
from report.queries import QUERIES

UNTIL = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ServiceUnavailable("not today"), "not today"),
        (requests.ConnectionError("reset"), "reset"),
        (TimeoutError(), "TimeoutError"),  # of a query that takes longer than its limit
    ],
)
def test_a_query_that_fails_leaves_the_other_sections(error, text):
    def run_query(sql, moments):
        if sql == QUERIES["costs"]:
            raise error
        return [{"sql": sql}]

    rows, problems = read_rows(run_query, UNTIL - timedelta(hours=24), UNTIL)
    assert rows.keys() == QUERIES.keys() - {"costs"}
    assert problems == [f"The section costs could not be read: {text}"]


@pytest.mark.parametrize(
    ("query", "column", "value", "expected"),
    [
        ("runs", "started_at", "2026-01-31 05:00", "a time"),
        ("runs", "started_at", datetime(2026, 1, 31, 5), "a time"),  # noqa: DTZ001 - a DATETIME has no zone
        ("steps", "seconds", float("nan"), "a number"),
        ("tables", "newest", {"size": "many", "bytes": 1}, "numbers"),
        ("volumes", "day", UNTIL, "a day"),
        ("measures", "is_unusual", 1, "true or false"),
        ("syncs", "failed", None, "a number"),
        ("findings", "subject", None, "a text"),
    ],
)
def test_a_value_of_another_type_is_a_sentence(query, column, value, expected):
    """As of a table that was created again by hand."""

    def run_query(sql, moments):
        return [{column: value}] if sql == QUERIES[query] else []

    rows, problems = read_rows(run_query, UNTIL - timedelta(hours=24), UNTIL)
    assert rows.keys() == QUERIES.keys() - {query}
    [problem] = problems
    assert problem.startswith(f"The section {query} could not be read: the column {column} has ")
    assert problem.endswith(f", expected {expected}.")


def test_values_that_may_be_absent_are_read():
    absent = {
        "findings": {"now": None, "detail": None},
        "actions": {"seconds": None},
        "freshness": {"newest": None},
    }

    def run_query(sql, moments):
        return [row for name, row in absent.items() if sql == QUERIES[name]]

    _, problems = read_rows(run_query, UNTIL - timedelta(hours=24), UNTIL)
    assert problems == []
