"""Writers that only PostgreSQL has: of partitions and children, prepared, on other servers and primaries."""

import contextlib

import pytest

from demo.servers.database import POSTGRES, data_folder, free_port, running, start_postgres
from tests.connector.database.servers import FIRST, PASSWORD, PostgresServer
from tests.connector.database.test_hidden_writers import check_late_writer, notes_of
from tests.connector.database.test_windows import BY_ID, BY_TIME

KINDS = ["postgres"]


def test_a_prepared_transaction_of_another_table_holds_nothing_back(server, create):
    server.allow_everything()
    server.create_orders(10)
    server.execute("create table shop.others (id int)")
    server.execute("begin; insert into shop.others values (1); prepare transaction 'x'")
    plan = create(**BY_TIME).make_plan(FIRST)
    server.execute("rollback prepared 'x'")
    assert plan.notes == ()
    assert plan.until > 10**15


@pytest.mark.parametrize(("relation", "table"), [("shop.parts", "shop.part"), ("shop.base", "shop.child")])
def test_a_writer_of_a_partition_or_child(server, create, relation, table):
    """Increasing keys of a table whose partition or child is written to."""
    server.allow_everything()
    server.create_orders(10)
    server.execute(
        "create table shop.base (like shop.orders)",
        "create table shop.child (primary key (id)) inherits (shop.base)",
        "create table shop.parts (like shop.orders) partition by range (id)",
        "create table shop.part partition of shop.parts default",
    )
    check_late_writer(server, create(relation=relation, **BY_ID), table)


def test_rows_of_another_server_are_noted(server):
    """A foreign table: its transactions are those of the other server."""
    server.allow_everything()
    server.create_orders(1)
    port = server.root.rpartition(":")[2].partition("/")[0]
    server.execute(
        "create extension if not exists postgres_fdw",
        f"create server other foreign data wrapper postgres_fdw "
        f"options (host '127.0.0.1', port '{port}', dbname 'postgres')",
        "create user mapping for public server other options (user 'connector', password "
        f"'{PASSWORD.replace(chr(39), chr(39) * 2)}')",
        "grant usage on foreign server other to connector",
        "create foreign table shop.far (id bigint, name text, updated_at timestamptz) server other "
        "options (schema_name 'shop', table_name 'orders')",
        "create view shop.seen as select * from shop.far",
    )
    try:
        by_time, by_id = notes_of(server, relation="shop.seen")
    finally:
        server.execute("drop extension postgres_fdw cascade")
    assert "rows of shop.seen are written on another server" in by_time
    assert "open transactions are not visible" in by_id


@contextlib.contextmanager
def standby():
    """A server with order 1 that waits for the changes of a primary."""
    with data_folder() as data:
        with contextlib.contextmanager(start_postgres)(data, free_port()) as url:
            primary = PostgresServer(url)
            primary.reset()
            primary.allow_everything()
            primary.create_orders(1)
        (data / "d" / "standby.signal").touch()
        place = ["-D", str(data / "d"), "-h", "127.0.0.1", "-p", url.rpartition(":")[2].partition("/")[0]]
        settings = ["-k", "", "-c", "max_prepared_transactions=5"]
        with running(
            [str(POSTGRES / "postgres"), *place, *settings], data / "log", lambda: primary.connect().close()
        ):
            yield primary


def test_a_replica_is_noted():
    with standby() as replica:
        by_time, by_id = notes_of(replica)
    assert "the server is a replica, which does not know" in by_time
    assert "open transactions are not visible" in by_id
