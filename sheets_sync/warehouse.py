"""BigQuery: reads rows of a mart and appends rows to the tables of ops."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from runtime.google_errors import CLIENT_ERRORS
from sheets_sync import raw_table
from sheets_sync.errors import WarehouseError
from sheets_sync.export import Export
from sheets_sync.row_filter import filter_condition, filter_parameters
from sheets_sync.seen import LastRun, Seen, digest

LOG_DATASET = "ops"
PARAMETER_TYPES: dict[type, str] = {str: "STRING", datetime: "TIMESTAMP"}
# Peak of a whole job, measured: 448 MB for 887,000 cells, 562 MB for 1,330,000.
BASE_MEMORY, MEMORY_PER_CELL = 140_000_000, 350  # bytes
# Of all jobs of the package, so that ops.costs has the cost of each export. The values of labels have at most 63
# characters: https://cloud.google.com/bigquery/docs/labels-intro#requirements
COMPONENT = {"component": "sheets-sync"}
MAX_LABEL = 63


@dataclass(frozen=True)
class Mart:
    """Rows in the export's order, values in the order of its columns; `types` are BigQuery's, by column.

    version: identifies the content, the same for equal rows; "" if unknown.
    """

    types: Mapping[str, str]
    rows: list[tuple[Any, ...]]
    version: str = ""


class Warehouse:
    """`memory_limit`: bytes that the job may use; a mart that needs more is an error before it is read.

    Without that check Cloud Run would end the job, and with it the sync of all later exports.
    """

    def __init__(self, client: bigquery.Client, memory_limit: int | None = None) -> None:
        self.client = client
        self.memory_limit = memory_limit

    @property
    def project(self) -> str:
        return str(self.client.project)

    def read_types(self, export: Export) -> Mart:
        """The types of an export's columns, without rows; STRING for all if the mart is broken."""
        try:
            schema = self.client.get_table(f"{self.project}.{export.source}").schema
        except CLIENT_ERRORS:
            # A restore must also work while the mart is broken.
            schema = []
        types = {field.name: field.field_type for field in schema}
        types |= {column.name: column.type for column in export.columns if column.type}
        return Mart({name: types.get(name, "STRING") for name in export.names}, [])

    def read_version(self, export: Export) -> str:
        """What identifies the rows of the export's table now, without reading them; "" if that is unknown."""
        with translate_errors(export, self.project):
            return table_version(self.client.get_table(f"{self.project}.{export.source}"), export)

    def read_mart(self, export: Export) -> Mart:
        """WarehouseError if the table, a column or a grant is missing."""
        name = f"{self.project}.{export.source}"
        with translate_errors(export, self.project):
            table = self.client.get_table(name)
            types = {field.name: field.field_type for field in table.schema}
            used = dict.fromkeys([*export.names, *export.row_filter])
            missing = [column for column in used if column not in types]
            if missing:
                raise WarehouseError(
                    f"Export {export.name} uses columns that {export.source} does not have: "
                    f"{', '.join(missing)}. Available: {', '.join(types)}."
                )
            # REST, because the Storage Read API needs one more role and is not faster for a mart's size.
            if export.is_raw:
                return self._read_raw_table(name, export)
            parameters = filter_parameters(export.row_filter, types)
            config = bigquery.QueryJobConfig(query_parameters=parameters, labels=job_labels(export.name))
            rows = self._fetch_rows(export, select_rows(name, export), config)
            # `table` is older than the query: a change during the query gives the next run another version.
            return Mart(types, rows, table_version(table, export) or digest(rows))

    def _fetch_rows(
        self, export: Export, query: str, config: bigquery.QueryJobConfig
    ) -> list[tuple[Any, ...]]:
        result = self.client.query_and_wait(query, job_config=config)
        # Before the loop, which fetches the pages: Cloud Run would end the job, with all later exports.
        self.check_memory(export, result.total_rows or 0)
        return [tuple(row.values()) for row in result]

    def check_memory(self, export: Export, rows: int) -> None:
        needed = BASE_MEMORY + rows * len(export.columns) * MEMORY_PER_CELL
        if self.memory_limit is not None and needed > self.memory_limit:
            raise WarehouseError(
                f"Export {export.name} has {rows:,} rows of {len(export.columns)} columns, which need about "
                f"{needed / 1e6:,.0f} MB; the job has {self.memory_limit / 1e6:,.0f} MB. Raise memory.sheets_sync "
                "in the environment's tfvars, or give the export fewer rows or columns."
            )

    def _read_raw_table(self, table: str, export: Export) -> Mart:
        query = raw_table.select_valid_rows(table, export)
        config = bigquery.QueryJobConfig(labels=job_labels(export.name))
        rows = self._fetch_rows(export, query, config)
        # Not an empty mart: a mirror would remove its rows because an endpoint is no longer copied.
        if not rows:
            raise WarehouseError(
                f"{export.source} has no rows of the last {raw_table.MAX_COPY_AGE_DAYS} days. Check that its "
                "endpoint is still copied."
            )
        types = {column.name: column.type or "STRING" for column in export.columns}
        converted = raw_table.convert_rows(export, rows)
        return Mart(types, converted, digest(converted))

    def read_last_runs(self, since: datetime) -> dict[str, LastRun]:
        """The newest run of each export after `since`, if it recorded what it saw. A failed run records nothing."""
        table = f"{LOG_DATASET}.sync_run"
        newest = "started_at >= @since QUALIFY ROW_NUMBER() OVER (PARTITION BY export ORDER BY started_at DESC) = 1"
        columns = ["export", "`rows`", "title", "link", "seen"]
        runs = self.query_rows(table, columns, newest, "export", since=since)
        seen = {run["export"]: Seen.from_json(run["seen"]) for run in runs}
        return {
            run["export"]: LastRun(run["rows"], run["title"], run["link"], saw)
            for run in runs
            if (saw := seen[run["export"]])
        }

    def read_last_success(self, export: str, since: datetime) -> datetime | None:
        """Begin of the last run of an export that did not fail, if it began after `since`."""
        where = "export = @export AND status != 'failed' AND started_at >= @since"
        rows = self.query_rows(
            f"{LOG_DATASET}.sync_run", ["started_at"], where, "started_at DESC", export=export, since=since
        )
        return rows[0]["started_at"] if rows else None

    def append_log(self, name: str, run_id: str, export: str, rows: Sequence[dict[str, Any]]) -> None:
        """Append to ops.<name>, once per run and export."""
        self.append_rows(f"{LOG_DATASET}.{name}", rows, job_id=f"sheets_sync_{name}_{run_id}_{export}")

    def append_rows(self, table: str, rows: Sequence[dict[str, Any]], job_id: str) -> None:
        """Append by a load job, which is free and has no streaming buffer.

        Idempotent: rows that are sent again with the same `job_id` are appended once. Raises WarehouseError.
        """
        try:
            target = self.client.get_table(f"{self.project}.{table}")
            config = bigquery.LoadJobConfig(
                schema=target.schema, write_disposition="WRITE_APPEND", labels=COMPONENT
            )
            try:
                self.client.load_table_from_json(rows, target, job_id=job_id, job_config=config).result()
            except Conflict:  # the job was submitted before
                self.client.get_job(job_id).result()
        except CLIENT_ERRORS as error:
            raise WarehouseError(f"{table} could not be written: {error}") from error

    def query_rows(
        self, table: str, columns: Sequence[str], where: str, order: str, **parameters: str | datetime
    ) -> list[dict[str, Any]]:
        """Rows as {column: value}. `where` refers to its parameters as @name. Raises WarehouseError."""
        sql = f"SELECT {', '.join(columns)} FROM `{self.project}.{table}` WHERE {where} ORDER BY {order}"
        query_parameters = [
            bigquery.ScalarQueryParameter(name, PARAMETER_TYPES[type(value)], value)
            for name, value in parameters.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=query_parameters, labels=COMPONENT)
        try:
            return [dict(row) for row in self.client.query_and_wait(sql, job_config=config)]
        except CLIENT_ERRORS as error:
            raise WarehouseError(f"{table} could not be read: {error}") from error


