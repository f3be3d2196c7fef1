"""Metrics of the warehouse after a Dataform run: one log line whose facts alerts compare with their limits.

The query reads sizes and times of tables and no rows: roles/bigquery.metadataViewer is sufficient.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from runtime.structured_log import StructuredLog

TIMEOUT_SECONDS = 60.0
# Reject tables have one partition per day of files; rows without a day are in __NULL__, which is not counted.
QUERY = r"""
with tables as (
  select dataset_id, table_id, row_count, last_modified_time from ods.__TABLES__
  union all
  select dataset_id, table_id, row_count, last_modified_time from dmt.__TABLES__
)
select
  (select sum(row_count) from tables where table_id = 'sales_orphans') as orphans,
  (select sum(row_count) from tables where table_id = 'sales_items') as known_lines,
  (select max(last_modified_time) from tables where dataset_id = 'ods' and table_id = 'sales') as newest_ms,
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


def log_metrics(connect: Callable[[], Client], log: StructuredLog) -> None:
    """Log the metrics, or a warning: a failed measurement must not fail a run that transformed its data."""
    try:
        [row] = connect().query_and_wait(QUERY, wait_timeout=TIMEOUT_SECONDS)
    except (GoogleAPIError, GoogleAuthError) as error:
        log(f"could not measure the tables of Dataform: {error}", "WARNING")
    else:
        log("measured the tables of Dataform", **read_metrics(row))


def read_metrics(row: Mapping[str, Any]) -> dict[str, Any]:
    """`orphan_rate` is a fraction of all sale lines; `rejects` counts yesterday's and today's files."""
    orphans = row["orphans"] or 0
    lines = orphans + (row["known_lines"] or 0)
    metrics = {"orphans": orphans, "orphan_rate": round(orphans / lines, 6) if lines else 0.0}
    metrics["rejects"] = row["rejects"] or 0
    if row["newest_ms"]:
        metrics["age_minutes"] = (row["now_ms"] - row["newest_ms"]) // 60_000
    return metrics
