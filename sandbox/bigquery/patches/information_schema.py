"""Views of INFORMATION_SCHEMA as far as our queries need them and local-bigquery 0.3.2 does not have them.

JOBS: the columns that a cost is counted by, read off the jobs that it keeps. Nothing is billed on this
machine, so the bytes are 0; labels are those that a job was sent with.
https://cloud.google.com/bigquery/docs/information-schema-jobs
"""

from collections.abc import Callable
from typing import Any

import duckdb

Partitions = Callable[[Any], list[tuple[str | None, int]]]

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
        information_schema._partitions = whole(information_schema._partitions)


def whole(partitions: Partitions) -> Partitions:
    """PARTITIONS takes a table by a range of numbers for one by days, and fails: it is one partition here."""

    def found(table: Any) -> list[tuple[str | None, int]]:
        try:
            return partitions(table)
        except duckdb.BinderException:
            return [(None, int(table.numRows))]

    return found
