"""What Dataform made, in numbers that an alert compares with its limits: one line of the log after each run.

The query sees sizes and times of tables and no row of them: roles/bigquery.metadataViewer is enough.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from pipeline.report import Report

TIMEOUT_SECONDS = 60.0
# Rejects have a partition for each day of files; rows without a day are in __NULL__, which is no day of ours.
QUERY = r"""
with made as (
  select dataset_id, table_id, row_count, last_modified_time from ods.__TABLES__
  union all
  select dataset_id, table_id, row_count, last_modified_time from dmt.__TABLES__
)
select
  (select sum(row_count) from made where table_id = 'sales_orphans') as orphans,
  (select sum(row_count) from made where table_id = 'sales_items') as known_lines,
  (select max(last_modified_time) from made where dataset_id = 'ods' and table_id = 'sales') as newest_ms,
  unix_millis(current_timestamp()) as now_ms,
  (
    select sum(total_rows)
    from ods.INFORMATION_SCHEMA.PARTITIONS
    where ends_with(table_name, '_rejects')
      and regexp_contains(partition_id, r'^\d{8}$')
      and partition_id >= format_date('%Y%m%d', date_sub(current_date(), interval 1 day))
  ) as rejects
"""


class Client(Protocol):
    """google.cloud.bigquery.Client."""

    def query_and_wait(self, query: str, *, wait_timeout: float) -> Iterable[Mapping[str, Any]]: ...


def measure(connect: Callable[[], Client], report: Report) -> None:
    """Reports the numbers, or a warning: what has run has run, whether somebody can measure it or not."""
    try:
        [row] = connect().query_and_wait(QUERY, wait_timeout=TIMEOUT_SECONDS)
    except (GoogleAPIError, GoogleAuthError) as error:
        report(f"what Dataform made could not be measured: {error}", "WARNING")
    else:
        report("what Dataform made was measured", **numbers(row))


def numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """`orphan_rate` is a part of all sale lines, `rejects` counts those of yesterday's and today's files."""
    orphans, lines = row["orphans"] or 0, (row["orphans"] or 0) + (row["known_lines"] or 0)
    known = {"orphans": orphans, "orphan_rate": round(orphans / lines, 6) if lines else 0.0}
    age = {"age_minutes": (row["now_ms"] - row["newest_ms"]) // 60_000} if row["newest_ms"] else {}
    return known | {"rejects": row["rejects"] or 0} | age
