"""What local-bigquery 0.3.2 asks DuckDB's catalog several times a statement, answered from one project's own catalog.

`duckdb_tables()` and its like visit every table of every project that was ever attached; the tables in which DuckLake
keeps its catalog have an index. The texts of the questions are local-bigquery's: one that is not known here goes to
DuckDB as it is.
"""

import re
import sys
from collections.abc import Callable
from typing import Any

Fetch = Callable[..., list[tuple[Any, ...]]]

TABLES = """(
    SELECT $1 AS database_name, schema_name, table_name, coalesce(record_count, 0) AS estimated_size
    FROM {catalog}.ducklake_table AS one
    JOIN {catalog}.ducklake_schema AS schemas USING (schema_id)
    LEFT JOIN {catalog}.ducklake_table_stats USING (table_id)
    WHERE one.end_snapshot IS NULL AND schemas.end_snapshot IS NULL
)"""
VIEWS = """(
    SELECT $1 AS database_name, schema_name, view_name, false AS internal
    FROM {catalog}.ducklake_view AS one
    JOIN {catalog}.ducklake_schema AS schemas USING (schema_id)
    WHERE one.end_snapshot IS NULL AND schemas.end_snapshot IS NULL
)"""
COLUMNS = """(
    SELECT $1 AS database_name, schema_name, table_name, column_name, nulls_allowed AS is_nullable
    FROM {catalog}.ducklake_column AS one
    JOIN {catalog}.ducklake_table AS tables USING (table_id)
    JOIN {catalog}.ducklake_schema AS schemas USING (schema_id)
    WHERE one.parent_column IS NULL
        AND one.end_snapshot IS NULL AND tables.end_snapshot IS NULL AND schemas.end_snapshot IS NULL
)"""
FUNCTIONS = {"duckdb_tables()": TABLES, "duckdb_views()": VIEWS, "duckdb_columns()": COLUMNS}
ASKS = re.compile("|".join(map(re.escape, FUNCTIONS)))


def install() -> None:
    """Before local-bigquery's first statement."""
    from local_bigquery.engine import database

    database.fetch = quick(database.fetch, database.quote)
    # It is not installed, and DuckDB looks for it on the disk whenever a statement has parameters.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def quick(fetch: Fetch, quote: Callable[..., str]) -> Fetch:
    """`fetch`, but a question about one project's tables is asked of that project only."""

    def asked(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        project = params[0] if params and ASKS.search(sql) else None
        if project is None or project == "emulator":
            return fetch(sql, params)
        catalog = quote(f"__ducklake_metadata_{project}")
        return fetch(ASKS.sub(lambda name: FUNCTIONS[name[0]].format(catalog=catalog), positional(sql)), params)

    return asked


def positional(sql: str) -> str:
    """`?` as `$1`, `$2`, …: the project, which comes first, is needed twice."""
    places = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(places)}", sql)
