"""Primary keys: declared where they are missing, or are not those of the model.

A table is created without a key, and its script declares it after its checks: one that is stopped between leaves no
key, which no later run declares. A model with another key leaves the old one, by which BigQuery would remove joins
(docs/adr/0007).
"""

import re
from collections.abc import Iterable, Iterator

from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.partitions import filter_all
from scripts.release.column_types import name_of
from scripts.release.schemas import read_table

DECLARED = re.compile(r"alter table `[^`]+` add primary key \(([^)]+)\) not enforced", re.IGNORECASE)


def declare_keys(warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]) -> None:
    """Of tables that exist; ReleaseError for rows that do not have the key, whose table is left without one."""
    failures = []
    for action in actions:
        for key in read_keys(action):
            table = read_table(warehouse, action.target)
            # A view whose model became a table gets its key when the table is created.
            if table is None or table.view_query is not None or key_of(table) == key:
                continue
            name = name_of(action.target)
            # First, because BigQuery relies on it, whatever the rows are.
            warehouse.query_and_wait(f"alter table `{name}` drop primary key if exists")
            if is_unique(warehouse, table, name, key):
                warehouse.query_and_wait(
                    f"alter table `{name}` add primary key ({', '.join(key)}) not enforced"
                )
                print(f"key     {action.target.schema}.{action.target.name}: {', '.join(key)}")
            else:
                failures.append(f"{action.target.schema}.{action.target.name} ({', '.join(key)})")
    if failures:
        raise ReleaseError(
            f"two rows have one key, or none: {'; '.join(failures)}. No key is declared there; write the table again: "
            "python -m scripts.refresh --env ENV --table DATASET.TABLE"
        )


def read_keys(action: api.CompilationResultAction) -> Iterator[list[str]]:
    """The columns of the key that the script of a full refresh declares."""
    for script in action.relation.post_operations:
        for columns in DECLARED.findall(script):
            yield columns.split(", ")


def key_of(table: bigquery.Table) -> list[str]:
    """Empty without a key."""
    constraints = table.table_constraints
    return list(constraints.primary_key.columns) if constraints and constraints.primary_key else []


def is_unique(warehouse: bigquery.Client, table: bigquery.Table, name: str, key: list[str]) -> bool:
    columns = ", ".join(key)
    missing = " or ".join(f"{column} is null" for column in key)
    rows = warehouse.query_and_wait(
        f"select 1 from `{name}` where {filter_all(table)} group by {columns} "
        f"having count(*) > 1 or countif({missing}) > 0 limit 1"
    )
    return not list(rows)
