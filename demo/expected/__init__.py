"""Expected results: every table of the warehouse, computed independently by DuckDB from the source files.

Glossary: an *oracle* is an independent implementation that gives the expected result of a test. This package is
the demo's oracle: the warehouse must equal it, in every row and every cent.
"""

from dataclasses import dataclass

import duckdb
from google.cloud import bigquery

from demo.expected.engines import BIGQUERY, DUCKDB, Engine, GroupDigest
from demo.expected.results import Facts, connect_expected, last_sale
from demo.expected.tables import TABLES, Table

__all__ = ["Check", "Facts", "compare", "last_sale"]

MAX_GROUPS = 3  # groups of rows that are examined when a table differs
MAX_ROWS = 3  # rows that are reported for each group and each engine


@dataclass(frozen=True)
class Check:
    """Comparison of one table: its rows, the cents of its money column (None without one), differences."""

    table: str
    rows: int
    expected_rows: int
    cents: int | None
    expected_cents: int | None
    differences: tuple[str, ...]


def compare(client: bigquery.Client, facts: Facts, tables: tuple[Table, ...] = TABLES) -> list[Check]:
    """Compares all values of all tables, not a sample."""
    with connect_expected(facts) as connection:
        return [compare_table(warehouse(client), oracle(connection), table) for table in tables]


def warehouse(client: bigquery.Client) -> Engine:
    return Engine(
        lambda sql: client.query_and_wait(sql),
        BIGQUERY,
        lambda table: table.source,
        lambda column: column.name,
    )


def oracle(connection: duckdb.DuckDBPyConnection) -> Engine:
    return Engine(
        lambda sql: connection.execute(sql).fetchall(),
        DUCKDB,
        lambda table: table.view,
        lambda column: column.expected,
    )


def compare_table(actual: Engine, expected: Engine, table: Table) -> Check:
    actual_part, expected_part = actual.digests(table), expected.digests(table)
    groups = sorted(
        group for group in actual_part | expected_part if actual_part.get(group) != expected_part.get(group)
    )
    differences = [
        sentence for group in groups[:MAX_GROUPS] for sentence in explain(actual, expected, table, group)
    ]
    if len(groups) > MAX_GROUPS:
        differences.append(f"{table.name}: {len(groups) - MAX_GROUPS} more groups of rows differ")
    return Check(
        table=table.name,
        rows=total_rows(actual_part),
        expected_rows=total_rows(expected_part),
        cents=total_cents(table, actual_part),
        expected_cents=total_cents(table, expected_part),
        differences=tuple(differences),
    )


def explain(actual: Engine, expected: Engine, table: Table, group: str) -> list[str]:
    """Rows of a group that only one engine has."""
    actual_part, expected_part = actual.lines(table, group), expected.lines(table, group)
    columns = ", ".join(column.name for column in table.columns)
    start = f"{table.name}, {group}: ({columns})"
    sentences = [f"{start} is too much: {line}" for line in sorted(actual_part - expected_part)[:MAX_ROWS]]
    sentences += [f"{start} is missing: {line}" for line in sorted(expected_part - actual_part)[:MAX_ROWS]]
    # Sets hide repeated rows: if both have the same ones, their numbers differ.
    return sentences or [f"{table.name}, {group}: rows are there twice"]


def total_rows(digests: dict[str, GroupDigest]) -> int:
    return sum(digest.rows for digest in digests.values())


def total_cents(table: Table, digests: dict[str, GroupDigest]) -> int | None:
    return sum(digest.cents or 0 for digest in digests.values()) if table.money else None
