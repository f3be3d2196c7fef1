"""Create the reader of a PostgreSQL table."""

from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connector.raw_schema import Column
from connector.settings import Settings
from connector.sources.address import mask_password
from connector.sources.database.config import Limits, PostgresSource
from connector.sources.database.reader import TableReader
from connector.sources.postgres.errors import translate_connect
from connector.sources.postgres.session import PostgresSession

# Keep-alives notice a server that disappeared while a query runs: after 60 s without any answer.
CONNECTION: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "data-platform",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def connect(url: str, password: str | None, relation: str, limits: Limits) -> PostgresSession:
    """SourceError without a connection; the message has no password."""
    try:
        declared = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise translate_connect(error, relation, "the address in `url`") from error
    # A declared parameter wins over the defaults, and the secret over everything.
    parameters = CONNECTION | declared | ({"password": password} if password else {})
    place = f"{declared.get('host', '')}:{declared.get('port', 5432)}/{declared.get('dbname', '')}"
    try:
        # Without prepared statements a pooler may serve every transaction by another connection.
        connection = psycopg.connect(autocommit=True, prepare_threshold=None, **parameters)
    except psycopg.Error as error:
        raise translate_connect(error, relation, place) from error
    return PostgresSession(connection, relation, limits)


def create_reader(
    source: PostgresSource, name: str, settings: Settings, columns: list[Column]
) -> TableReader:
    """The reader of endpoint `name`; no connection is opened yet."""
    endpoint = source.endpoints[name]
    password = settings.source["API_KEY"] if source.secret else None
    url = settings.source["URL"]
    opened = partial(connect, url, password, endpoint.relation, source.limits)
    return TableReader(opened, endpoint, columns, source.limits, address=mask_password(url))
