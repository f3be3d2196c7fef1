"""Create the clients of Google Cloud and the action of each step. The only file that creates a client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from google.api_core.client_options import ClientOptions
from google.cloud import run_v2
from google.cloud.dataform_v1 import DataformClient

from pipeline import warehouse_metrics
from pipeline.dataform import DataformRunner
from pipeline.jobs import JobRunner
from pipeline.plan import PUBLISH, TRANSFORM, build_plans, copy_arguments, list_steps
from pipeline.polling import Poller
from pipeline.run import Action
from pipeline.settings import Settings
from runtime.credentials import default_credentials
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore

LEASE_NAME = "pipeline/lease.json"
STORAGE_CONNECTIONS = 2  # the main thread, and the one that renews the lease


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
    session = open_session(STORAGE_CONNECTIONS)
    api = ApiClient(session, default_credentials(), settings.storage_endpoint, OK_STATUSES)
    return ObjectStore(api, settings.bucket)


def create_bigquery_client(settings: Settings) -> warehouse_metrics.Client:
    """Imported here: the import takes 0.7 s, and only runs that reach Dataform need it."""
    from google.cloud import bigquery

    client: warehouse_metrics.Client = bigquery.Client(settings.project, credentials=default_credentials())
    return client


def create_actions(
    settings: Settings,
    clients: Clients,
    poller: Poller,
    schedule: str,
    measure: Callable[[], None],
    environ: Mapping[str, str],
) -> dict[str, Action]:
    """The action of each step. Dataform actions are tagged with the schedules in which they run.

    `environ` is added to the environment of every job.
    """
    jobs = JobRunner(clients.jobs, clients.executions, poller, environ)
    dataform = DataformRunner(
        clients.dataform, settings.repository, settings.dataform_service_account, poller
    )

    def transform() -> None:
        dataform.run(schedule)
        measure()

    connector, sheets_sync = settings.job(settings.connector_job), settings.job(settings.sheets_sync_job)
    copies: dict[str, Action] = {
        step: partial(jobs.run, connector, copy_arguments(step))
        for step in list_steps(build_plans(settings.endpoints)["daily"])
        if step not in (TRANSFORM, PUBLISH)
    }
    return copies | {TRANSFORM: transform, PUBLISH: partial(jobs.run, sheets_sync)}
