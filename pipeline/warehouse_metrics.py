"""Metrics of the warehouse after a Dataform run: one log line whose facts alerts compare with their limits.

Sizes and times of tables, no rows: roles/bigquery.metadataViewer is sufficient. `__TABLES__` is not used: it
requires bigquery.tables.getData, which that role does not have:
https://cloud.google.com/bigquery/docs/information-schema-partitions
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError

from runtime.structured_log import StructuredLog

TIMEOUT_SECONDS = 60.0
SALES_TABLE = "ods.sales"
# Reject tables have one partition per day of files; rows without a day are in __NULL__, which is not counted.
QUERY = r"""
with partitions as (
  select table_schema, table_name, partition_id, total_rows from ods.INFORMATION_SCHEMA.PARTITIONS
  union all
  select table_schema, table_name, partition_id, total_rows from dmt.INFORMATION_SCHEMA.PARTITIONS
)
select
  sum(if(table_schema = 'ods' and table_name = 'sales_orphans', total_rows, 0)) as orphans,
  sum(if(table_schema = 'dmt' and table_name = 'sales_items', total_rows, 0)) as known_lines,
  sum(
    if(
      table_schema = 'ods' and ends_with(table_name, '_rejects')
        and regexp_contains(partition_id, r'^\d{8}$')
        and partition_id >= format_date('%Y%m%d', date_sub(current_date(), interval 1 day)),
      total_rows, 0
    )
  ) as rejects
from partitions
"""
# Results of the run that has just ended: dataform/definitions/assertions/quality.sqlx.
QUALITY = """
select format('%s%s %s', table_name, ifnull(concat('.', column_name), ''), rule) as name
from ops.quality_results
where level = 'warn' and checked_at = (
  select max(checked_at)
  from ops.quality_results
  where checked_at >= timestamp_sub(current_timestamp(), interval 1 hour)
) and checked_at >= timestamp_sub(current_timestamp(), interval 1 hour)
order by name
"""


class Table(Protocol):
    """google.cloud.bigquery.Table."""

    @property
    def modified(self) -> datetime | None: ...


class Client(Protocol):
    """google.cloud.bigquery.Client."""

    project: str

    def query_and_wait(self, query: str, *, wait_timeout: float) -> Iterable[Mapping[str, Any]]: ...

    def get_table(self, table: str, *, timeout: float) -> Table: ...


def log_metrics(connect: Callable[[], Client], log: StructuredLog) -> None:
    """Log the metrics, or a warning: a failed measurement must not fail a run that transformed its data.

    The fact `measurement` of the warning is what the alert measurement-failed counts: without the metrics the
    alerts on orphans and rejects stay silent.
    """
    try:
        client = connect()
        [row] = client.query_and_wait(QUERY, wait_timeout=TIMEOUT_SECONDS)
        facts = read_metrics(row) | read_age(client) | read_warnings(client)
    except (GoogleAPIError, GoogleAuthError) as error:
        log(f"could not measure the tables of Dataform: {error}", "WARNING", measurement="failed")
    else:
        log("measured the tables of Dataform", **facts)


def read_metrics(row: Mapping[str, Any]) -> dict[str, Any]:
    """`orphan_rate` is a fraction of all sale lines; `rejects` counts yesterday's and today's files."""
    orphans = row["orphans"] or 0
    lines = orphans + (row["known_lines"] or 0)
    metrics = {"orphans": orphans, "orphan_rate": round(orphans / lines, 6) if lines else 0.0}
    metrics["rejects"] = row["rejects"] or 0
    return metrics


def read_age(client: Client) -> dict[str, int]:
    """`age_minutes` since the last change of ods.sales; nothing before its first run."""
    try:
        modified = client.get_table(f"{client.project}.{SALES_TABLE}", timeout=TIMEOUT_SECONDS).modified
    except NotFound:
        return {}
    if modified is None:
        return {}
    return {"age_minutes": int((datetime.now(UTC) - modified).total_seconds() // 60)}


def read_warnings(client: Client) -> dict[str, Any]:
    """`quality_warnings`: how many checks warned, and which; nothing where the table does not exist."""
    try:
        names = [str(row["name"]) for row in client.query_and_wait(QUALITY, wait_timeout=TIMEOUT_SECONDS)]
    except NotFound:
        return {}
    return {"quality_warnings": len(names), "quality_warned": ", ".join(names)}
