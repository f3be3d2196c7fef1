"""Look up datasets, tables, views and columns in the catalog of one project instead of all projects.

Version: local-bigquery 0.3.2.
Reason: it queries DuckDB's `duckdb_tables()`, `duckdb_views()`, `duckdb_columns()` and `duckdb_schemas()` several
times per statement, and these visit every table of every project. DuckLake stores its own catalog in tables, which
answer the same for one project. A query that uses none of these functions goes to DuckDB unchanged.
Upstream change that removes it: DuckDB applies the filter on database_name before it visits the tables.
"""

import re
import sys
from typing import Any

from sandbox.bigquery.patches.catalog_memory import CatalogMemory, Fetch, with_memory

# DuckLake keeps what earlier snapshots contained; rows without `end_snapshot` are current.
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
SCHEMAS = """(
    SELECT $1 AS database_name, schema_name FROM {catalog}.ducklake_schema WHERE end_snapshot IS NULL
)"""
FUNCTIONS = {
    "duckdb_tables()": TABLES,
    "duckdb_views()": VIEWS,
    "duckdb_columns()": COLUMNS,
    "duckdb_schemas()": SCHEMAS,
}
FUNCTION = re.compile("|".join(map(re.escape, FUNCTIONS)))


def install() -> None:
    from local_bigquery.catalog import tables
    from local_bigquery.engine import database
    from local_bigquery.jobs import merge, query
    from local_bigquery.sql import script

    projects, quote = database._attached, database.quote
    memory = CatalogMemory(database.fetch, lambda project: quote(f"__ducklake_metadata_{project}"))
    database.fetch = fetch_from_one_project(database.fetch, memory, projects)
    tables.columns = with_memory(tables.columns, memory, projects)
    for module in (query, merge, script):
        module.translate = memory.in_one_statement(module.translate)
    # pandas is not installed, and DuckDB searches the disk for it whenever a statement has parameters.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def fetch_from_one_project(fetch: Fetch, memory: CatalogMemory, projects: set[str]) -> Fetch:
    """Wraps `fetch`. The first parameter of local-bigquery's lookups is the project."""

    def fetch_patched(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        if not params or params[0] not in projects or not FUNCTION.search(sql):
            return fetch(sql, params)
        catalog = memory.catalog(params[0])
        query = FUNCTION.sub(
            lambda match: FUNCTIONS[match[0]].format(catalog=catalog), number_parameters(sql)
        )
        has_rows = "estimated_size" in sql
        return memory.answer(params[0], (sql, *params), lambda: fetch(query, params), has_rows)

    return fetch_patched


def number_parameters(sql: str) -> str:
    """`?` as `$1`, `$2`, …: the project is used twice, and DuckDB does not allow to mix both forms."""
    numbers = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
