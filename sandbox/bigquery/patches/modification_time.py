"""A table's lastModifiedTime follows its rows: loads, DML and TRUNCATE change it, as in BigQuery.

Version: local-bigquery 0.3.2.
Reason: it stores the time at which the table was created or its resource was updated, whatever its rows did since.
Upstream change that removes it: `tables.load` reads the newest snapshot that changed the table's files.
https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table.FIELDS.last_modified_time
"""

from collections.abc import Callable
from typing import Any

import duckdb

# An INSERT begins a file; a TRUNCATE ends files without beginning one, so both snapshots count.
NEWEST_CHANGE = """
SELECT epoch_ms(max(snapshot.snapshot_time))
FROM {catalog}.ducklake_table AS this
JOIN {catalog}.ducklake_schema AS parent ON parent.schema_id = this.schema_id AND parent.end_snapshot IS NULL
JOIN (
  SELECT table_id, unnest([begin_snapshot, end_snapshot]) AS changed FROM {catalog}.ducklake_data_file
  UNION ALL
  SELECT table_id, unnest([begin_snapshot, end_snapshot]) AS changed FROM {catalog}.ducklake_delete_file
) AS file ON file.table_id = this.table_id
JOIN {catalog}.ducklake_snapshot AS snapshot ON snapshot.snapshot_id = file.changed
WHERE this.end_snapshot IS NULL AND parent.schema_name = ? AND this.table_name = ?
"""


def install() -> None:
    from local_bigquery.catalog import tables

    if not hasattr(tables.load, "with_changes"):
        tables.load = with_changes(tables.load)


def with_changes(load: Callable[..., Any]) -> Callable[..., Any]:
    def load_table(project_id: str, dataset_id: str, table_id: str) -> Any:
        table = load(project_id, dataset_id, table_id)
        changed = newest_change(project_id, dataset_id, table_id) if table.type == "TABLE" else 0
        # The resource, for example its description, may have been updated after the rows.
        if changed <= int(table.lastModifiedTime or 0):
            return table
        return table.replace(lastModifiedTime=str(changed))

    load_table.with_changes = True  # type: ignore[attr-defined]
    return load_table


def newest_change(project_id: str, dataset_id: str, table_id: str) -> int:
    """Milliseconds since 1970 of the last change of the rows; 0 for a table that is not in the lake."""
    from local_bigquery.catalog import tables
    from local_bigquery.engine import database

    database_name, schema, name = tables.physical(project_id, dataset_id, table_id)
    catalog = database.quote(f"__ducklake_metadata_{database_name}")
    try:
        [(changed,)] = database.fetch(NEWEST_CHANGE.format(catalog=catalog), [schema, name])
    except duckdb.CatalogException:
        return 0
    return int(changed or 0)
