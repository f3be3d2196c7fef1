"""Columns of INFORMATION_SCHEMA.JOBS, and PARTITIONS of a table that is partitioned by a range of numbers.

Version: local-bigquery 0.3.2.
Reason: the warehouse queries `labels`, `total_bytes_billed` and `total_slot_ms`, which JOBS lacks. PARTITIONS
raises an error for a table with a range of numbers: it formats the numbers as days.
Upstream change that removes it: these columns, and a case for rangePartitioning.
https://cloud.google.com/bigquery/docs/information-schema-jobs
"""

from collections.abc import Callable
from typing import Any

import duckdb

Partitions = Callable[[Any], list[tuple[str | None, int]]]

# Bytes are 0: nothing is billed on this machine.
COLUMNS = """
    map_entries(CAST(
        coalesce(json_extract(resource, '$.configuration.labels'), '{{}}') AS MAP(VARCHAR, VARCHAR)
    )) AS labels,
    coalesce(CAST(resource ->> '$.statistics.query.totalBytesBilled' AS BIGINT), 0) AS total_bytes_billed,
    coalesce(CAST(resource ->> '$.statistics.totalSlotMs' AS BIGINT), 0) AS total_slot_ms,
"""


def install() -> None:
    from local_bigquery.sql.rules import information_schema

    if COLUMNS not in information_schema.JOBS:
        information_schema.JOBS = information_schema.JOBS.replace("SELECT", f"SELECT{COLUMNS}", 1)
        information_schema._partitions = with_number_ranges(information_schema._partitions)


def with_number_ranges(partitions: Partitions) -> Partitions:
    def list_partitions(table: Any) -> list[tuple[str | None, int]]:
        """Reports a table with a range of numbers as one partition."""
        try:
            return partitions(table)
        except duckdb.BinderException:
            return [(None, int(table.numRows))]

    return list_partitions
