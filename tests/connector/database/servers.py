"""The same operations on PostgreSQL and MariaDB, for tests that run on both."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

import psycopg
import pymysql

from connector.settings import Settings
from connector.sources import registry
from connector.sources.database.config import DatabaseSource
from connector.sources.database.reader import TableReader
from connector.sources.mysql.reader import create_reader as create_mysql_reader
from connector.sources.postgres.reader import create_reader as create_postgres_reader
from connector.sources.window import IdRange
from runtime.retry import RetryPolicy

ORDERS = {"relation": "shop.orders", "table": "orders", "key": ["id"], "schedule": "hourly"}
COLUMNS = ("id", "name", "updated_at", "SYS_FILE_NAME")
PASSWORD = "the pass'word"
FIRST = IdRange(start=-(10**18))


type CreateReader = Callable[..., TableReader]  # the source is that of the server's kind


class Server(ABC):
    """`moment`, `local`: types of a time with and without a zone, both in microseconds."""

    kind: str
    moment: str
    local: str
    now = "now(6)"

    @abstractmethod
    def connect(self): ...

    @abstractmethod
    def url(self, user="connector"): ...

    @abstractmethod
    def reset(self): ...

    @abstractmethod
    def cut_connections(self):
        """End the sessions of the account `connector`."""

    @abstractmethod
    def allow_everything(self):
        """Grant what the bound of the window needs."""

    def execute(self, *statements):
        connection = self.connect()
        try:
            return [run(connection, statement) for statement in statements][-1]
        finally:
            connection.close()

    def create_orders(self, rows=0, columns="", start="2026-01-01 00:00:00"):
        """Row n has id n and was updated n seconds after `start`."""
        self.execute(
            f"create table shop.orders(id bigint primary key, name varchar(100), updated_at {self.moment} {columns})"
        )
        if rows:
            self.add_orders(1, rows, start)

    @abstractmethod
    def add_orders(self, first, last, start="2026-01-01 00:00:00"): ...

    def create_reader(
        self, columns=COLUMNS, user="connector", password=PASSWORD, limits=None, url=None, **others
    ):
        endpoint = ORDERS | others
        declared = {"kind": self.kind, "url": url or self.url(user), "secret": "erp-password"}
        declared |= {"limits": limits or {}, "endpoints": {"orders": endpoint}}
        source = registry.parse_source(declared, "erp.yaml")
        assert isinstance(source, DatabaseSource)
        settings = Settings("", "", "", {"URL": source.url, "API_KEY": password})
        create: CreateReader = create_postgres_reader if self.kind == "postgres" else create_mysql_reader
        reader = create(source, "orders", settings, [{"name": name, "type": "STRING"} for name in columns])
        reader.parts.retry = lambda: RetryPolicy(sleep=lambda seconds: None)
        if reader.freezer:
            reader.freezer.sleep = lambda seconds: None
        return reader


class PostgresServer(Server):
    kind, moment, local, now = "postgres", "timestamptz", "timestamp", "now()"

    def __init__(self, root):
        self.root = root

    def connect(self):
        return psycopg.connect(self.root, autocommit=True)

    def url(self, user="connector"):
        place = self.root.split("@")[1]
        return f"postgresql://{user}@{place}"

    def reset(self):
        password = PASSWORD.replace("'", "''")
        self.execute(
            # A failed test may have left a transaction open.
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = 'postgres' and pid <> pg_backend_pid()",
            "drop schema if exists shop cascade",
            "drop owned by connector" if self._has_account() else "select 1",
            "drop role if exists connector",
            f"create role connector login password '{password}'",
            "create schema shop",
            "grant usage on schema shop to connector",
            "alter default privileges in schema shop grant select on tables to connector",
        )

    def _has_account(self):
        return self.execute("select 1 from pg_roles where rolname = 'connector'")

    def cut_connections(self):
        self.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'connector'")

    def allow_everything(self):
        self.execute("grant pg_read_all_stats to connector")

    def add_orders(self, first, last, start="2026-01-01 00:00:00"):
        self.execute(
            f"insert into shop.orders select n, 'order ' || n, timestamptz '{start}+00' + n * interval '1 second' "
            f"from generate_series({first}, {last}) n"
        )


class MariadbServer(Server):
    kind, moment, local = "mysql", "timestamp(6) null", "datetime(6)"

    def __init__(self, port):
        self.port = port

    def connect(self):
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database="mysql",
            autocommit=True,
            charset="utf8mb4",
        )
        run(connection, "set time_zone = '+00:00', sql_mode = '', lock_wait_timeout = 20")
        return connection

    def url(self, user="connector"):
        return f"mysql://{user}@127.0.0.1:{self.port}/shop"

    def reset(self):
        for (session,) in self.execute(
            "select id from information_schema.processlist "
            "where id <> connection_id() and user in ('root', 'connector')"
        ):
            # It may have ended meanwhile.
            with suppress(pymysql.err.OperationalError):
                self.execute(f"kill {session}")
        self.execute(
            "drop database if exists shop",
            "create database shop character set utf8mb4",
            f"create or replace user connector@'127.0.0.1' identified by '{PASSWORD.replace(chr(39), chr(39) * 2)}'",
            "grant select on shop.* to connector@'127.0.0.1'",
        )

    def cut_connections(self):
        self.execute("kill user connector")

    def allow_everything(self):
        self.execute("grant process on *.* to connector@'127.0.0.1'")

    def add_orders(self, first, last, start="2026-01-01 00:00:00"):
        self.execute(
            f"insert into shop.orders (id, name, updated_at) select seq, concat('order ', seq), "
            f"timestamp '{start}' + interval seq second from seq_{first}_to_{last}"
        )


def run(connection, statement):
    cursor = connection.cursor()
    cursor.execute(statement)
    rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    cursor.close()
    return rows


def read(reader, plan):
    """The rows of all parts."""
    parts = [reader.read_part(position, "f.json") for position in plan.parts]
    rows = [json.loads(line) for part in parts for line in part.lines.splitlines()]
    assert len(rows) == sum(part.rows for part in parts)
    return rows


def read_ids(reader, plan):
    return [int(row["id"]) for row in read(reader, plan)]


def read_with_reject(reader):
    """The parts, and the only row that is a reject in them."""
    parts = [reader.read_part(position, "f") for position in reader.make_plan(IdRange()).parts]
    [reject] = [reject for part in parts for reject in part.rejects]
    return parts, reject
