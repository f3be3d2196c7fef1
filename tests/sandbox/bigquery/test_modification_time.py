"""A table's lastModifiedTime changes with its rows, and with nothing else."""

import uuid
from datetime import datetime

import pytest
from google.cloud import bigquery

CHANGES = {
    "insert": "INSERT INTO {0} VALUES (9)",
    "update": "UPDATE {0} SET x = 9 WHERE x = 1",
    "delete": "DELETE FROM {0} WHERE x = 1",
    "truncate": "TRUNCATE TABLE {0}",
    "merge": "MERGE {0} t USING (SELECT 9 AS x) s ON t.x = s.x WHEN NOT MATCHED THEN INSERT (x) VALUES (x)",
    "replace": "CREATE OR REPLACE TABLE {0} AS SELECT 9 AS x",
    "transaction": "BEGIN TRANSACTION; DELETE FROM {0} WHERE x = 1; INSERT INTO {0} VALUES (3); COMMIT TRANSACTION",
}


@pytest.fixture
def table(client: bigquery.Client) -> str:
    name = f"modified_{uuid.uuid4().hex[:8]}"
    client.query_and_wait(f"CREATE SCHEMA {name}")
    client.query_and_wait(f"CREATE TABLE {name}.t AS SELECT x FROM UNNEST([1, 2]) AS x")
    client.query_and_wait(f"CREATE TABLE {name}.other AS SELECT 1 AS x")
    return f"{name}.t"


def modified(client: bigquery.Client, table: str) -> datetime:
    time = client.get_table(f"{client.project}.{table}").modified
    assert isinstance(time, datetime)
    return time


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_rows_changes_the_time(client: bigquery.Client, table: str, change: str) -> None:
    other = f"{table.partition('.')[0]}.other"
    before = modified(client, table), modified(client, other)
    client.query_and_wait(CHANGES[change].format(table))
    assert modified(client, table) > before[0]
    assert modified(client, other) == before[1]


def test_a_load_changes_the_time(client: bigquery.Client, table: str) -> None:
    before = modified(client, table)
    client.load_table_from_json([{"x": 5}], f"{client.project}.{table}").result()
    assert modified(client, table) > before


def test_reading_does_not_change_the_time(client: bigquery.Client, table: str) -> None:
    before = modified(client, table)
    client.query_and_wait(f"SELECT * FROM {table}")
    client.query_and_wait(f"UPDATE {table} SET x = 1 WHERE x = 77")
    assert modified(client, table) == before
