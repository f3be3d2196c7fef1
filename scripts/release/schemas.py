"""Columns of incremental tables in BigQuery, compared with those of a compilation result.

A later run inserts by the columns that the table already has: a new column of a model would be dropped without an
error (dataform-co/dataform#373), and a removed one makes every run fail.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError

INCREMENTAL = api.CompilationResultAction.Relation.RelationType.INCREMENTAL_TABLE


@dataclass(frozen=True)
class SchemaChange:
    """`added` are columns of the model that the table lacks, `removed` the reverse. Types are not compared."""

    target: api.Target
    added: tuple[str, ...]
    removed: tuple[str, ...]
    is_protected: bool  # the model forbids a full refresh

    def __str__(self) -> str:
        parts = [
            f"{word} {', '.join(columns)}"
            for word, columns in (("new", self.added), ("removed", self.removed))
            if columns
        ]
        return f"{self.target.schema}.{self.target.name}: {'; '.join(parts)}"


def compare_schemas(
    warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]
) -> list[SchemaChange]:
    """Only tables that exist. A model describes all of its columns (tests/dataform/test_rules.py)."""
    changes = []
    for action in actions:
        if action.relation.relation_type != INCREMENTAL:
            continue
        # From BigQuery, not from the release before: a table may have been refreshed since.
        stored = read_columns(warehouse, action.target)
        described = {column.path[0] for column in action.relation.relation_descriptor.columns}
        if stored is not None and stored != described:
            is_protected = action.relation.incremental_table_config.refresh_disabled
            added, removed = sorted(described - stored), sorted(stored - described)
            changes.append(SchemaChange(action.target, tuple(added), tuple(removed), is_protected))
    return changes


def read_columns(warehouse: bigquery.Client, target: api.Target) -> set[str] | None:
    """None for a table that does not exist."""
    try:
        table = warehouse.get_table(f"{target.database}.{target.schema}.{target.name}")
    except NotFound:
        return None
    return {field.name for field in table.schema}


def check_changes(changes: list[SchemaChange], may_refresh: bool) -> None:
    """ReleaseError, with the live release unchanged, if a table must be refreshed and may not be."""
    if protected := [change for change in changes if change.is_protected]:
        raise ReleaseError(
            "columns of tables without full refresh changed; the live release is unchanged\n"
            + "\n".join(f"  {change}" for change in protected)
        )
    if changes and not may_refresh:
        raise ReleaseError(
            "columns changed; the live release is unchanged. "
            "Pass --refresh to replace these tables from raw after the release:\n"
            + "\n".join(f"  {change}" for change in changes)
        )
