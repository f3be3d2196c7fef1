"""The past of a table in a transaction: an answer or an error, and never an empty table."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError

from demo.cloud import Cloud
from sandbox.state import State

Query = Callable[[str], list[tuple[Any, ...]]]
NO_RETRY: Any = None  # documented, but not in the type hints
SELF = (
    "begin transaction; {change}; insert into {table} select x from {table} for system_time as of {moment};"
)
CHANGES = {
    "delete": "delete from {table} where true",
    "truncate": "truncate table {table}",
    "update": "update {table} set x = 9 where true",
    "insert": "insert into {table} values (9)",
}


@pytest.fixture(scope="module")
def query(sandbox: State) -> Query:
    client = Cloud(sandbox).bigquery

    def rows(sql: str) -> list[tuple[Any, ...]]:
        result = client.query_and_wait(sql, retry=NO_RETRY, job_retry=NO_RETRY)
        return [tuple(row.values()) for row in result]

    return rows


@pytest.fixture
def table(query: Query) -> str:
    name = f"past_{uuid.uuid4().hex[:8]}"
    query(f"create schema {name}")
    query(f"create table {name}.t as select x from unnest([1, 2]) as x")
    return f"{name}.t"


def now(query: Query) -> str:
    [(moment,)] = query("select current_timestamp()")
    return f"timestamp '{moment.isoformat()}'"


@pytest.mark.parametrize("change", CHANGES)
def test_the_past_of_a_changed_table_is_rejected_and_nothing_is_lost(
    query: Query, table: str, change: str
) -> None:
    statement = CHANGES[change].format(table=table)
    with pytest.raises(GoogleAPICallError, match="before BEGIN TRANSACTION"):
        query(SELF.format(table=table, moment=now(query), change=statement) + " commit transaction;")
    assert sorted(query(f"select x from {table}")) == [(1,), (2,)]


def test_rows_read_before_the_transaction_are_restored(query: Query, table: str) -> None:
    moment = now(query)
    query(f"delete from {table} where x = 1")
    query(
        f"create temp table past as select x from {table} for system_time as of {moment}; "
        f"begin transaction; delete from {table} where true; "
        f"insert into {table} select x from past; commit transaction;"
    )
    assert sorted(query(f"select x from {table}")) == [(1,), (2,)]


def test_another_table_and_a_later_transaction_may_read_the_past(query: Query, table: str) -> None:
    other, moment = f"{table}2", now(query)
    query(f"create table {other} as select 5 as x")
    query(
        f"begin transaction; delete from {other} where true; "
        f"insert into {other} select x from {table} for system_time as of {moment}; commit transaction;"
    )
    assert sorted(query(f"select x from {other}")) == [(1,), (2,)]
    later = (
        f"begin transaction; delete from {table} where true; commit transaction; "
        f"select count(*) from {table} for system_time as of {moment};"
    )
    assert query(later) == [(2,)]


def test_a_snapshot_is_made_without_options_and_cannot_be_changed(query: Query, table: str) -> None:
    """What docs/adr/0006 states of local-bigquery."""
    query(f"create snapshot table {table}_s clone {table}")
    assert query(f"select count(*) from {table}_s") == [(2,)]
    with pytest.raises(GoogleAPICallError, match="snapshots are immutable"):
        query(f"insert into {table}_s values (3)")
    options = "options(expiration_timestamp = timestamp '2099-01-01')"
    with pytest.raises(GoogleAPICallError, match="Syntax error"):
        query(f"create snapshot table {table}_o clone {table} {options}")
    query(f"create table {table}_p (d date) partition by d options(require_partition_filter = true)")
    query(f"create snapshot table {table}_q clone {table}_p")  # reads no rows: no filter is required
    assert query(f"select count(*) from {table}_q where d > '2000-01-01'") == [(0,)]


@pytest.mark.parametrize("statement", ["create table", "create snapshot table"])
def test_a_clone_keeps_the_layout(query: Query, sandbox: State, table: str, statement: str) -> None:
    layout = "partition by date_trunc(d, month) cluster by n options(require_partition_filter = true)"
    query(f"create table {table}_l (d date, n int64) {layout}")
    query(f"{statement} {table}_c clone {table}_l")
    cloned = Cloud(sandbox).bigquery.get_table(f"{sandbox.project}.{table}_c")
    assert (cloned.time_partitioning.type_, cloned.time_partitioning.field) == ("MONTH", "d")
    assert (cloned.clustering_fields, cloned.require_partition_filter) == (["n"], True)
