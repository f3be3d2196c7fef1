"""Create the clients of Google Cloud and of the source for one run."""

from collections.abc import Callable
from functools import partial
from typing import Any

from google.auth.credentials import Credentials
from google.cloud import bigquery

from connector.extract.workers import WORKERS
from connector.landing.files import Landing
from connector.load.bigquery_jobs import BigQueryJobs
from connector.load.warehouse import Warehouse
from connector.raw_schema import SCHEMAS, Column, read_columns
from connector.run.context import RunContext
from connector.settings import Settings
from connector.sources.base import Source
from connector.sources.planned import PlannedReader
from connector.sources.reader import Reader
from connector.sources.rest import reader as rest
from connector.sources.sheet import reader as sheet
from runtime.credentials import default_credentials
from runtime.object_store import open_bucket
from runtime.structured_log import StructuredLog

# Called with the seconds and the reason of a long pause.
OnPause = Callable[[float, str], None]
# By kind of source, as in sources/registry.py. Arguments: source, endpoint, settings, Google credentials, on_pause.
READERS: dict[str, Callable[[Any, str, Settings, Credentials, OnPause], Reader | PlannedReader]] = {
    "files": lambda source, name, settings, credentials, _: create_files_reader(
        source, name, settings, credentials
    ),
    "mongodb": lambda source, name, settings, _, __: create_mongodb_reader(source, name, settings),
    "mysql": lambda source, name, settings, _, __: create_mysql_reader(source, name, settings),
    "postgres": lambda source, name, settings, _, __: create_postgres_reader(source, name, settings),
    "rest": lambda source, name, settings, _, on_pause: rest.create_reader(
        source, name, settings, on_pause=on_pause
    ),
    "sheet": lambda source, name, settings, credentials, _: sheet.create_reader(
        source, name, settings, credentials
    ),
}


def create_context(
    source_name: str, name: str, source: Source, settings: Settings, log: StructuredLog, renew_seconds: float
) -> RunContext:
    """The context of endpoint `name`; SettingsError without credentials."""
    credentials = default_credentials()
    # As many connections as workers: each of them uploads the page that it has fetched.
    store = open_bucket(credentials, settings.storage_endpoint, settings.bucket, WORKERS)

    def log_pause(seconds: float, reason: str) -> None:
        # A run that waits without a line looks like one that hangs.
        log(f"pausing for {seconds:.0f} s: {reason}", "WARNING", pause_seconds=round(seconds))

    client = bigquery.Client(settings.project, credentials=credentials, location=settings.location)
    return RunContext(
        name=name,
        endpoint=source.endpoint(name),
        reader=READERS[source.kind](source, name, settings, credentials, log_pause),
        landing=Landing(store, f"{source_name}/{name}"),
        store=store,
        warehouse=Warehouse(BigQueryJobs(client), settings.bucket),
        log=log,
        renew_seconds=renew_seconds,
        source=source_name,
        task=settings.task,
    )


def columns_of(source: Source, name: str) -> list[Column]:
    """None yet for `describe`, which proposes the schema. A run has checked before that the schema exists."""
    table = source.endpoint(name).table
    return read_columns(table) if (SCHEMAS / f"{table}.json").is_file() else []


def create_files_reader(
    source: Any, name: str, settings: Settings, credentials: Credentials
) -> PlannedReader:
    # Imported here: a run of another kind does not load the libraries of this one.
    from connector.sources.files.assembly import create_reader

    columns = columns_of(source, name)
    open_any = partial(open_bucket, credentials, settings.storage_endpoint, connections=WORKERS)
    return create_reader(source, name, settings, open_any, columns)


def create_mongodb_reader(source: Any, name: str, settings: Settings) -> PlannedReader:
    from connector.sources.mongodb.reader import create_reader

    return create_reader(source, name, settings, columns_of(source, name))


def create_postgres_reader(source: Any, name: str, settings: Settings) -> PlannedReader:
    from connector.sources.postgres.reader import create_reader

    return create_reader(source, name, settings, columns_of(source, name))


def create_mysql_reader(source: Any, name: str, settings: Settings) -> PlannedReader:
    from connector.sources.mysql.reader import create_reader

    return create_reader(source, name, settings, columns_of(source, name))
