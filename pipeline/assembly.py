"""Create the clients of Google Cloud and the action of each step. The only file that creates a client."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud import run_v2
from google.cloud.dataform_v1 import DataformClient

from pipeline.batches import BatchRunner
from pipeline.dataform import DataformRunner
from pipeline.dataproc import BatchesClient
from pipeline.jobs import JobRunner
from pipeline.new_files import NewFiles
from pipeline.plan import (
    PUBLISH,
    REPORT,
    TRANSFORM,
    VERDICT,
    build_plans,
    copy_arguments,
    endpoint_of,
    list_steps,
)
from pipeline.polling import Poller
from pipeline.run import MAX_PARALLEL_STEPS, Action
from pipeline.run_record import RunRecord
from pipeline.settings import Settings
from runtime.credentials import default_credentials
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import ObjectStore, open_bucket
from runtime.structured_log import StructuredLog

SCRIPT_TIMEOUT_SECONDS = 300.0
STORAGE_CONNECTIONS = 2  # the main thread, and the one that renews the lease
# Prepares the new files of an endpoint; StepError if that fails.
Prepare = Callable[[str], None]


@dataclass(frozen=True)
class Clients:
    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    dataform: DataformClient


def create_clients(settings: Settings) -> Clients:
    """Over REST: a run sends few requests, and an endpoint can be any address."""
    credentials = default_credentials()
    run = ClientOptions(api_endpoint=settings.run_endpoint)
    dataform = ClientOptions(api_endpoint=settings.dataform_endpoint)
    return Clients(
        run_v2.JobsClient(credentials=credentials, transport="rest", client_options=run),
        run_v2.ExecutionsClient(credentials=credentials, transport="rest", client_options=run),
        DataformClient(credentials=credentials, transport="rest", client_options=dataform),
    )


def create_object_store(settings: Settings) -> ObjectStore:
    return open_bucket(default_credentials(), settings.storage_endpoint, settings.bucket, STORAGE_CONNECTIONS)


class BigQuery:
    """pipeline.run_record.Client, with BigQuery's own client behind it."""

    def __init__(self, settings: Settings) -> None:
        # Imported here: the import takes 0.7 s, and a run needs it only at its end.
        from google.cloud import bigquery

        self.client = bigquery.Client(settings.project, credentials=default_credentials())
        self.types = bigquery

    def run_script(self, sql: str, parameters: Mapping[str, str]) -> Iterable[Mapping[str, Any]]:
        values = [
            self.types.ScalarQueryParameter(name, "STRING", value) for name, value in parameters.items()
        ]
        config = self.types.QueryJobConfig(query_parameters=values, labels={"component": "pipeline"})
        return [
            dict(row.items())
            for row in self.client.query_and_wait(sql, job_config=config, wait_timeout=SCRIPT_TIMEOUT_SECONDS)
        ]


def create_actions(
    settings: Settings,
    clients: Clients,
    poller: Poller,
    schedule: str,
    record: RunRecord,
    environ: Mapping[str, str],
    prepare: Prepare | None = None,
) -> dict[str, Action]:
    """The action of each step. Dataform actions are tagged with the schedules in which they run.

    `environ` is added to the environment of every job. `prepare` is for endpoints that Spark prepares.
    """
    jobs = JobRunner(clients.jobs, clients.executions, poller, environ)
    dataform = DataformRunner(
        clients.dataform,
        settings.repository,
        settings.dataform_service_account,
        poller,
        record.add_actions,
    )

    page: Action = partial(jobs.run, settings.job(settings.report_job))
    return (
        create_copies(settings, jobs, prepare)
        | create_verdict(settings, jobs)
        | {
            TRANSFORM: partial(dataform.run, schedule),
            # Without arguments: sheets_sync publishes every export.
            PUBLISH: partial(jobs.run, settings.job(settings.sheets_sync_job)),
            REPORT: page,
        }
    )


def create_verdict(settings: Settings, jobs: JobRunner) -> dict[str, Action]:
    """The sync of the exports of ops.verdict, which a run without names leaves out."""
    names = [argument for name in settings.verdict_exports for argument in ("--export", name)]
    return {VERDICT: partial(jobs.run, settings.job(settings.sheets_sync_job), names)} if names else {}


def create_copies(settings: Settings, jobs: JobRunner, prepare: Prepare | None) -> dict[str, Action]:
    """The steps of the connector: those of the daily plan, which contains the steps of all schedules."""
    connector = settings.job(settings.connector_job)
    prepared = settings.spark.endpoints if settings.spark else {}

    def copy(step: str) -> None:
        endpoint = endpoint_of(step)
        if prepare and endpoint in prepared:
            prepare(endpoint)
        jobs.run(connector, copy_arguments(step), settings.tasks.get(endpoint, 1))

    steps = list_steps(build_plans(settings.endpoints)["daily"])
    return {step: partial(copy, step) for step in steps if step not in (TRANSFORM, PUBLISH)}


def create_preparation(settings: Settings, poller: Poller, run_id: str, log: StructuredLog) -> Prepare | None:
    """None if no endpoint declares `prepare: spark`."""
    if settings.spark is None:
        return None
    # One connection per step that may run at the same time.
    session = open_session(MAX_PARALLEL_STEPS)
    credentials = default_credentials()
    client = BatchesClient(ApiClient(session, credentials, settings.dataproc_endpoint, frozenset()))
    now = partial(datetime.now, UTC)

    def open_by_name(bucket: str) -> ObjectStore:
        return open_bucket(credentials, settings.storage_endpoint, bucket, 1)

    new_files = NewFiles(open_by_name, log)
    return BatchRunner(client, settings.spark, settings.location, run_id, poller, log, now, new_files).run


def create_rollback(
    settings: Settings, clients: Clients, poller: Poller, environ: Mapping[str, str]
) -> Callable[[Sequence[str]], str]:
    """A function that starts the job `restore` with arguments; it waits for this run's lease."""
    jobs = JobRunner(clients.jobs, clients.executions, poller, environ)
    return partial(jobs.start, settings.job(settings.restore_job))
