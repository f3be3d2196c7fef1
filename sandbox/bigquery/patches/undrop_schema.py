"""The statement `UNDROP SCHEMA`: a deleted dataset with its tables, rows, views, routines and policies.

Version: local-bigquery 0.3.2, which does not know the statement.
Reason: scripts.undrop; rules and errors are those of https://cloud.google.com/bigquery/docs/restore-deleted-datasets.
The rows of a deleted table stay in DuckLake, which reads them at the version before the deletion.
Upstream change that removes it: UNDROP SCHEMA.

The page also states that a restored dataset cannot be deleted for seven days; that is not enforced here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import duckdb
from sqlglot import exp

from sandbox.bigquery.patches.deleted_datasets import Deleted, find_deleted, forget_deleted, now_ms

UNDROP = re.compile(r"\s*undrop\s+schema\b", re.IGNORECASE)
DEFAULT_TRAVEL_HOURS = 168  # https://cloud.google.com/bigquery/docs/time-travel
# What a dataset contained in the last version in which it existed.
VERSION = "SELECT max(end_snapshot) - 1 FROM {catalog}.ducklake_schema WHERE schema_name = ?"
TABLES = """
SELECT table_name, list(column_name) FILTER (NOT nulls_allowed AND parent_column IS NULL)
FROM {catalog}.ducklake_table AS t JOIN {catalog}.ducklake_schema USING (schema_id)
JOIN {catalog}.ducklake_column AS c USING (table_id)
WHERE schema_name = $1 AND t.begin_snapshot <= $2 AND t.end_snapshot > $2
AND c.begin_snapshot <= $2 AND c.end_snapshot > $2 GROUP BY table_name
"""
VIEWS = """
SELECT view_name, v.sql FROM {catalog}.ducklake_view AS v JOIN {catalog}.ducklake_schema USING (schema_id)
WHERE schema_name = $1 AND v.begin_snapshot <= $2 AND v.end_snapshot > $2 ORDER BY v.begin_snapshot
"""


def install() -> None:
    from local_bigquery.jobs import query
    from local_bigquery.sql import script, translate

    # A second installation would wrap the first.
    if getattr(query._run, "undrops", False):
        return
    # Both, because the module of scripts has imported the function under a name of its own.
    script.parse = translate.parse = with_undrop(translate.parse)
    query._run = restore_or_run(query._run)


def with_undrop(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """The tree is that of CREATE SCHEMA, which takes the same names and options; sqlglot does not know UNDROP."""

    def parse_undrop(sql: str) -> Any:
        if not UNDROP.match(sql):
            return parse(sql)
        trees = parse(UNDROP.sub("create schema", sql, count=1))
        for tree in trees:
            tree.meta["undrop"] = True
        return trees

    return parse_undrop


def restore_or_run(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_or_restore(cur: Any, tree: exp.Expr, context: Any, *more: Any) -> Any:
        from local_bigquery.jobs import query

        if not tree.meta.get("undrop"):
            return run(cur, tree, context, *more)
        statistics = query._ddl(tree, context).replace(statementType="UNDROP_SCHEMA")
        _, _, is_dry_run, *_ = more
        if statistics.ddlOperationPerformed != "SKIP" and not is_dry_run:
            target = statistics.ddlTargetDataset
            restore(target.projectId, target.datasetId, location_of(tree))
        return statistics

    run_or_restore.undrops = True  # type: ignore[attr-defined]
    return run_or_restore


def location_of(tree: exp.Expr) -> str | None:
    """OPTIONS(location = …), or None."""
    for option in tree.find_all(exp.LocationProperty, exp.Property):
        if isinstance(option, exp.LocationProperty) or option.this.name.lower() == "location":
            value = option.this if isinstance(option, exp.LocationProperty) else option.args["value"]
            return str(value.name)
    return None


def restore(project: str, dataset: str, location: str | None) -> None:
    """BigQueryError `duplicate`, or `notFound`, with nothing changed."""
    from local_bigquery.catalog import datasets
    from local_bigquery.errors import already_exists, not_found

    label = f"{project}:{dataset}"
    if datasets.exists(project, dataset):
        raise already_exists("Dataset", label)
    deleted = find_deleted(project, dataset)
    if deleted is None or is_too_old(deleted, now_ms()) or not is_in(deleted, location):
        raise not_found("Dataset", label)
    version = last_version(deleted)
    execute_all(create_tables(deleted, version))
    restore_resources(deleted)
    create_dependents([*create_routines(deleted), *create_views(deleted, version)])
    # Again: what was created now has the times and access of now.
    restore_resources(deleted)
    forget_deleted(deleted)


def is_too_old(deleted: Deleted, now: int) -> bool:
    hours = int(deleted.properties.get("maxTimeTravelHours") or DEFAULT_TRAVEL_HOURS)
    return now - deleted.deleted_ms > hours * 3600 * 1000


def is_in(deleted: Deleted, location: str | None) -> bool:
    return location is None or location.lower() == str(deleted.properties.get("location", "US")).lower()


def last_version(deleted: Deleted) -> int:
    """The last one of DuckLake in which the dataset existed."""
    from local_bigquery.engine import database

    [(version,)] = database.fetch(VERSION.format(catalog=catalog_of(deleted)), [deleted.dataset])
    return int(version)


def catalog_of(deleted: Deleted) -> str:
    from local_bigquery.engine import database

    return str(database.quote(f"__ducklake_metadata_{deleted.project}"))


def quote(deleted: Deleted, *parts: str) -> str:
    from local_bigquery.engine import database

    return str(database.quote(deleted.project, deleted.dataset, *parts))


def execute_all(statements: Iterable[str]) -> None:
    """In one transaction."""
    from local_bigquery.engine import database

    with database.cursor() as cursor:
        cursor.execute("BEGIN TRANSACTION")
        for statement in list(statements):
            cursor.execute(statement)
        cursor.execute("COMMIT")


def create_tables(deleted: Deleted, version: int) -> Iterator[str]:
    """The dataset, and its tables with their rows."""
    from local_bigquery.engine import database

    yield f"CREATE SCHEMA {quote(deleted)}"
    sql = TABLES.format(catalog=catalog_of(deleted))
    for name, required in database.fetch(sql, [deleted.dataset, version]):
        table = quote(deleted, name)
        yield f"CREATE TABLE {table} AS SELECT * FROM {table} AT (VERSION => {version})"
        for column in required or []:
            yield f"ALTER TABLE {table} ALTER COLUMN {database.quote(column)} SET NOT NULL"


def create_dependents(pending: list[Callable[[], None]]) -> None:
    """Views and routines may use one another in any order: repeats those that failed, while any succeeds."""
    from local_bigquery.errors import BigQueryError

    while pending:
        failed: list[Callable[[], None]] = []
        for create in pending:
            try:
                create()
            except (duckdb.Error, BigQueryError):
                if len(failed) + 1 == len(pending):
                    raise
                failed.append(create)
        pending = failed


def create_views(deleted: Deleted, version: int) -> Iterator[Callable[[], None]]:
    from local_bigquery.engine import database

    sql = VIEWS.format(catalog=catalog_of(deleted))
    for view, text in database.fetch(sql, [deleted.dataset, version]):
        yield partial(database.execute, f"CREATE VIEW {quote(deleted, view)} AS {text}")


def create_routines(deleted: Deleted) -> Iterator[Callable[[], None]]:
    """By their statements, as a request of the API does."""
    from local_bigquery.catalog import routines
    from local_bigquery.jobs.query import run_ddl
    from local_bigquery.models import Routine

    for *_, resource in deleted.resources["routines"]:
        statement = routines.statement(Routine.model_validate_json(resource), replace=True)
        yield partial(run_ddl, deleted.project, statement)


def restore_resources(deleted: Deleted) -> None:
    from local_bigquery.engine import database

    for kind, rows in deleted.resources.items():
        for row in rows:
            marks = ", ".join("?" for _ in row)
            database.execute(f"INSERT OR REPLACE INTO emulator.{kind} VALUES ({marks})", row)
    for resource, policy in deleted.policies.items():
        database.execute("INSERT OR REPLACE INTO emulator.iam_policies VALUES (?, ?)", [resource, policy])
