"""DIV encloses its operands and its quotient, as Google's reference implementation evaluates it."""

import pytest
from google.cloud import bigquery

from scripts.sql_analysis.analyzer import GoogleSql

EXPRESSIONS = (
    "div(5 - 1, 2)",
    "div(7, 1 + 2)",
    "div(-7, 2)",
    "div(numeric '7.5' - 1, 2)",
    "10 - div(7 - 1, 3)",
    "-div(7, 2)",
    "div(div(9, 2), 3 - 1)",
    "cast(100 / div(6, 3) as int64)",
    "div(9 - 1, 3) * 2",
)


@pytest.fixture(scope="module")
def query() -> str:
    return f"select {', '.join(f'cast({each} as string)' for each in EXPRESSIONS)}"


def test_both_engines_divide_alike(client: bigquery.Client, query: str) -> None:
    [row] = client.query_and_wait(query)
    assert [tuple(row.values())] == GoogleSql().evaluate(query)
