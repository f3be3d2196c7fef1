"""What the connector requests from BigQuery: five calls per run, none in a loop.

Files → load job → staging.<table>_<hash> → one INSERT → raw.<table>: see docs/adr/0001.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from google.cloud import bigquery
from google.cloud.bigquery import (
    LoadJob,
    LoadJobConfig,
    QueryJob,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
)

from connector.errors import InvalidData
from connector.landing.names import Run, path
from connector.load.batch import Batch, digest
from connector.load.bigquery_jobs import NO_RETRY, REQUEST_TIMEOUT_SECONDS, BigQueryJobs
from connector.load.bigquery_tables import BigQueryTables, cost_labels, load_config, wrap_errors
from connector.load.key_comparison import MAX_DIFFERENCES, KeyList, MissedKey, comparison_query
from connector.load.loader import KeyCounts
from connector.load.run_log import DriftRow, FileRow, RunRow
from connector.load.watermark_query import WATERMARK_QUERY
from connector.raw_schema import LOAD_TIME
from connector.sources.window import Watermark

MAX_BYTES_BILLED = 10**9  # of the watermark query: the log has a few KB


class Warehouse:
    def __init__(self, jobs: BigQueryJobs, bucket: str) -> None:
        self.jobs = jobs
        self.client = jobs.client
        self.tables = BigQueryTables(jobs)
        self.bucket = bucket

    def read_watermark(self, source: str, endpoint: str) -> Watermark:
        """How far earlier runs of the endpoint have copied."""
        config = QueryJobConfig(
            query_parameters=[
                ScalarQueryParameter("source", "STRING", source),
                ScalarQueryParameter("endpoint", "STRING", endpoint),
            ],
            # The log grows with every run: the limit turns an unexpected growth into an error.
            maximum_bytes_billed=MAX_BYTES_BILLED,
            labels=cost_labels(endpoint),
        )
        with wrap_errors(f"read the watermark of {endpoint} from ops.run_log"):
            until, newest_start = self.tables.select_row(WATERMARK_QUERY, config)
        return Watermark(until, newest_start or 0)

    def stage(self, batch: Batch) -> None:
        """Load all files into a staging table; InvalidData if one of them cannot be read."""
        uris = [f"gs://{self.bucket}/{path(file.stage, file.name, batch.root)}" for file in batch.files]

        def output_exists() -> bool:
            # After the insert the staging table is dropped, and is not needed again.
            return self.tables.exists(batch.staging) or self.is_inserted(batch)

        self._load(f"connector_stage_{batch.stage_hash}", uris, batch.staging, batch, output_exists)

    def _load(
        self, job_id: str, uris: list[str], table: str, batch: Batch, output_exists: Callable[[], bool]
    ) -> None:
        config = load_config([SchemaField.from_api_repr(column) for column in batch.columns], batch.endpoint)
        config.ignore_unknown_values = True  # schema_drift.py has reported them; the file keeps them
        self.tables.load_objects(job_id, uris, table, config, output_exists)

    def check_part(self, batch: Batch, name: str) -> str | None:
        """Why the object `name`, some lines of a file, cannot be loaded; None if it can."""
        job_hash = digest(batch.stage_hash, name)
        table = f"staging.{batch.table}_{job_hash}"
        try:
            self._load(
                f"connector_part_{job_hash}", [f"gs://{self.bucket}/{name}"], table, batch, lambda: True
            )
        except InvalidData as error:
            return " ".join(error.messages)
        finally:
            self.tables.drop(table)
        return None

    def count_keys(self, batch: Batch) -> KeyCounts:
        """Repeated and missing keys of the staged rows; none if the rows were inserted by an earlier attempt."""
        # A key without a column in raw was reported by `check`; it must not fail a load.
        names = {column["name"] for column in batch.columns}
        if not batch.key or not names.issuperset(batch.key) or self.is_inserted(batch):
            return KeyCounts()
        key = ", ".join(f"`{name}`" for name in batch.key)
        is_null = " OR ".join(f"`{name}` IS NULL" for name in batch.key)
        sql = f"""SELECT
              COUNT(*), COUNT(DISTINCT IF({is_null}, NULL, TO_JSON_STRING(STRUCT({key})))), COUNTIF({is_null})
            FROM {batch.staging}"""
        config = QueryJobConfig(labels=cost_labels(batch.endpoint))
        with wrap_errors(f"count the keys of {batch.staging}"):
            rows, distinct, missing = self.tables.select_row(sql, config)
        return KeyCounts(rows - missing - distinct, missing)

    def insert(self, batch: Batch) -> int:
        """Insert the staged rows into raw, with the clock of the warehouse; the number of rows."""
        # By name, not `SELECT *`: the columns of raw may be in another order than those of the file.
        columns = ", ".join(f"`{column['name']}`" for column in batch.columns)
        sql = f"""INSERT INTO raw.`{batch.table}` ({columns}, {LOAD_TIME})
            SELECT {columns}, CURRENT_TIMESTAMP() FROM {batch.staging}"""
        config = QueryJobConfig(labels=cost_labels(batch.endpoint))

        def submit(job_id: str) -> QueryJob:
            return self.client.query(
                sql,
                job_id=job_id,
                job_config=config,
                retry=NO_RETRY,
                job_retry=NO_RETRY,
                timeout=REQUEST_TIMEOUT_SECONDS,
            )

        # An adopted job reports the number of rows that the killed process inserted.
        job = cast(QueryJob, self.jobs.run_once(insert_job_id(batch), submit))
        return int(job.num_dml_affected_rows or 0)

    def drop_staging(self, batch: Batch) -> None:
        self.tables.drop(batch.staging)

    def compare_keys(self, table: KeyList, names: list[str]) -> tuple[list[MissedKey], list[MissedKey], bool]:
        """Keys whose rows are missing from raw, keys that are gone from the source, and whether there are more.

        `names`: the objects with the complete list of the source's keys.
        """
        self.tables.load_objects(
            f"connector_keys_{digest(table.run, names)}",
            [f"gs://{self.bucket}/{name}" for name in names],
            table.staging,
            load_config([SchemaField(name, "STRING") for name in table.columns], table.table),
            lambda: self.tables.exists(table.staging),
        )
        with wrap_errors(f"compare the keys of raw.{table.table}"):
            rows = self.tables.select(
                comparison_query(table), QueryJobConfig(labels=cost_labels(table.table))
            )
        self.tables.drop(table.staging)
        keys = [(is_gone, MissedKey(version, tuple(key))) for is_gone, version, *key in rows]
        # The query returns one row more than the limit, which shows that there are more.
        more, keys = len(keys) > MAX_DIFFERENCES, keys[:MAX_DIFFERENCES]
        return [key for gone, key in keys if not gone], [key for gone, key in keys if gone], more

    def log_run(self, row: RunRow, event: str) -> None:
        """One row of ops.run_log; once per run and `event`."""
        self._log("run_log", [asdict(row)], [row.run_id, event])

    def log_files(self, rows: list[FileRow], run: Run, pages: tuple[int, ...] = ()) -> None:
        """Rows of ops.file_log; once per run and `pages`, the gaps that a later process has filled."""
        self._log("file_log", [asdict(row) for row in rows], [run.id, *map(str, pages)])

    def log_drift(self, rows: list[DriftRow], run: Run, pages: tuple[int, ...] = ()) -> None:
        """Rows of ops.drift; once per run and `pages`."""
        self._log("drift", [asdict(row) for row in rows], [run.id, *map(str, pages)])

    def _log(self, table: str, rows: list[dict[str, Any]], key: list[str]) -> None:
        """Append rows by a load job, whose id makes it idempotent: a streaming insert would not be.

        The schema is that of the table; columns that a row leaves out are null.
        """
        config = LoadJobConfig(
            schema=self.tables.schema_of(f"ops.{table}"),
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        )
        present = [{name: value for name, value in row.items() if value is not None} for row in rows]

        def submit(job_id: str) -> LoadJob:
            return self.client.load_table_from_json(
                present,
                f"{self.client.project}.ops.{table}",
                job_id=job_id,
                job_config=config,
                # The content is sent again only after the job was looked up by its id.
                num_retries=0,
                timeout=REQUEST_TIMEOUT_SECONDS,
            )

        self.jobs.run_once(f"connector_{table}_{digest(key)}", submit)

    def is_inserted(self, batch: Batch) -> bool:
        """Whether its rows are in raw."""
        job = self.jobs.find(insert_job_id(batch))
        # A job that still runs does not count: the caller submits the same id and waits for it.
        return job is not None and job.state == "DONE" and not job.error_result


def insert_job_id(batch: Batch) -> str:
    return f"connector_insert_{batch.insert_hash}"
