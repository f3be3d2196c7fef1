"""Remembered resources are read again after each write."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.cloud import bigquery

from sandbox.bigquery.patches.resource_memory import ResourceMemory


def test_a_changed_resource_is_read_at_once(client: bigquery.Client) -> None:
    name = f"memory_{uuid.uuid4().hex[:8]}"
    client.create_dataset(name)
    client.query_and_wait(f"CREATE TABLE {name}.t AS SELECT 1 AS x")
    for text in ("first", "second"):
        table = client.get_table(f"{client.project}.{name}.t")
        table.description = text
        client.update_table(table, ["description"])
        assert client.get_table(table.reference).description == text
    client.query_and_wait(f"ALTER TABLE {name}.t SET OPTIONS (description = 'third')")
    assert client.get_table(f"{client.project}.{name}.t").description == "third"
    client.query_and_wait(
        f"CREATE ROW ACCESS POLICY no_rows ON {name}.t GRANT TO ('user:a@b.c') FILTER USING (false)"
    )
    assert list(client.query_and_wait(f"SELECT * FROM {name}.t")) == []
    client.query_and_wait(f"DROP ALL ROW ACCESS POLICIES ON {name}.t")
    assert len(list(client.query_and_wait(f"SELECT * FROM {name}.t"))) == 1


class Database:
    """One value, and the queries that it answered."""

    def __init__(self) -> None:
        self.value = 0
        self.queries = 0

    def fetch(self, sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        self.queries += 1
        return [(self.value,)]

    def execute(self, sql: str, params: list[Any] | None = None) -> None:
        self.value += 1


def test_an_answer_is_read_once_per_write() -> None:
    database = Database()
    memory = ResourceMemory(database.fetch, database.execute)
    assert [memory.read("SELECT a FROM emulator.tables WHERE b = ?", [key]) for key in "xxy"] == [[(0,)]] * 3
    assert database.queries == 2
    memory.write("CREATE VIEW elsewhere AS SELECT 1")
    memory.read("SELECT a FROM emulator.tables WHERE b = ?", ["x"])
    assert database.queries == 2
    memory.write("DELETE FROM emulator.tables")
    assert memory.read("SELECT a FROM emulator.tables WHERE b = ?", ["x"]) == [(2,)]


def test_jobs_and_other_tables_are_not_remembered() -> None:
    database = Database()
    memory = ResourceMemory(database.fetch, database.execute)
    for _ in range(2):
        memory.read("SELECT resource FROM emulator.jobs")
        memory.read("SELECT max(id) FROM other.tables")
    assert database.queries == 4


def test_an_answer_that_was_read_during_a_write_is_not_used_after_it() -> None:
    database = Database()
    memory = ResourceMemory(database.fetch, database.execute)

    def execute_while_read(sql: str, params: list[Any] | None = None) -> None:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(memory.read, "SELECT a FROM emulator.tables").result() == [(0,)]
        database.execute(sql, params)

    memory.execute = execute_while_read
    memory.write("UPDATE emulator.tables SET a = 1")
    assert memory.read("SELECT a FROM emulator.tables") == [(1,)]
