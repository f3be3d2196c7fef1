"""Requests to BigQuery about a table: load objects into it, select from it, delete it. Each is retried."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud.bigquery import LoadJob, LoadJobConfig, QueryJobConfig, SchemaField

from connector.errors import LoadError
from connector.load.bigquery_jobs import NO_RETRY, REQUEST_TIMEOUT_SECONDS, BigQueryJobs
from runtime.errors import describe_error
from runtime.google_errors import CLIENT_ERRORS

QUERY_TIMEOUT_SECONDS = 300.0


class BigQueryTables:
    """LoadError for an error that is left after all retries."""

    def __init__(self, jobs: BigQueryJobs) -> None:
        self.jobs = jobs
        self.client = jobs.client

    def exists(self, table: str) -> bool:
        with wrap_errors(f"check whether {table} exists"):
            try:
                self.jobs.read(lambda: self.client.get_table(table, retry=NO_RETRY))
            except NotFound:
                return False
        return True

    def schema_of(self, table: str) -> list[SchemaField]:
        """Given explicitly, because load_table_from_json would detect the types otherwise."""
        with wrap_errors(f"read the schema of {table}"):
            return list(self.jobs.read(lambda: self.client.get_table(table, retry=NO_RETRY)).schema)

    def load_objects(
        self,
        job_id: str,
        uris: list[str],
        table: str,
        config: LoadJobConfig,
        output_exists: Callable[[], bool],
    ) -> None:
        full_name = f"{self.client.project}.{table}"

        def submit(job_id: str) -> LoadJob:
            return self.client.load_table_from_uri(
                uris,
                full_name,
                job_id=job_id,
                job_config=config,
                retry=NO_RETRY,
                timeout=REQUEST_TIMEOUT_SECONDS,
            )

        self.jobs.run_once(job_id, submit, output_exists)

    def select_row(self, sql: str, config: QueryJobConfig) -> tuple[Any, ...]:
        """The only row of a query."""
        [row] = self.select(sql, config)
        return row

    def select(self, sql: str, config: QueryJobConfig) -> list[tuple[Any, ...]]:
        """The rows of a query; retried while its errors are transient."""

        def read_rows() -> list[tuple[Any, ...]]:
            rows = self.client.query_and_wait(
                sql,
                job_config=config,
                retry=NO_RETRY,
                job_retry=NO_RETRY,
                wait_timeout=QUERY_TIMEOUT_SECONDS,
            )
            return [tuple(row.values()) for row in rows]

        return self.jobs.read(read_rows)

    def drop(self, table: str) -> None:
        with wrap_errors(f"delete {table}"):
            self.jobs.read(
                lambda: self.client.delete_table(
                    table, retry=NO_RETRY, timeout=REQUEST_TIMEOUT_SECONDS, not_found_ok=True
                )
            )


@contextmanager
def wrap_errors(action: str) -> Iterator[None]:
    """An error that is left after all retries is a LoadError."""
    try:
        yield
    except CLIENT_ERRORS as error:
        raise LoadError(f"BigQuery could not {action}: {describe_error(error)}") from error


def load_config(schema: list[SchemaField], endpoint: str) -> LoadJobConfig:
    """For lines of JSON. A repeated load replaces the rows of the first one."""
    return LoadJobConfig(
        schema=schema,
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        labels=cost_labels(endpoint),
    )


def cost_labels(endpoint: str) -> dict[str, str]:
    """Cost by component and endpoint: https://cloud.google.com/bigquery/docs/labels-intro"""
    return {"component": "connector", "endpoint": re.sub(r"[^a-z0-9_-]", "_", endpoint.lower())[:63]}
