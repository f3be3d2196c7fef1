"""The clients of Google Cloud, and the steps that use them. The only file that makes a client."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import google.auth
from google.api_core.client_options import ClientOptions
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import run_v2
from google.cloud.dataform_v1 import DataformClient
from google.cloud.storage import Client

from pipeline import quality
from pipeline.bucket import Object
from pipeline.dataform import Dataform
from pipeline.errors import SettingsError
from pipeline.jobs import Jobs
from pipeline.patience import Patience
from pipeline.plan import ENDPOINTS, PUBLISH, TRANSFORM
from pipeline.run import Action
from pipeline.settings import Settings

LEASE = "pipeline/lease.json"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


@dataclass(frozen=True)
class Clients:
    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    dataform: DataformClient
    lease: Object


def connect(settings: Settings) -> Clients:
    """Over REST: a run makes a few requests, and the environment may point them anywhere."""
    credentials = login()
    run = ClientOptions(api_endpoint=settings.run_endpoint)
    dataform = ClientOptions(api_endpoint=settings.dataform_endpoint)
    return Clients(
        run_v2.JobsClient(credentials=credentials, transport="rest", client_options=run),
        run_v2.ExecutionsClient(credentials=credentials, transport="rest", client_options=run),
        DataformClient(credentials=credentials, transport="rest", client_options=dataform),
        Object(Client(project=settings.project, credentials=credentials), settings.bucket, LEASE),
    )


def login() -> Credentials:
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise SettingsError("no credentials: run `gcloud auth application-default login`") from error
    return credentials


def warehouse(settings: Settings) -> quality.Client:
    """Only a run that has come as far as Dataform pays for the import, 0.7 s."""
    from google.cloud import bigquery

    client: quality.Client = bigquery.Client(settings.project, credentials=login())
    return client


def actions(
    settings: Settings, clients: Clients, patience: Patience, schedule: str, measure: Callable[[], None]
) -> dict[str, Action]:
    """What each step does, by its name. An action of Dataform is tagged with the schedules it runs at."""

    def transform() -> None:
        dataform.run(schedule)
        measure()

    jobs = Jobs(clients.jobs, clients.executions, patience)
    dataform = Dataform(clients.dataform, settings.repository, settings.dataform_service_account, patience)
    connector, sheets_sync = settings.job(settings.connector_job), settings.job(settings.sheets_sync_job)
    copies: dict[str, Action] = {
        f"connector:{endpoint}": partial(jobs.run, connector, ["--endpoint", endpoint])
        for endpoint in ENDPOINTS
    }
    return copies | {
        TRANSFORM: transform,
        PUBLISH: partial(jobs.run, sheets_sync),
    }
