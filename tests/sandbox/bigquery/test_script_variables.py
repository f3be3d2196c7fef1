"""Filters by variables of a script prune files, and give the same result as BigQuery."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo.cloud import Cloud
from sandbox.state import State

DAYS = "DECLARE days ARRAY<DATE> DEFAULT [DATE '2026-11-21', DATE '2026-11-21'];"
SINCE = "DECLARE since TIMESTAMP DEFAULT TIMESTAMP '2026-11-21';"
IDS = "DECLARE ids STRUCT<lowest INT64, highest INT64> DEFAULT (2, 2);"
ARRAYS = """
DECLARE days ARRAY<DATE> DEFAULT [DATE '2026-11-20', NULL, DATE '2026-11-21'];
DECLARE last ARRAY<DATE> DEFAULT [DATE '0001-01-01', DATE '9999-12-31'];
DECLARE none ARRAY<DATE> DEFAULT [];
DECLARE missing ARRAY<DATE> DEFAULT NULL;
SELECT
  COUNTIF(DATE(moment) IN UNNEST(days)),
  COUNTIF(DATE(moment) IN UNNEST(last)),
  COUNTIF(DATE(moment) IN UNNEST(none)),
  COUNTIF(DATE(moment) IN UNNEST(missing)),
  COUNTIF(DATE(moment) NOT IN UNNEST(days)),  -- unknown, as one of the days is
  COUNTIF(DATE(moment) NOT IN UNNEST(none) OR DATE(moment) IN UNNEST(days)),
FROM UNNEST([
  TIMESTAMP '2026-11-20', TIMESTAMP '2026-11-21 23:59:59.999999', TIMESTAMP '9999-12-31 23:59:59', NULL
]) AS moment
"""
VALUES = {
    "STRING": r"""'It\'s a \\ "[1, 2]\n'""",
    "INT64": "-9223372036854775808",
    "NUMERIC": "NUMERIC '12345678901234567890123456789.123456789'",
    "FLOAT64": "0.1 + 0.2",
    "BOOL": "TRUE",
    "BYTES": r"b'a\x00\xff'",
    "DATE": "DATE '0001-01-01'",
    "DATETIME": "DATETIME '2026-11-21 01:02:03.000004'",
    "TIMESTAMP": "TIMESTAMP '2026-11-21 01:02:03.000004+02:00'",
    "ARRAY<STRING>": "['a, b', 'NULL', '']",
    "ARRAY<TIMESTAMP>": "[TIMESTAMP '2026-11-21 01:02:03.4']",
    "STRUCT<lowest INT64, word STRING>": "STRUCT(1 AS lowest, '} x' AS word)",
    "STRUCT<lowest INT64, day DATE>": "STRUCT(CAST(NULL AS INT64) AS lowest, DATE '2026-11-21' AS day)",
}


@pytest.fixture(scope="module")
def rows(sandbox: State) -> Callable[[str], list[tuple[Any, ...]]]:
    client = Cloud(sandbox).bigquery
    return lambda sql: [tuple(row.values()) for row in client.query_and_wait(sql)]


@pytest.fixture
def pruned(sandbox: State, rows: Callable[[str], list[tuple[Any, ...]]]) -> Iterator[str]:
    """A table whose file with the rows of 20 November is missing: a query that reads it fails."""
    dataset = f"pruned_{uuid.uuid4().hex[:8]}"
    table = f"{dataset}.t"
    rows(f"CREATE SCHEMA {dataset}")
    rows(f"CREATE TABLE {table} (moment TIMESTAMP, id INT64, items ARRAY<INT64>) PARTITION BY DATE(moment)")
    rows(f"INSERT INTO {table} VALUES (TIMESTAMP '2026-11-20 12:00:00', 1, [10])")
    [yesterday] = (sandbox.root / "bigquery").glob(f"*/{dataset}/t/*.parquet")
    rows(f"INSERT INTO {table} VALUES (TIMESTAMP '2026-11-21 12:00:00', 2, [20, 30])")
    yesterday.unlink()
    yield table
    rows(f"DROP SCHEMA {dataset} CASCADE")


def test_only_matching_files_are_read(rows: Callable[[str], list[tuple[Any, ...]]], pruned: str) -> None:
    assert rows(f"{DAYS} SELECT id FROM {pruned} WHERE DATE(moment) IN UNNEST(days)") == [(2,)]
    assert rows(f"{SINCE} SELECT id FROM {pruned} WHERE moment >= since") == [(2,)]
    assert rows(f"{IDS} SELECT id FROM {pruned} WHERE id BETWEEN ids.lowest AND ids.highest") == [(2,)]
    rows(f"{DAYS} DELETE FROM {pruned} WHERE DATE(moment) IN UNNEST(days)")
    assert rows(f"{SINCE} SELECT id FROM {pruned} WHERE moment >= since") == []


def test_the_table_is_filtered_before_its_arrays_are_unnested(
    rows: Callable[[str], list[tuple[Any, ...]]], pruned: str
) -> None:
    base, today = f"{DAYS} SELECT s.id, item FROM {pruned} AS s", "DATE(s.moment) IN UNNEST(days)"
    assert rows(f"{base}, UNNEST(s.items) AS item WHERE {today} AND item > 20") == [(2, 30)]
    assert rows(f"{base} LEFT JOIN UNNEST(s.items) AS item ON item > 30 WHERE {today}") == [(2, None)]


def test_days_of_arrays_with_nulls_and_extremes(rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
    assert rows(ARRAYS) == [(2, 1, 0, 0, 0, 4)]


def test_a_variable_has_exactly_its_value(rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
    for kind, value in VALUES.items():
        assert rows(f"DECLARE v {kind} DEFAULT {value}; SELECT v") == rows(f"SELECT {value}"), kind
        assert rows(f"DECLARE v {kind}; SELECT v IS NULL") == [(True,)], kind


def test_a_value_is_in_an_array_of_it(rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
    for kind, value in VALUES.items():
        if not kind.startswith(("ARRAY", "STRUCT", "JSON")):
            array = f"DECLARE these ARRAY<{kind}> DEFAULT [{value}]"
            assert rows(f"{array}; SELECT {value} IN UNNEST(these)") == [(True,)], kind


def test_a_statement_reads_the_current_value(rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
    doubling = "WHILE n < 5 DO SET m = n; SET n = n + m; END WHILE; SELECT n, m"
    assert rows(f"DECLARE n INT64 DEFAULT 1; DECLARE m INT64; {doubling}") == [(8, 4)]
