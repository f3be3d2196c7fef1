"""Declaration of a table of a database as a source; the kinds postgres and mysql differ in their address only."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlsplit

import msgspec

from connector.errors import DeclarationError
from connector.sources.address import reject_password
from connector.sources.base import (
    Declared,
    Deletes,
    Duration,
    Name,
    PlannedEndpoint,
    Source,
    Text,
    convert,
    convert_endpoints,
    matching,
    reject_changes,
)
from connector.sources.database.relation import write_grant, write_name
from connector.sources.time_window import TimeWindow, load_zone, parse_duration

SMALLEST_ID = -(2**63)  # of a BIGINT: keys may be negative
HOUR = 3600 * 10**6
Count = Annotated[int, msgspec.Meta(ge=0)]


class TableWindow(Declared, frozen=True, kw_only=True):
    """`field`: a time that every change of a row sets, or a key that only grows. `look_back`: how much of the previous
    windows is read again, a duration for times (`90m`) or a number for keys (`1000`). `zone`: of times that the
    column stores without one."""

    field: Text
    look_back: Duration | Count = "1h"
    zone: Text = "UTC"

    @property
    def is_time(self) -> bool:
        return isinstance(self.look_back, str)

    def to_time_window(self) -> TimeWindow:
        """`start` is the name of a query parameter, which a database has none of."""
        return TimeWindow(
            field=self.field,
            start=self.field,
            look_back=str(self.look_back),
            zone=self.zone,
            # Before every time of the column, so that the first window has no lower bound in effect.
            first="0001-01-01T00:00:00Z",
        )


class TableEndpoint(PlannedEndpoint, frozen=True, kw_only=True):
    """`relation`: a table or view, `schema.table`. `rename`: columns of the source to columns of raw; `key` and
    `window.field` are columns of raw. `changes`: without it the whole table is read in every run."""

    relation: Text
    rename: dict[Text, Name] = {}
    changes: TableWindow | None = None
    deletes: Deletes | None = None

    @property
    def time_window(self) -> TimeWindow | None:
        return self.changes.to_time_window() if self.changes and self.changes.is_time else None


class Limits(Declared, frozen=True, kw_only=True):
    """`connections`: of one run. `statement_timeout`: seconds. `page_rows`: rows of a part, at most; parts aim at
    16 MB, of MySQL at 8 MB."""

    # At most two: the run reads a database that serves other users.
    connections: Annotated[int, msgspec.Meta(ge=1, le=2)] = 2
    statement_timeout: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300
    page_rows: Annotated[int, msgspec.Meta(ge=1, le=10**6)] = 50_000


class DatabaseSource(Source, frozen=True, kw_only=True):
    """`url` without the password, which is the secret."""

    url: Text
    transactions_grant: ClassVar[str]
    quote_sign: ClassVar[str]  # around names
    limits: Limits = Limits()
    endpoints: Mapping[Name, TableEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"URL": self.url} | super().variables()

    @property
    def user(self) -> str:
        return unquote(urlsplit(self.url).username or "")

    def requirements(self) -> list[str]:
        sign = self.quote_sign
        grants = [write_grant(each.relation, self.user, sign) for each in self.endpoints.values()]
        reason = "to see open transactions; without it only `look_back` finds rows that are committed late"
        return [*grants, f"{self.transactions_grant} TO {write_name(self.user, sign)};  -- {reason}"]


class PostgresSource(DatabaseSource, frozen=True, kw_only=True):
    """The address is libpq's: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS"""

    transactions_grant: ClassVar[str] = "GRANT pg_read_all_stats"
    quote_sign: ClassVar[str] = '"'
    url: Annotated[
        str,
        matching(
            "^postgres(ql)?://",
            "an address that begins with postgresql://, for example postgresql://user@host/database",
        ),
    ]


class MysqlSource(DatabaseSource, frozen=True, kw_only=True):
    """`mysql://user@host:3306/database?sslmode=verify-full&sslrootcert=/path`; also for MariaDB."""

    transactions_grant: ClassVar[str] = "GRANT PROCESS ON *.*"
    quote_sign: ClassVar[str] = "`"
    url: Annotated[
        str,
        matching(
            "^(mysql|mariadb)://",
            "an address that begins with mysql:// or mariadb://, for example mysql://user@host:3306/database",
        ),
    ]


def parse_postgres_source(declared: dict[str, Any], where: str) -> PostgresSource:
    return parse_database_source(declared, where, PostgresSource)


def parse_mysql_source(declared: dict[str, Any], where: str) -> MysqlSource:
    return parse_database_source(declared, where, MysqlSource)


def parse_database_source[Kind: DatabaseSource](
    declared: dict[str, Any], where: str, kind: type[Kind]
) -> Kind:
    """Convert part by part, so that an error names the key."""
    endpoints = declared.get("endpoints")
    if isinstance(endpoints, dict):
        endpoints = {
            name: expand_window(value, f"{where}: endpoints.{name}") for name, value in endpoints.items()
        }
    convert_endpoints(endpoints, TableEndpoint, where)
    source = convert(declared | {"endpoints": endpoints}, kind, where)
    reject_password(source.url, where)
    for name, endpoint in source.endpoints.items():
        check_endpoint(endpoint, f"{where}: endpoints.{name}")
    return source


def expand_window(endpoint: Any, where: str) -> Any:
    """The declared window becomes `changes`, and for keys the common range of ids besides."""
    reject_changes(endpoint, where)
    if not isinstance(endpoint, dict) or endpoint.get("window") is None:
        return endpoint
    changes = convert(endpoint["window"], TableWindow, f"{where}.window")
    others = {name: value for name, value in endpoint.items() if name != "window"}
    if changes.is_time:
        return others | {"changes": endpoint["window"]}
    field = changes.field
    ids = {"field": field, "from": field, "until": field, "last": field, "first": SMALLEST_ID}
    return others | {"changes": endpoint["window"], "window": ids | {"look_back": changes.look_back}}


def check_endpoint(endpoint: TableEndpoint, where: str) -> None:
    """DeclarationError for keys that exclude each other, and for a look-back that is too short for the zone."""
    changes = endpoint.changes
    # A table that is read whole shows what is missing by itself.
    if endpoint.deletes and not changes:
        raise DeclarationError(
            f"{where}: remove `deletes`: without `window` every run reads the whole table."
        )
    if changes and changes.zone != "UTC":
        load_zone(changes.zone)
        # When clocks are put back an hour of local times occurs twice.
        if not changes.is_time or parse_duration(str(changes.look_back)) < HOUR:
            raise DeclarationError(f"{where}.window: with a `zone`, `look_back` must be at least 1h.")
