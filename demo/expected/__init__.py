"""The oracle: the warehouse equals what DuckDB computes from the parquet files, to the row and the cent."""

from dataclasses import dataclass

import duckdb
from google.cloud import bigquery

from demo.expected.engines import BIGQUERY, DUCKDB, Digest, Side
from demo.expected.results import Facts, expect, last_sale
from demo.expected.tables import TABLES, Table

__all__ = ["Check", "Facts", "compare", "differences", "last_sale"]

GROUPS = 3  # groups of rows that are looked into when a table differs
SHOWN = 3  # rows named for each of them and each side


@dataclass(frozen=True)
class Check:
    """One table beside the oracle: rows, cents of its money column (None without one), what differs."""

    table: str
    rows: int
    expected_rows: int
    cents: int | None
    expected_cents: int | None
    differences: tuple[str, ...]


def compare(client: bigquery.Client, facts: Facts, tables: tuple[Table, ...] = TABLES) -> list[Check]:
    """All values of all tables; nothing is sampled."""
    with expect(facts) as connection:
        return [check(warehouse(client), oracle(connection), table) for table in tables]


def differences(client: bigquery.Client, facts: Facts) -> list[str]:
    """Empty when the warehouse is right."""
    return [sentence for check in compare(client, facts) for sentence in check.differences]


def warehouse(client: bigquery.Client) -> Side:
    return Side(
        lambda sql: client.query_and_wait(sql),
        BIGQUERY,
        lambda table: table.source,
        lambda column: column.name,
    )


def oracle(connection: duckdb.DuckDBPyConnection) -> Side:
    return Side(
        lambda sql: connection.execute(sql).fetchall(),
        DUCKDB,
        lambda table: table.view,
        lambda column: column.expected,
    )


def check(found: Side, expected: Side, table: Table) -> Check:
    left, right = found.digests(table), expected.digests(table)
    groups = sorted(group for group in left | right if left.get(group) != right.get(group))
    told = [sentence for group in groups[:GROUPS] for sentence in explain(found, expected, table, group)]
    if len(groups) > GROUPS:
        told.append(f"{table.name}: {len(groups) - GROUPS} more groups of rows differ")
    return Check(table.name, rows(left), rows(right), cents(table, left), cents(table, right), tuple(told))


def explain(found: Side, expected: Side, table: Table, group: str) -> list[str]:
    left, right = found.lines(table, group), expected.lines(table, group)
    names = ", ".join(column.name for column in table.columns)
    told = [f"{table.name}, {group}: ({names}) is too much: {line}" for line in sorted(left - right)[:SHOWN]]
    told += [f"{table.name}, {group}: ({names}) is missing: {line}" for line in sorted(right - left)[:SHOWN]]
    return told or [f"{table.name}, {group}: rows are there twice"]


def rows(digests: dict[str, Digest]) -> int:
    return sum(digest.rows for digest in digests.values())


def cents(table: Table, digests: dict[str, Digest]) -> int | None:
    return sum(digest.cents or 0 for digest in digests.values()) if table.money else None
