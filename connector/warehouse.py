"""What the connector says to BigQuery. With jobs.py the only file that imports google.cloud.bigquery.

Files ─▶ load job ─▶ staging.<table>_<hash> ─▶ one INSERT ─▶ raw.<table>: see docs/adr/0001."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from connector.batch import Batch, digest
from connector.errors import LoadError
from connector.jobs import Job, Jobs
from connector.logs import DriftRow, FileRow, RunRow
from connector.names import Run, path
from connector.schemas import LOAD_TIME
from connector.window import Covered

MOVES_ON = "('success', 'partial')"  # states of a run after which the next one starts later
ONCE = Retry(predicate=if_exception_type())  # the client sends once, jobs.py decides about a second time
# Windows in the order of their starts; one that begins after all before it have ended starts a new stretch.
# A back-fill ahead of the others is a stretch of its own, so what lies between is still asked for.
COVERED = f"""
WITH windows AS (
  SELECT window_from, window_until, started_at
  FROM ops.run_log
  WHERE endpoint = @endpoint AND status IN {MOVES_ON} AND window_from IS NOT NULL AND window_until IS NOT NULL
),
reaches AS (
  SELECT *, MAX(window_until) OVER (
    ORDER BY window_from, window_until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS reached
  FROM windows
),
stretches AS (
  SELECT *, COUNTIF(window_from > reached + 1) OVER (
    ORDER BY window_from, window_until ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS stretch
  FROM reaches
)
SELECT
  (
    SELECT MAX(window_until) FROM stretches
    WHERE stretch = (SELECT stretch FROM stretches ORDER BY started_at, window_from LIMIT 1)
  ),
  (SELECT UNIX_MILLIS(MAX(started_at)) FROM ops.run_log WHERE endpoint = @endpoint)
"""
BYTES_BILLED = 10**9  # of the question where to start: the log is a few KB


class Warehouse:
    def __init__(self, client: bigquery.Client, bucket: str, jobs: Jobs | None = None) -> None:
        self.client = client
        self.bucket = bucket
        self.jobs = jobs or Jobs(client)

    def covered(self, endpoint: str) -> Covered:
        """How far earlier runs of the endpoint came; LoadError if BigQuery cannot say."""
        parameter = bigquery.ScalarQueryParameter("endpoint", "STRING", endpoint)
        config = bigquery.QueryJobConfig(
            query_parameters=[parameter], maximum_bytes_billed=BYTES_BILLED, labels=labels(endpoint)
        )
        with asking(f"where {endpoint} ended, in ops.run_log"):
            [(until, began)] = self.client.query_and_wait(COVERED, job_config=config)
        return Covered(until, began or 0)

    def stage(self, batch: Batch) -> None:
        """All files into a table of their own; DataRefused if one of them cannot be read."""
        uris = [f"gs://{self.bucket}/{path(file.stage, file.name)}" for file in batch.files]
        config = bigquery.LoadJobConfig(
            schema=[bigquery.SchemaField.from_api_repr(column) for column in batch.columns],
            source_format="NEWLINE_DELIMITED_JSON",
            write_disposition="WRITE_TRUNCATE",
            ignore_unknown_values=True,  # drift.py has reported them, the file keeps them
            labels=labels(batch.endpoint),
        )

        def begin(job_id: str) -> Job:
            return self.client.load_table_from_uri(
                uris, self.table(batch.staging), job_id=job_id, job_config=config, retry=ONCE
            )

        def lasts() -> bool:
            return self.is_there(batch.staging) or self.is_inserted(batch)

        self.jobs.once(f"connector_stage_{batch.hash}", begin, lasts)

    def insert(self, batch: Batch) -> int:
        """The staged rows into raw, with the time of the warehouse's clock: how many they are."""
        columns = ", ".join(f"`{column['name']}`" for column in batch.columns)
        sql = f"""INSERT INTO raw.`{batch.table}` ({columns}, {LOAD_TIME})
            SELECT {columns}, CURRENT_TIMESTAMP() FROM {batch.staging}"""
        config = bigquery.QueryJobConfig(labels=labels(batch.endpoint))

        def begin(job_id: str) -> Job:
            return self.client.query(sql, job_id=job_id, job_config=config, retry=ONCE, job_retry=None)

        return int(self.jobs.once(insert_id(batch), begin).num_dml_affected_rows)

    def unstage(self, batch: Batch) -> None:
        with asking(f"to remove {batch.staging}"):
            self.client.delete_table(self.table(batch.staging), not_found_ok=True)

    def log_run(self, row: RunRow, what: str) -> None:
        """One row of ops.run_log; once for the same run and `what`."""
        self.log("run_log", [asdict(row)], [row.run_id, what])

    def log_files(self, rows: list[FileRow], run: Run) -> None:
        """Rows of ops.file_log; once for the same run."""
        self.log("file_log", [asdict(row) for row in rows], [run.id])

    def log_drift(self, rows: list[DriftRow], run: Run) -> None:
        """Rows of ops.drift; once for the same run."""
        self.log("drift", [asdict(row) for row in rows], [run.id])

    def log(self, table: str, rows: list[dict[str, Any]], what: list[str]) -> None:
        target = self.table(f"ops.{table}")
        records = [{name: value for name, value in row.items() if value is not None} for row in rows]
        with asking(f"for the columns of ops.{table}"):
            config = bigquery.LoadJobConfig(schema=self.client.get_table(target).schema)

        def begin(job_id: str) -> Job:
            return self.client.load_table_from_json(records, target, job_id=job_id, job_config=config)

        self.jobs.once(f"connector_{table}_{digest(what)}", begin)

    def is_inserted(self, batch: Batch) -> bool:
        job = self.jobs.find(insert_id(batch))
        return job is not None and job.state == "DONE" and not job.error_result

    def is_there(self, table: str) -> bool:
        with asking(f"whether {table} is there"):
            try:
                self.client.get_table(self.table(table))
            except NotFound:
                return False
        return True

    def table(self, name: str) -> str:
        return f"{self.client.project}.{name}"


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Google's clients have tried long enough by themselves; what is left is a LoadError."""
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        raise LoadError(f"BigQuery was asked {what}: {error}") from error


def insert_id(batch: Batch) -> str:
    return f"connector_insert_{batch.hash}"


def labels(endpoint: str) -> dict[str, str]:
    """Cost by component and endpoint: https://cloud.google.com/bigquery/docs/labels-intro"""
    return {"component": "connector", "endpoint": re.sub(r"[^a-z0-9_-]", "_", endpoint.lower())[:63]}
