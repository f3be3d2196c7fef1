"""What the connector says to BigQuery.

Files ─▶ load job ─▶ staging.<table>_<hash> ─▶ one INSERT ─▶ raw.<table>: see docs/adr/0001."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import msgspec

from connector.batch import Batch, digest
from connector.bigquery import BigQuery, Job, Json
from connector.errors import LoadError
from connector.jobs import Jobs
from connector.logs import DriftRow, FileRow, RunRow
from connector.names import Run, path
from connector.schemas import LOAD_TIME
from connector.service import Failure
from connector.window import Covered

MOVES_ON = "('success', 'partial')"  # states of a run after which the next one starts later
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
    def __init__(self, bigquery: BigQuery, bucket: str, jobs: Jobs | None = None) -> None:
        self.bigquery = bigquery
        self.bucket = bucket
        self.jobs = jobs or Jobs(bigquery)

    def covered(self, endpoint: str) -> Covered:
        """How far earlier runs of the endpoint came; LoadError if BigQuery cannot say."""
        with asking(f"where {endpoint} ended, in ops.run_log"):
            [(until, began)] = self.bigquery.query(
                COVERED, {"endpoint": endpoint}, BYTES_BILLED, labels(endpoint)
            )
        return Covered(None if until is None else int(until), int(began or 0))

    def stage(self, batch: Batch) -> None:
        """All files into a table of their own; DataRefused if one of them cannot be read."""
        load = self.bigquery.loading(
            batch.staging,
            "WRITE_TRUNCATE",
            sourceUris=[f"gs://{self.bucket}/{path(file.stage, file.name)}" for file in batch.files],
            schema={"fields": batch.columns},
            ignoreUnknownValues=True,  # drift.py has reported them, the file keeps them
        )

        def begin(job_id: str) -> Job | None:
            return self.bigquery.insert(job_id, {"load": load, "labels": labels(batch.endpoint)})

        def lasts() -> bool:
            return self.is_there(batch.staging) or self.is_inserted(batch)

        self.jobs.once(f"connector_stage_{batch.hash}", begin, lasts)

    def insert(self, batch: Batch) -> int:
        """The staged rows into raw, with the time of the warehouse's clock: how many they are."""
        columns = ", ".join(f"`{column['name']}`" for column in batch.columns)
        sql = f"""INSERT INTO raw.`{batch.table}` ({columns}, {LOAD_TIME})
            SELECT {columns}, CURRENT_TIMESTAMP() FROM {batch.staging}"""
        query = {"query": sql, "useLegacySql": False}

        def begin(job_id: str) -> Job | None:
            return self.bigquery.insert(job_id, {"query": query, "labels": labels(batch.endpoint)})

        return self.jobs.once(insert_id(batch), begin).affected

    def unstage(self, batch: Batch) -> None:
        with asking(f"to remove {batch.staging}"):
            self.bigquery.delete(batch.staging)

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
        """Columns that a row leaves out are null; the table has the schema."""
        load = self.bigquery.loading(f"ops.{table}", "WRITE_APPEND")
        lines = b"\n".join(
            msgspec.json.encode({name: value for name, value in row.items() if value is not None})
            for row in rows
        )

        def begin(job_id: str) -> Job | None:
            return self.bigquery.upload(job_id, {"load": load}, lines)

        self.jobs.once(f"connector_{table}_{digest(what)}", begin)

    def is_inserted(self, batch: Batch) -> bool:
        job = self.jobs.find(insert_id(batch))
        return job is not None and job.status.state == "DONE" and not job.status.errorResult

    def is_there(self, table: str) -> bool:
        with asking(f"whether {table} is there"):
            return self.bigquery.has(table)


@contextmanager
def asking(what: str) -> Iterator[None]:
    """It was asked often enough; what is left is a LoadError."""
    try:
        yield
    except Failure as error:
        raise LoadError(f"BigQuery was asked {what}: {error}") from error


def insert_id(batch: Batch) -> str:
    return f"connector_insert_{batch.hash}"


def labels(endpoint: str) -> Json:
    """Cost by component and endpoint: https://cloud.google.com/bigquery/docs/labels-intro"""
    return {"component": "connector", "endpoint": re.sub(r"[^a-z0-9_-]", "_", endpoint.lower())[:63]}