def select_rows(table: str, export: Export) -> str:
    """The key is appended to the order, so that rows which are equal in it always have the same order."""
    order = [f"`{item.column}`{' DESC' if item.descending else ''}" for item in export.order]
    ordered = {item.column for item in export.order}
    order += [f"`{column}`" for column in export.key if column not in ordered]
    columns = ", ".join(f"`{column}`" for column in export.names)
    condition = filter_condition(export.row_filter)
    return f"SELECT {columns} FROM `{table}`{condition} ORDER BY {', '.join(order)}"


@contextmanager
def translate_errors(export: Export, project: str) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        remedy = describe_remedy(export)
        raise WarehouseError(f"There is no table {export.source} in {project}. {remedy}") from error
    except CLIENT_ERRORS as error:
        raise WarehouseError(f"{export.source} could not be read: {error}") from error


def describe_remedy(export: Export) -> str:
    """How the table of an export comes into being."""
    if export.is_verdict:
        return "Apply Terraform to create it."
    return "Declare it in connector/sources." if export.is_raw else "Release and run Dataform to create it."


def table_version(table: bigquery.Table, export: Export) -> str:
    """Time of the last modification, with the number of rows; "" if rows can change without a new time.

    A view changes with its tables. The rows of a raw export also depend on the time of the run. Rows in the
    streaming buffer and expired partitions are not known to change the time (unverified).
    https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table.FIELDS.last_modified_time
    """
    is_known = table.table_type == "TABLE" and not export.is_raw and table.modified is not None
    partitioning = table.time_partitioning
    if not is_known or table.streaming_buffer or (partitioning and partitioning.expiration_ms):
        return ""
    return f"{table.modified.isoformat()}/{table.num_rows}"


def job_labels(export: str) -> dict[str, str]:
    return COMPONENT | {"export": export[:MAX_LABEL]}
