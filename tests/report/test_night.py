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
