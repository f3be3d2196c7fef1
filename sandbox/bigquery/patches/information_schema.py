"""Columns of INFORMATION_SCHEMA.JOBS and PARTITIONS that the warehouse queries and local-bigquery lacks.

Version: local-bigquery 0.3.2.
Reason: JOBS has no `labels`, `total_bytes_billed`, `total_slot_ms` and `destination_table`; PARTITIONS has no
`total_logical_bytes` and `last_modified_time`, names months and years as days, and raises an error for a table with a
range of numbers.
Upstream change that removes it: these columns, and a case for each kind of partitioning.
https://cloud.google.com/bigquery/docs/information-schema-jobs
https://cloud.google.com/bigquery/docs/information-schema-partitions
"""

from typing import Any

import duckdb

# Bytes are 0: nothing is billed on this machine.
COLUMNS = """
    map_entries(CAST(
        coalesce(json_extract(resource, '$.configuration.labels'), '{{}}') AS MAP(VARCHAR, VARCHAR)
    )) AS labels,
    coalesce(CAST(resource ->> '$.statistics.query.totalBytesBilled' AS BIGINT), 0) AS total_bytes_billed,
    coalesce(CAST(resource ->> '$.statistics.totalSlotMs' AS BIGINT), 0) AS total_slot_ms,
    struct_pack(
        project_id := resource ->> '$.configuration.query.destinationTable.projectId',
        dataset_id := resource ->> '$.configuration.query.destinationTable.datasetId',
        table_id := resource ->> '$.configuration.query.destinationTable.tableId'
    ) AS destination_table,
"""
PARTITION_NAMES = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
type Partition = tuple[str | None, int, Any]


def install() -> None:
    from local_bigquery.sql.rules import information_schema

    if COLUMNS not in information_schema.JOBS:
        information_schema.JOBS = information_schema.JOBS.replace("SELECT", f"SELECT{COLUMNS}", 1)
        information_schema.partitions = partitions
        information_schema.VIEWS["PARTITIONS"] = partitions


def partitions(project_id: str, dataset_id: str | None) -> tuple[list[str], list[list[Any]]]:
    """The columns, and a row for each partition. Bytes are the table's, in proportion to the rows."""
    from local_bigquery.sql.rules import information_schema as upstream

    columns = ["total_rows INT64", "total_logical_bytes INT64", "last_modified_time TIMESTAMP"]
    rows = [
        [*upstream._identity(table), name, size, share_of_bytes(table, size), moment, "ACTIVE"]
        for table in upstream._tables(project_id, dataset_id)
        for name, size, moment in list_partitions(table)
    ]
    return [*upstream.IDENTITY, "partition_id", *columns, "storage_tier"], rows


def share_of_bytes(table: Any, rows: int) -> int:
    total = int(table.numRows or 0)
    return int(table.numBytes or 0) * rows // total if total else 0


def list_partitions(table: Any) -> list[Partition]:
    """Days or months with their rows and the time of the newest one; a range of numbers is one partition."""
    from local_bigquery.catalog import tables
    from local_bigquery.engine import database
    from local_bigquery.sql.rules import information_schema as upstream

    partitioning, name = table.timePartitioning, tables.name(*upstream._identity(table))
    whole: list[Partition] = [(None, int(table.numRows), upstream._timestamp(table.lastModifiedTime))]
    if not (partitioning and partitioning.field) or table.type != "TABLE":
        return whole
    form = PARTITION_NAMES.get(partitioning.type, PARTITION_NAMES["DAY"])
    day = f"coalesce(strftime({database.quote(partitioning.field)}, '{form}'), '__NULL__')"
    snapshots = f"ducklake_snapshots('{table.tableReference.projectId}')"
    try:
        days = database.fetch(
            f"WITH day AS (SELECT {day} AS name, count(*) AS size, max(snapshot_id) AS newest"
            f" FROM {name} GROUP BY 1) SELECT day.name, day.size, CAST(snapshot.snapshot_time AS VARCHAR)"
            f" FROM day LEFT JOIN {snapshots} AS snapshot ON snapshot.snapshot_id = day.newest ORDER BY 1"
        )
    except duckdb.BinderException:
        return whole
    except duckdb.CatalogException:
        return []
    return [(name, size, upstream._timestamp(moment)) for name, size, moment in days]
