"""Incremental tables in BigQuery, compared with a compilation result: columns, their types, and the layout.

A later run inserts by the columns that the table already has: a new column of a model would be dropped without an
error (dataform-co/dataform#373), a removed one and most other types make every run fail, and another partitioning or
clustering is ignored. Each of them needs the table to be written again. A table that operations create and other
tables fill (ods.<table>_rejects) gets its new columns: its statement leaves a table that exists as it is. A plain table
is replaced by every run, with other columns too, but not with another partitioning or clustering. A table whose model
became a view is dropped by the next run, with rows that raw may not have any more; a view has none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.release.column_types import VIEW, name_of, resolve_columns
from scripts.release.layout import compare_layouts
from scripts.sql_analysis.analyzer import Columns, text_of, type_from_field

TO_VIEW = "table → view"
DOUBLE = re.compile(r"\bDOUBLE\b")  # the analyzer's name, also inside an array or struct
PLAIN = api.CompilationResultAction.Relation.RelationType.TABLE
INCREMENTAL = api.CompilationResultAction.Relation.RelationType.INCREMENTAL_TABLE


@dataclass(frozen=True)
class SchemaChange:
    """`added` are columns of the model that the table lacks, `removed` the reverse; `retyped` and `layout` are texts.

    A column is REPEATED if its type is an array; a model cannot make one REQUIRED.
    """

    target: api.Target
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    is_protected: bool = False  # the model forbids a full refresh
    retyped: tuple[str, ...] = ()
    layout: tuple[str, ...] = field(default=())
    is_filled: bool = False  # by the scripts of other tables

    def __str__(self) -> str:
        parts = [
            f"{word}{', '.join(texts)}"
            for word, texts in (
                ("new ", self.added),
                ("removed ", self.removed),
                ("", self.retyped),
                ("", self.layout),
            )
            if texts
        ]
        return f"{self.target.schema}.{self.target.name}: {'; '.join(parts)}"

    @property
    def is_recreated(self) -> bool:
        """Whether the table must be dropped before the refresh. BigQuery: "Cannot replace a table with a different
        partitioning spec. Instead, DROP the table, and then recreate it" (dataform-co/dataform#590); for clustering
        dbt-labs/dbt-core#2000.
        """
        return any(text.startswith(("partitions", "clusters", TO_VIEW)) for text in self.layout)


def compare_schemas(
    warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]
) -> list[SchemaChange]:
    """Only tables that exist; nothing is analyzed if none does."""
    actions = list(actions)
    # From BigQuery, not from the release before: a table may have been refreshed since.
    stored = {
        name_of(action.target): (action, table)
        for action in actions
        if is_compared(action) and (table := read_table(warehouse, action.target))
    }
    resolved = resolve_columns(warehouse, actions) if stored else {}
    changes = [compare_table(action, table, resolved[name]) for name, (action, table) in stored.items()]
    return [change for change in changes if change] + list(compare_views(warehouse, actions))


def compare_views(
    warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]
) -> Iterator[SchemaChange]:
    for action in actions:
        if action.relation.relation_type == VIEW:
            table = read_table(warehouse, action.target)
            if table is not None and table.table_type == "TABLE":
                yield SchemaChange(action.target, layout=(TO_VIEW,))


def is_compared(action: api.CompilationResultAction) -> bool:
    return action.relation.relation_type in (INCREMENTAL, PLAIN) or action.operations.has_output


def compare_table(
    action: api.CompilationResultAction, table: bigquery.Table, resolved: Columns
) -> SchemaChange | None:
    # Dataform drops a view whose model has become a table.
    if table.view_query is not None:
        return None
    if action.relation.relation_type == PLAIN:
        return compare_plain(action, table)
    model = {name: text_of(kind) for name, kind in resolved.items()}
    stored = {column.name: text_of(type_from_field(column.to_api_repr())) for column in table.schema}
    retyped = tuple(
        f"{name} {stored[name]} → {kind}" for name, kind in model.items() if stored.get(name, kind) != kind
    )
    added, removed = sorted(model.keys() - stored.keys()), sorted(stored.keys() - model.keys())
    if action.operations.has_output:
        return compare_filled(action, model, added, retyped)
    layout = tuple(compare_layouts(action.relation, table))
    if not (added or removed or retyped or layout):
        return None
    is_protected = action.relation.incremental_table_config.refresh_disabled
    return SchemaChange(action.target, tuple(added), tuple(removed), is_protected, retyped, layout)


def compare_plain(action: api.CompilationResultAction, table: bigquery.Table) -> SchemaChange | None:
    change = SchemaChange(action.target, layout=tuple(compare_layouts(action.relation, table)))
    # Another required filter is set when the table is replaced.
    return change if change.is_recreated else None


def compare_filled(
    action: api.CompilationResultAction, model: dict[str, str], added: list[str], retyped: tuple[str, ...]
) -> SchemaChange | None:
    """A column that the statement no longer has stays: nothing writes it."""
    if not (added or retyped):
        return None
    columns = tuple(f"{name} {DOUBLE.sub('FLOAT64', model[name])}" for name in added)
    return SchemaChange(action.target, added=columns, retyped=retyped, is_filled=True)


def add_columns(warehouse: bigquery.Client, changes: Iterable[SchemaChange]) -> None:
    """To tables that other scripts fill: the rows that they have keep NULL."""
    for change in changes:
        if change.is_filled:
            print(f"add     {change}")
            columns = ", ".join(f"add column if not exists {column}" for column in change.added)
            warehouse.query_and_wait(f"alter table `{name_of(change.target)}` {columns}")


def read_table(warehouse: bigquery.Client, target: api.Target) -> bigquery.Table | None:
    """None for a table that does not exist."""
    try:
        return warehouse.get_table(name_of(target))
    except NotFound:
        return None


def drop_recreated(warehouse: bigquery.Client, changes: Iterable[SchemaChange]) -> None:
    """Before the refresh, which creates them again from raw; until then their readers get an error."""
    for change in changes:
        if change.is_recreated:
            print(f"drop    {change}")
            warehouse.delete_table(name_of(change.target), not_found_ok=True)


def check_changes(changes: list[SchemaChange], may_refresh: bool) -> None:
    """ReleaseError, with the live release unchanged, if a table must be refreshed and may not be."""
    if protected := [change for change in changes if change.is_protected]:
        raise ReleaseError(
            "columns or layout of tables without full refresh changed; the live release is unchanged\n"
            + "\n".join(f"  {change}" for change in protected)
        )
    if retyped := [change for change in changes if change.is_filled and change.retyped]:
        raise ReleaseError(
            "types of columns changed in tables that other tables fill; the live release is unchanged. Drop these "
            "tables, release again, and refresh the tables that fill them: "
            "python -m scripts.refresh --env ENV --table DATASET.TABLE. Copy a table of "
            "history (<table>_changes) first: it has lists that raw may not have any more:\n"
            + "\n".join(f"  {change}" for change in retyped)
        )
    changes = [change for change in changes if not change.is_filled]
    if changes and not may_refresh:
        raise ReleaseError(
            "columns or layout changed; the live release is unchanged. "
            "Pass --refresh to replace these tables from raw after the release:\n"
            + "\n".join(f"  {change}" for change in changes)
        )
