"""A filter that folds to FALSE is rejected on a table that requires a partition filter, as BigQuery rejects it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

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
        IDS.format("NULL") + "SELECT * FROM {}.ids WHERE id IN (low, high)",
        "SELECT * FROM {}.days WHERE (DATE(at) IN UNNEST(ARRAY<DATE>[]))",
        "SELECT * FROM {}.days WHERE DATE(at) BETWEEN SAFE_CAST(NULL AS DATE) AND CURRENT_DATE()",
        DAYS.format("[]")
        + "SELECT * FROM {}.days WHERE DATE(at) IN UNNEST(ARRAY_CONCAT(days, IFNULL(days, [])))",
        DAYS.format("[]") + "UPDATE {}.days SET id = 2 WHERE DATE(at) IN UNNEST(days)",
        "SELECT * FROM {}.days WHERE DATE(at) > '2026-01-01' AND FALSE",
        "SELECT * FROM {}.days WHERE DATE(at) > '2026-01-01' OR id = 1",
        "SELECT * FROM {}.days WHERE DATE(at) IN (SELECT DATE '2026-11-21')",
        "SELECT * FROM {}.days WHERE at > (SELECT TIMESTAMP '2026-11-21')",
        "DELETE FROM {}.days WHERE TRUE",
        "SELECT l.id FROM {0}.days AS l JOIN {0}.days AS r ON l.id = r.id WHERE DATE(l.at) = '2026-11-21'",
        "SELECT l.id FROM {0}.days AS l, {0}.days AS r WHERE l.at = r.at AND DATE(l.at) = '2026-11-21'",
        "SELECT l.id FROM {0}.days AS l JOIN {0}.days AS r ON l.at = r.at WHERE DATE(l.at) = '2026-11-21'",
        "SELECT l.id FROM {0}.days AS l JOIN {0}.free AS r USING (at) WHERE DATE(r.at) = '2026-11-21'",
        "SELECT l.id FROM {0}.days AS l JOIN (SELECT * FROM {0}.days) AS r ON l.id = r.id "
        "WHERE DATE(l.at) = '2026-11-21'",
        "SELECT l.id FROM {0}.days AS l LEFT JOIN {0}.days AS r ON l.id = r.id AND DATE(l.at) = DATE(r.at) "
        "WHERE DATE(l.at) = '2026-11-21'",
    ],
)
def test_an_empty_filter_is_rejected(query: Query, dataset: str, statement: str) -> None:
    with pytest.raises(BadRequest, match=r"without a filter over column\(s\) '(at|id)'"):
        query(statement.format(dataset))


@pytest.mark.parametrize(
    ("parameter", "condition"),
    [
        (bigquery.ScalarQueryParameter("day", "DATE", None), "DATE(at) >= @day"),
        (bigquery.ArrayQueryParameter("days", "DATE", []), "DATE(at) IN UNNEST(@days)"),
    ],
    ids=["scalar", "array"],
)
def test_an_empty_parameter_is_rejected(
    sandbox: State,
    dataset: str,
    parameter: bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter,
    condition: str,
) -> None:
    config = bigquery.QueryJobConfig(query_parameters=[parameter])
    sql = f"SELECT id FROM {dataset}.days WHERE {condition}"
    with pytest.raises(BadRequest, match="without a filter over column"):
        Cloud(sandbox).bigquery.query_and_wait(sql, job_config=config)


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (
            DAYS.format("[DATE '2026-11-21']") + "SELECT id FROM {}.days WHERE DATE(at) IN UNNEST(days)",
            [(1,)],
        ),
        (DAYS.format("[]") + "SELECT at FROM {}.free WHERE DATE(at) IN UNNEST(days)", []),
        (IDS.format("1") + "SELECT id FROM {}.ids WHERE id BETWEEN low AND high", []),
        ("SELECT id FROM {}.days WHERE (DATE(at) = '2026-11-21' OR at IS NULL) AND id IN (SELECT 1)", [(1,)]),
        (DAYS.format("[]") + "SELECT id FROM {}.days WHERE DATE(at) NOT IN UNNEST(days)", [(1,)]),
        (
            "SELECT l.id FROM {0}.days AS l JOIN {0}.days AS r ON l.id = r.id AND DATE(r.at) = '2026-11-21' "
            "WHERE DATE(l.at) = '2026-11-21'",
            [(1,)],
        ),
        (
            "SELECT l.id FROM {0}.days AS l JOIN (SELECT * FROM {0}.days WHERE DATE(at) = '2026-11-21') AS r "
            "ON l.id = r.id WHERE DATE(l.at) = '2026-11-21'",
            [(1,)],
        ),
        (
            "SELECT l.id FROM {0}.days AS l JOIN (SELECT * FROM {0}.days) AS r ON l.id = r.id "
            "WHERE DATE(l.at) = '2026-11-21' AND DATE(r.at) = '2026-11-21'",
            [(1,)],
        ),
        ("SELECT at FROM {0}.days JOIN (SELECT 1 AS id) USING (id) WHERE DATE(at) = '2026-01-01'", []),
        (DAYS.format("[]") + "SELECT id FROM UNNEST([1]) AS id WHERE DATE '2026-11-21' IN UNNEST(days)", []),
    ],
)
def test_other_filters_are_accepted(
    query: Query, dataset: str, statement: str, rows: list[tuple[Any, ...]]
) -> None:
    assert query(statement.format(dataset)) == rows
