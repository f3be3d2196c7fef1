"""What speaks to Google and to the source, put together for one run. Imported when the command and the
settings are known to be good: that takes a quarter of a second."""

from collections.abc import Callable
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from connector import bigquery, bucket
from connector.bigquery import BigQuery
from connector.bucket import Bucket
from connector.connections import session
from connector.declaration import Source
from connector.errors import SettingsError
from connector.fetch import WORKERS
from connector.kit import Kit
from connector.landing import Landing
from connector.reader import Reader
from connector.report import Report
from connector.rest import reader as rest
from connector.service import Service
from connector.settings import Settings
from connector.sheet import reader as sheet
from connector.warehouse import Warehouse

# By kind of source, as in sources.py: source, name of the endpoint, settings and the login to Google Cloud.
READERS: dict[str, Callable[[Any, str, Settings, Credentials], Reader]] = {
    "rest": lambda source, name, settings, _: rest.assemble(source, name, settings),
    "sheet": sheet.assemble,
}
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def assemble(name: str, source: Source, settings: Settings, report: Report, renew_seconds: float) -> Kit:
    """The kit of endpoint `name`; SettingsError if there are no credentials."""
    login: Callable[..., tuple[Any, str | None]] = google.auth.default
    try:
        credentials, _ = login(scopes=SCOPES)
    except GoogleAuthError as error:
        raise SettingsError(f"no credentials for Google Cloud: {error}") from error
    http = session(WORKERS)
    storage = Service(http, credentials, settings.storage_endpoint, bucket.FACTS)
    warehouse = Service(http, credentials, settings.bigquery_endpoint, bigquery.FACTS)
    landing = Bucket(storage, settings.bucket)
    return Kit(
        name=name,
        endpoint=source.endpoint(name),
        reader=READERS[source.kind](source, name, settings, credentials),
        landing=Landing(landing, name),
        leases=landing,
        warehouse=Warehouse(BigQuery(warehouse, settings.project, settings.location), settings.bucket),
        report=report,
        renew_seconds=renew_seconds,
    )
