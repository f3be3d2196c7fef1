"""A filter that folds to FALSE is rejected on a table that requires a partition filter, as BigQuery rejects it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest

from demo.cloud import Cloud
from sandbox.state import State

DAYS = "DECLARE days ARRAY<DATE> DEFAULT {}; "
IDS = "DECLARE low INT64 DEFAULT {0}; DECLARE high INT64 DEFAULT {0}; "
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def query(sandbox: State) -> Query:
    client = Cloud(sandbox).bigquery
    return lambda sql: [tuple(row.values()) for row in client.query_and_wait(sql)]


@pytest.fixture(scope="module")
def dataset(query: Query) -> str:
    name = f"folded_{uuid.uuid4().hex[:8]}"
    query(f"CREATE SCHEMA {name}")
    required = "OPTIONS(require_partition_filter = TRUE)"
    query(f"CREATE TABLE {name}.days (at TIMESTAMP, id INT64) PARTITION BY DATE(at) {required}")
    ranges = "PARTITION BY RANGE_BUCKET(id, GENERATE_ARRAY(0, 100, 10))"
    query(f"CREATE TABLE {name}.ids (id INT64) {ranges} {required}")
    query(f"CREATE TABLE {name}.free (at TIMESTAMP) PARTITION BY DATE(at)")
    query(f"INSERT INTO {name}.days VALUES (TIMESTAMP '2026-11-21 10:00:00', 1)")
    return name


@pytest.mark.parametrize(
    "statement",
    [
        DAYS.format("[]") + "SELECT * FROM {}.days WHERE DATE(at) IN UNNEST(days)",
        DAYS.format("NULL") + "SELECT * FROM {}.days WHERE DATE(at) IN UNNEST(days)",
        DAYS.format("[]") + "SELECT * FROM {}.days AS t WHERE DATE(t.at) IN UNNEST(days) AND t.id > 0",
        DAYS.format("[]") + "DELETE FROM {}.days WHERE DATE(at) IN UNNEST(days)",
        DAYS.format("[]") + "SELECT (SELECT COUNT(*) FROM {}.days WHERE DATE(at) IN UNNEST(days))",
        IDS.format("NULL") + "SELECT * FROM {}.ids WHERE id BETWEEN low AND high",
        IDS.format("NULL") + "SELECT * FROM {}.ids WHERE id >= low",
    ],
)
def test_an_empty_filter_is_rejected(query: Query, dataset: str, statement: str) -> None:
    with pytest.raises(BadRequest, match=r"without a filter over column\(s\) '(at|id)'"):
        query(statement.format(dataset))


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (
            DAYS.format("[DATE '2026-11-21']") + "SELECT id FROM {}.days WHERE DATE(at) IN UNNEST(days)",
            [(1,)],
        ),
        (DAYS.format("[]") + "SELECT at FROM {}.free WHERE DATE(at) IN UNNEST(days)", []),
        (IDS.format("1") + "SELECT id FROM {}.ids WHERE id BETWEEN low AND high", []),
        (DAYS.format("[]") + "SELECT id FROM UNNEST([1]) AS id WHERE DATE '2026-11-21' IN UNNEST(days)", []),
    ],
)
def test_other_filters_are_accepted(
    query: Query, dataset: str, statement: str, rows: list[tuple[Any, ...]]
) -> None:
    assert query(statement.format(dataset)) == rows
