"""Results of queries: each has its own table, which is found by name, before and after its end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from demo.cloud import Cloud
from sandbox.bigquery.patches.result_lookups import NewCursor, ResultTables, WritingCursor
from sandbox.bigquery.patches.running_jobs import UnwrittenJobs
from sandbox.process import running


def quote(*names: str) -> str:
    return ".".join(f'"{name}"' for name in names)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS emulator; CREATE SCHEMA emulator._results")
        connection.execute('CREATE TABLE emulator._results."p:earlier" AS SELECT 1 AS x')
        yield connection


@pytest.fixture
def tables(connection: duckdb.DuckDBPyConnection) -> ResultTables:
    return ResultTables(lambda sql, params=None: connection.execute(sql, params).fetchall(), quote)


def find(tables: ResultTables, name: str) -> list[tuple[Any, ...]]:
    return tables.read("SELECT … FROM duckdb_tables()", ["emulator", "_results", name])


def test_the_result_of_an_earlier_process_is_found(tables: ResultTables) -> None:
    assert find(tables, "p:earlier") == [("p:earlier", "TABLE", 1)]
    assert find(tables, "p:never") == []


def test_a_result_is_found_when_it_is_written_and_not_when_it_is_dropped(
    tables: ResultTables, connection: duckdb.DuckDBPyConnection
) -> None:
    def materialise(cursor: Any, query: str, name: str) -> None:
        cursor.execute(f"CREATE TABLE {name} AS {query}")

    write = tables.remember(materialise)
    name = quote("emulator", "_results", "p:new")
    write(connection, "SELECT unnest([1, 2]) AS x", name)
    assert find(tables, "p:new") == [("p:new", "TABLE", 2)]
    connection.execute(f"DROP TABLE {name}")
    assert find(tables, "p:new") == []
    write(connection, "SELECT 3 AS x", name)
    assert find(tables, "p:new") == [("p:new", "TABLE", 1)]


def test_other_lookups_go_to_the_database(tables: ResultTables) -> None:
    assert tables.read("SELECT ? || ?", ["a", "b"]) == [("ab",)]
    assert tables.read("SELECT $1 || $2 || $3", ["emulator", "_results", "x"]) == [("emulator_resultsx",)]


def test_a_write_plans_its_query_once(connection: duckdb.DuckDBPyConnection) -> None:
    cursor = WritingCursor(connection)
    first = cursor.sql("SELECT $n AS x", params={"n": 1})
    assert cursor.sql("SELECT $n AS x", params={"n": 1}) is first and first.columns == ["x"]
    assert cursor.execute("SELECT 2").fetchall() == [(2,)]


def test_a_new_cursor_reads_every_other_query(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TEMP TABLE mine AS SELECT 1 AS x")
    cursor = NewCursor(connection)
    assert cursor.sql("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall() == []
    assert cursor.sql("SELECT x FROM mine").fetchall() == [(1,)]


def test_a_temporary_table_of_a_session_is_known_in_its_next_query(client: bigquery.Client) -> None:
    first = client.query(
        "CREATE TEMP TABLE mine AS SELECT 1 AS x", bigquery.QueryJobConfig(create_session=True)
    )
    first.result()
    assert first.session_info is not None
    session = bigquery.ConnectionProperty("session_id", str(first.session_info.session_id))
    config = bigquery.QueryJobConfig(connection_properties=[session])
    for _ in range(2):
        assert [tuple(row) for row in client.query("SELECT x FROM mine", config).result()] == [(1,)]


def test_a_result_is_read_again_and_gone_with_its_job(client: bigquery.Client) -> None:
    job = client.query("SELECT x FROM UNNEST([1, 2, 3]) AS x")
    job.result()
    assert job.destination is not None
    assert sorted(row.x for row in client.list_rows(job.destination)) == [1, 2, 3]
    client.delete_job_metadata(job.job_id, location="US")
    with pytest.raises(NotFound):
        client.get_table(job.destination)


def test_a_result_is_found_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as state:
        job = Cloud(state).bigquery.query("SELECT 7 AS x")
        job.result()
    with running(tmp_path) as state:
        assert [row.x for row in Cloud(state).bigquery.list_rows(str(job.destination))] == [7]


def job(name: str, state: str, moment: int = 5, script: str | None = None) -> Any:
    return SimpleNamespace(
        jobReference=SimpleNamespace(projectId="p", jobId=name),
        status=SimpleNamespace(state=state),
        statistics=SimpleNamespace(creationTime=str(moment), parentJobId=script),
        dump=lambda: {"id": name},
    )


def test_a_submitted_job_is_read_and_listed_before_it_is_written() -> None:
    stored: dict[str, Any] = {}
    jobs = UnwrittenJobs(lambda sql, columns: None)
    save = jobs.saving(lambda job: stored.setdefault(job.jobReference.jobId, job))
    load = jobs.loading(lambda project, name: stored.get(name))
    list_jobs = jobs.listing(lambda *arguments: list(stored.values()))
    waiting, running = job("a", "PENDING"), job("a", "RUNNING")
    save(waiting)
    assert load("p", "a") is waiting and load("other", "a") is None and not stored
    assert list_jobs("p") == list_jobs("p", ["PENDING"]) == list_jobs("p", None, None, 5, 5) == [waiting]
    assert list_jobs("p", ["DONE"]) == list_jobs("p", None, "parent") == list_jobs("other") == []
    assert list_jobs("p", None, None, 6) == list_jobs("p", None, None, None, 4) == []
    save(running)
    assert load("p", "a") is running and list_jobs("p") == [running]


def test_the_statements_of_a_script_are_written_together_with_it() -> None:
    written: list[list[Any]] = []
    saved: list[Any] = []
    save = UnwrittenJobs(lambda sql, columns: written.append(columns)).saving(saved.append)
    running, other = job("script", "RUNNING"), job("other", "DONE")
    save(running)
    save(job("one", "DONE", 6, "script"))
    save(other)
    save(job("two", "DONE", 7, "script"))
    assert saved == [running, other] and not written
    save(job("script", "DONE"))
    resources = ['{"id": "one"}', '{"id": "two"}', '{"id": "script"}']
    assert written == [
        [["p"] * 3, ["one", "two", "script"], ["script", "script", None], ["DONE"] * 3, [6, 7, 5], resources]
    ]
    save(job("script", "DONE"))
    assert len(written) == 1 and len(saved) == 3


def test_the_statements_of_a_script_are_listed_by_the_client(client: bigquery.Client) -> None:
    script = client.query("DECLARE x INT64 DEFAULT 2; SELECT x; SELECT x + 1;")
    script.result()
    statements = list(client.list_jobs(parent_job=script.job_id))
    assert script.num_child_jobs == len(statements) == 2
    assert {each.state for each in statements} == {"DONE"}


def test_two_first_results_are_both_known(connection: duckdb.DuckDBPyConnection) -> None:
    """Each of the first queries reads the names of an earlier process; none loses the name of the other."""
    both = threading.Barrier(2, timeout=1)

    def fetch(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        if "duckdb_tables()" not in sql:
            return [(1,)]
        with suppress(threading.BrokenBarrierError):
            both.wait()  # as long as both may read at once
        return []

    tables = ResultTables(fetch, quote)
    write = tables.remember(lambda cursor, query, name: None)
    names = ["p:one", "p:two"]
    with ThreadPoolExecutor(2) as threads:
        for name in names:
            threads.submit(write, None, "", quote("emulator", "_results", name))
    assert [find(tables, name) for name in names] == [[(name, "TABLE", 1)] for name in names]
