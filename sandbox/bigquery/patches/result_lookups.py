"""Look up the table of a query's result by its name instead of in a list of all tables.

Version: local-bigquery 0.3.2.
Reason: each query searches `duckdb_tables()` three times for the table of its result, and once for temporary tables.
That function visits every table of every project and every earlier result: 30 ms of a processor with 150 results
(2026-11-29), and more with each query.
Upstream change that removes it: DuckDB applies filters before it visits the tables.
"""

import threading
from collections.abc import Callable
from typing import Any

import duckdb

from sandbox.bigquery.patches.catalog_memory import Fetch

RESULTS = ["emulator", "_results"]
NAMES = "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"
TEMPORARY = "SELECT table_name FROM duckdb_tables() WHERE temporary"
NO_TABLES = "SELECT NULL::VARCHAR AS table_name LIMIT 0"
# Tables of results are created from queries, whose columns are all nullable.
REQUIRED = "AND NOT is_nullable"


class ResultTables:
    """The names of all tables that were ever written. Whether one exists now, a count of its rows shows.

    A count of a table that was never written is slow: DuckDB then searches for tables with similar names.
    """

    def __init__(self, fetch: Fetch, quote: Callable[..., str]) -> None:
        self.fetch = fetch
        self.quote = quote
        self.written: set[str] | None = None
        self.lock = threading.Lock()

    def names(self) -> set[str]:
        """Quoted. Those of an earlier process are read once."""
        # Without the lock, the second of two first queries would replace the set with the name of the first.
        with self.lock:
            if self.written is None:
                self.written = {self.quote(*RESULTS, name) for (name,) in self.fetch(NAMES, RESULTS)}
            return self.written

    def remember(self, materialise: Callable[..., None]) -> Callable[..., None]:
        def materialise_and_remember(cursor: Any, query: str, name: str, *more: Any) -> None:
            self.names().add(name)
            materialise(cursor, query, name, *more)

        return materialise_and_remember

    def read(self, sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """In the place of `fetch`: database, schema and table are the first parameters of a lookup."""
        if not params or params[:2] != RESULTS or len(params) < 3 or params[2] is None:
            return self.fetch(sql, params)
        if "duckdb_tables()" in sql:
            return self.find(params[2])
        return [] if sql.endswith(REQUIRED) else self.fetch(sql, params)

    def find(self, table: str) -> list[tuple[Any, ...]]:
        """As `database.objects`: name, kind, rows."""
        name = self.quote(*RESULTS, table)
        if name not in self.names():
            return []
        try:
            [(rows,)] = self.fetch(f"SELECT count(*) FROM {name}")
        except duckdb.CatalogException:  # it was dropped, or its transaction was rolled back
            return []
        return [(table, "TABLE", rows)]


class CursorProxy:
    """A cursor of DuckDB, with some methods replaced by a subclass."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


class NewCursor(CursorProxy):
    """It has no temporary tables yet."""

    def sql(self, query: str, **named: Any) -> Any:
        return self.cursor.sql(NO_TABLES if query == TEMPORARY else query, **named)


class WritingCursor(CursorProxy):
    """For one write. The columns of its query are read twice before it runs, which plans the query twice."""

    def __init__(self, cursor: Any) -> None:
        super().__init__(cursor)
        self.planned: dict[str, Any] = {}

    def sql(self, query: str, params: Any = None) -> Any:
        if query not in self.planned:
            self.planned[query] = self.cursor.sql(query, params=params)
        return self.planned[query]


def install() -> None:
    from local_bigquery.catalog import tables
    from local_bigquery.engine import database, results
    from local_bigquery.jobs import query

    result_tables, write = ResultTables(database.fetch, database.quote), tables.write
    database.fetch = result_tables.read
    results.materialise = result_tables.remember(results.materialise)
    tables.write = lambda cursor, *more, **named: write(WritingCursor(cursor), *more, **named)
    query.execute = on_new_cursor(query.execute)


def on_new_cursor(execute: Callable[..., Any]) -> Callable[..., Any]:
    """The cursor of a session is used again, so it may have temporary tables."""

    def execute_patched(cursor: Any, *more: Any, session: Any = None, **named: Any) -> Any:
        return execute(cursor if session else NewCursor(cursor), *more, session=session, **named)

    return execute_patched
