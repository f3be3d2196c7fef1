"""Create the clients of Google Cloud. The only file that creates a client."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery, dataform_v1

from report.mail import MailSettings
from report.night import Model, Parameter, first_line
from report.notice_log import NoticeLog
from report.outbox import Outbox
from report.publish import day_copy
from report.settings import Settings
from runtime.credentials import default_credentials
from runtime.google_errors import CLIENT_ERRORS
from runtime.mail import MailConnection
from runtime.mail_settings import MailServer
from runtime.object_store import ObjectStore, open_bucket

TIMEOUT_SECONDS = 60.0  # of a query or a request: the queries read some megabytes
RELEASE_CONFIG = "live"


class Ops:
    """Runs queries with moments or texts as parameters; the rows as dictionaries. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.client = bigquery.Client(
            settings.project, credentials=default_credentials(), location=settings.location
        )

    def __call__(self, sql: str, parameters: Mapping[str, Parameter]) -> Iterable[Mapping[str, Any]]:
        values = [
            bigquery.ScalarQueryParameter(name, "STRING" if isinstance(value, str) else "TIMESTAMP", value)
            for name, value in parameters.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=values, labels={"component": "report"})
        rows = self.client.query_and_wait(sql, job_config=config, wait_timeout=TIMEOUT_SECONDS)
        return [dict(row.items()) for row in rows]


def read_models(settings: Settings) -> tuple[list[Model], list[str]]:
    """The actions of the released graph, and a sentence if it could not be read."""
    options = ClientOptions(api_endpoint=settings.dataform_endpoint)
    # Over REST, as an endpoint can be any address.
    client = dataform_v1.DataformClient(
        credentials=default_credentials(), transport="rest", client_options=options
    )
    name = f"{settings.repository}/releaseConfigs/{RELEASE_CONFIG}"
    try:
        result = client.get_release_config(name=name, timeout=TIMEOUT_SECONDS).release_compilation_result
        actions = client.query_compilation_result_actions({"name": result}, timeout=TIMEOUT_SECONDS)
        return [describe_model(action) for action in actions], []
    except CLIENT_ERRORS as error:
        return [], [f"The graph of Dataform could not be read: {first_line(error)}"]


def describe_model(action: Any) -> Model:
    # One of the three is set, by the type of the action.
    part = action.relation or action.operations or action.assertion
    reads = tuple(f"{target.schema}.{target.name}" for target in part.dependency_targets) if part else ()
    return Model(f"{action.target.schema}.{action.target.name}", reads)


def create_store(settings: Settings) -> ObjectStore:
    return open_bucket(default_credentials(), settings.storage_endpoint, settings.bucket, connections=1)


def create_outbox(
    settings: Settings, server: MailServer, ops: Ops, store: ObjectStore, run_id: str, until: datetime
) -> Outbox:
    """For the mail about the page of `until`."""
    page = f"{settings.pages}/{day_copy(until)}" if settings.pages else ""
    return Outbox(
        MailSettings(server, settings.recipients, settings.runbooks, page),
        MailConnection(server),
        NoticeLog(ops),
        store,
        run_id,
        lambda: datetime.now(UTC),
    )
