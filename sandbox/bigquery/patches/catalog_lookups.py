"""What local-bigquery 0.3.2 asks DuckDB's catalog several times a statement, asked of one project only.

`duckdb_tables()` and its like visit every table of every project; the tables in which DuckLake keeps its own
catalog answer the same for one. A question whose text is not known here goes to DuckDB as it is.
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

    database.fetch = quick(database.fetch, database.quote, database._attached)
    # It is not installed, and DuckDB looks for it on the disk whenever a statement has parameters.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def quick(fetch: Fetch, quote: Callable[..., str], projects: set[str]) -> Fetch:
    """`fetch`, but a question about the tables of one of `projects` is asked of that project only."""

    def asked(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        if not params or params[0] not in projects or not ASKS.search(sql):
            return fetch(sql, params)
        catalog = quote(f"__ducklake_metadata_{params[0]}")
        tables = ASKS.sub(lambda name: FUNCTIONS[name[0]].format(catalog=catalog), positional(sql))
        return fetch(tables, params)

    return asked


def positional(sql: str) -> str:
    """`?` as `$1`, `$2`, …: the project, which comes first, is needed twice."""
    places = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(places)}", sql)
