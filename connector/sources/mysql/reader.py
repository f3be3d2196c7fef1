"""Create the reader of a MySQL or MariaDB table."""

from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.converters import encoders

from connector.errors import RequestRejected
from connector.raw_schema import Column
from connector.settings import Settings
from connector.sources.address import mask_password
from connector.sources.database.config import Limits, MysqlSource
from connector.sources.database.reader import TableReader
from connector.sources.mysql.errors import translate_connect
from connector.sources.mysql.session import MysqlSession

PORT = 3306
CONNECT_SECONDS = 10
NO_DECODERS: dict[Any, Any] = dict(encoders)  # every value stays the server's own text
# Half of other servers: rows arrive as objects, of which a part needs about three times its size.
PART_BYTES = 8 << 20
EXTRA_SECONDS = 60  # after the timeout of the statement, so that the server's own error arrives
# As in libpq: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
TLS: dict[str, dict[str, Any]] = {
    "disable": {"ssl_disabled": True},
    "prefer": {},
    "require": {"ssl": {"verify_mode": "none"}},
    "verify-ca": {"ssl_verify_cert": True},
    "verify-full": {"ssl_verify_cert": True, "ssl_verify_identity": True},
}


def parse_url(url: str) -> dict[str, Any]:
    """Arguments of pymysql.connect; RequestRejected with the allowed values."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    # The names of libpq, so that both kinds of databases are declared alike.
    mode = query.pop("sslmode", "prefer")
    authority = {"ssl_ca": query.pop("sslrootcert")} if "sslrootcert" in query else {}
    database = parts.path.strip("/")
    # What is left of `query` is an unknown parameter, which would be ignored otherwise.
    if mode not in TLS or query or not parts.hostname or not database:
        raise RequestRejected(
            f"invalid url: expected mysql://user@host:{PORT}/database, with sslmode one of {', '.join(TLS)}, and "
            "sslrootcert."
        )
    place = {"host": parts.hostname, "port": parts.port or PORT, "database": unquote(database)}
    return place | {"user": unquote(parts.username or "")} | TLS[mode] | authority


def connect(url: str, password: str, relation: str, limits: Limits) -> MysqlSession:
    """SourceError without a connection; the message has no password."""
    arguments = parse_url(url)
    place = f"{arguments['host']}:{arguments['port']}/{arguments['database']}"
    try:
        connection = pymysql.connect(
            **arguments,
            password=password,
            # The server converts texts of all its charsets to this one.
            charset="utf8mb4",
            # Bytes: the server's JSON is written to the bucket as it is.
            use_unicode=False,
            conv=NO_DECODERS,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=limits.statement_timeout + EXTRA_SECONDS,
            program_name="data-platform",
        )
    except pymysql.MySQLError as error:
        raise translate_connect(error, relation, place, arguments["user"]) from error
    return MysqlSession(connection, relation, arguments["database"], arguments["user"], limits)


def create_reader(source: MysqlSource, name: str, settings: Settings, columns: list[Column]) -> TableReader:
    """The reader of endpoint `name`; no connection is opened yet."""
    endpoint = source.endpoints[name]
    password = settings.source["API_KEY"] if source.secret else ""
    url, limits = settings.source["URL"], source.limits
    opened = partial(connect, url, password, endpoint.relation, limits)
    return TableReader(opened, endpoint, columns, limits, part_bytes=PART_BYTES, address=mask_password(url))
