"""A statement sees the tables and columns that are committed, whatever was looked up before it."""

import uuid

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from sandbox.bigquery.patches.catalog_memory import CatalogMemory


@pytest.fixture
def table(client: bigquery.Client) -> str:
    dataset = f"memory_{uuid.uuid4().hex[:8]}"
    client.query_and_wait(f"CREATE SCHEMA {dataset}")
    client.query_and_wait(f"CREATE TABLE {dataset}.t AS SELECT 1 AS x")
    assert columns(client, f"{dataset}.t") == ["x"]
    return f"{dataset}.t"


def columns(client: bigquery.Client, table: str) -> list[str]:
    queried = [field.name for field in client.query_and_wait(f"SELECT * FROM {table}").schema]
    assert queried == [field.name for field in client.get_table(f"{client.project}.{table}").schema]
    return queried


def test_a_column_that_was_added_or_dropped(client: bigquery.Client, table: str) -> None:
    client.query_and_wait(f"ALTER TABLE {table} ADD COLUMN y INT64")
    assert columns(client, table) == ["x", "y"]
    client.query_and_wait(f"INSERT INTO {table} (x, y) VALUES (2, 3)")
    client.query_and_wait(f"ALTER TABLE {table} DROP COLUMN x")
    assert columns(client, table) == ["y"]


def test_a_table_that_was_replaced_dropped_and_created(client: bigquery.Client, table: str) -> None:
    client.query_and_wait(f"CREATE OR REPLACE TABLE {table} AS SELECT 'a' AS name, DATE '2020-01-01' AS day")
    assert columns(client, table) == ["name", "day"]
    client.query_and_wait(f"DROP TABLE {table}")
    with pytest.raises((BadRequest, NotFound), match=r"Not found: Table|was not found"):
        columns(client, table)
    client.query_and_wait(f"CREATE TABLE {table} AS SELECT 1 AS z")
    assert columns(client, table) == ["z"]


def test_a_view_follows_the_table_that_it_reads(client: bigquery.Client, table: str) -> None:
    client.query_and_wait(f"CREATE VIEW {table}_view AS SELECT * FROM {table}")
    assert [f.name for f in client.query_and_wait(f"SELECT * FROM {table}_view").schema] == ["x"]
    client.query_and_wait(f"CREATE OR REPLACE VIEW {table}_view AS SELECT x, x + 1 AS more FROM {table}")
    assert [f.name for f in client.query_and_wait(f"SELECT * FROM {table}_view").schema] == ["x", "more"]


def test_a_script_sees_its_variables_after_each_assignment(client: bigquery.Client) -> None:
    script = """
    declare n int64 default 1; declare days array<date> default []; declare seen array<int64> default [];
    set seen = array_concat(seen, [n]);
    set n = 2; set seen = array_concat(seen, [n]);
    execute immediate 'select 3' into n; set seen = array_concat(seen, [n]);
    while n < 6 do set n = n + 1; set seen = array_concat(seen, [n]); end while;
    set days = [date '2020-01-01'];
    for r in (select 7 as value) do set n = (select r.value); end for;
    select seen, n, (select count(*) from unnest([date '2020-01-01', date '2020-01-02']) as d where d in unnest(days))
    """
    [row] = client.query_and_wait(script)
    assert tuple(row.values()) == ([1, 2, 3, 4, 5, 6], 7, 1)


def test_an_answer_is_looked_up_once_per_version() -> None:
    """A number of rows is valid for one commit, columns until a commit changes a schema."""
    version, lookups = [(1, 1)], []
    memory = CatalogMemory(lambda sql: list(version), lambda project: project)

    def ask(question: str, has_rows: bool = False) -> list[str]:
        def look_up() -> list[str]:
            lookups.append(question)
            return [f"{question} {version[0]}"]

        return memory.answer("p", question, look_up, has_rows)

    assert [ask("a"), ask("a"), ask("rows", True), ask("rows", True)] == [
        ["a (1, 1)"],
        ["a (1, 1)"],
        ["rows (1, 1)"],
        ["rows (1, 1)"],
    ]
    version[0] = (2, 1)
    assert [ask("a"), ask("rows", True)] == [["a (1, 1)"], ["rows (2, 1)"]]
    version[0] = (3, 3)
    assert [ask("a"), ask("rows", True)] == [["a (3, 3)"], ["rows (3, 3)"]]
    assert lookups == ["a", "rows", "rows", "a", "rows"]
