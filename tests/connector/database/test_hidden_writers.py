"""Writers that are not among the open transactions of a table: their rows are read, or the run notes it."""

import contextlib
import threading

import pytest

from connector.sources.window import IdRange
from demo.servers.database import POSTGRES, data_folder, free_port, running, start_postgres
from tests.connector.database.servers import FIRST, PASSWORD, PostgresServer, read_ids, run
from tests.connector.database.test_windows import BY_ID, BY_TIME, after

ALL_IDS = IdRange(start=-(2**63))


def begin(server, insert):
    connection = server.connect()
    run(connection, "begin")
    run(connection, insert)
    return connection


def prepare(server):
    """A transaction of two phases that has written order 11, and whose session has ended."""
    connection = server.connect()
    insert = f"insert into shop.orders values (11, 'late', {server.now})"
    statements = {
        "postgres": ["begin", insert, "select pg_sleep(0.1)", "prepare transaction 'x'"],
        "mysql": ["xa start 'x'", insert, "select sleep(0.1)", "xa end 'x'", "xa prepare 'x'"],
    }
    for statement in statements[server.kind]:
        run(connection, statement)
    connection.close()


@pytest.mark.parametrize("window", [BY_TIME, BY_ID])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_prepared_transaction_that_is_committed_later(server, create, window, is_first):
    """The server of PostgreSQL knows when it was prepared, which is later than the times of its rows."""
    server.allow_everything()
    server.create_orders(10)
    reader = create(**window)
    span = FIRST if window is BY_TIME else ALL_IDS
    start = span if is_first else after(reader.make_plan(span))
    prepare(server)
    try:
        plan = reader.make_plan(start)
        assert 11 not in read_ids(reader, plan)
    finally:
        server.execute("commit prepared 'x'" if server.kind == "postgres" else "xa commit 'x'")
    if server.kind == "postgres":
        assert "transactions" in plan.notes[0] and "the next run reads this window again" in plan.notes[0]
    assert 11 in read_ids(reader, reader.make_plan(after(plan)))


def test_a_prepared_transaction_of_another_table_holds_nothing_back(server, create):
    server.allow_everything()
    server.create_orders(10)
    if server.kind == "postgres":
        server.execute("create table shop.others (id int)")
        server.execute("begin; insert into shop.others values (1); prepare transaction 'x'")
        plan = create(**BY_TIME).make_plan(FIRST)
        server.execute("rollback prepared 'x'")
        assert plan.notes == ()
        assert plan.until > 10**15


@pytest.mark.parametrize("relation", ["shop.seen", "shop.parts", "shop.base"])
def test_a_writer_of_the_table_behind_the_relation(server, create, relation):
    """Increasing keys of a view, or of a table whose partition or child is written to."""
    server.allow_everything()
    server.create_orders(10)
    if server.kind == "mysql" and relation != "shop.seen":
        return
    table = "shop.orders"
    server.execute("create view shop.seen as select * from (select * from shop.orders where id > 0) o")
    if server.kind == "postgres":
        server.execute(
            "create table shop.base (like shop.orders)",
            "create table shop.child (primary key (id)) inherits (shop.base)",
            "create table shop.parts (like shop.orders) partition by range (id)",
            "create table shop.part partition of shop.parts default",
        )
        table = {"shop.seen": table, "shop.parts": "shop.part", "shop.base": "shop.child"}[relation]
    reader = create(relation=relation, **BY_ID)
    plan = reader.make_plan(ALL_IDS)
    late = begin(server, f"insert into {table} values (11, 'late', {server.now})")
    server.execute(f"insert into {table} values (12, 'early', {server.now})")
    second = reader.make_plan(after(plan))
    assert read_ids(reader, second) == [12]
    run(late, "commit")
    late.close()
    assert sorted(read_ids(reader, reader.make_plan(after(second)))) == [11, 12]


def notes_of(server, **others):
    """Of a window by time, and of increasing keys."""
    notes = []
    for window, span in ((BY_TIME, FIRST), (BY_ID, ALL_IDS)):
        reader = server.create_reader(**window, **others)
        notes.append(" ".join(reader.make_plan(span).notes))
        reader.sessions.close()
    return notes


def test_rows_of_another_server_are_noted(server):
    """A foreign table: its transactions are those of the other server."""
    if server.kind == "mysql":
        return
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


def test_a_replica_is_noted(server):
    if server.kind == "postgres":
        with standby() as replica:
            by_time, by_id = notes_of(replica)
        assert "the server is a replica, which does not know" in by_time
        assert "open transactions are not visible" in by_id
        return
    server.allow_everything()
    server.create_orders(1)
    assert notes_of(server) == ["", ""]
    server.execute("set global read_only = 1")
    try:
        by_time, by_id = notes_of(server)
    finally:
        server.execute("set global read_only = 0")
    assert "the server is a replica or a member of a cluster" in by_time
    assert "open transactions are not visible" in by_id


@pytest.mark.parametrize("relation", ["shop.orders", "shop.seen"])
def test_numbers_that_are_taken_in_blocks_are_noted(server, create, relation):
    """A session keeps the rest of its block, and inserts smaller keys later."""
    server.allow_everything()
    server.create_orders()
    server.execute("create view shop.seen as select * from shop.orders")
    assert notes_of(server, relation=relation)[1] == ""
    if server.kind == "postgres":
        server.execute("alter table shop.orders alter id add generated by default as identity (cache 20)")
    else:
        server.execute("set global auto_increment_increment = 2")
    try:
        by_time, by_id = notes_of(server, relation=relation)
    finally:
        if server.kind == "mysql":
            server.execute("set global auto_increment_increment = 1")
    assert by_time == ""
    assert "find them" in by_id


def test_a_statement_that_waits_for_less_than_a_second_has_the_time_of_its_start(server, create):
    """It has no transaction yet. PostgreSQL lists the start of each statement, MySQL whole seconds."""
    server.allow_everything()
    server.create_orders(1)
    owner = begin(server, "select 1")
    is_postgres = server.kind == "postgres"
    run(owner, "lock table shop.orders in exclusive mode" if is_postgres else "lock tables shop.orders write")
    waiting = server.connect()
    insert = f"insert into shop.orders values (100, 'late', {server.now})"
    thread = threading.Thread(target=run, args=(waiting, insert))
    thread.start()
    try:
        with create(**BY_TIME).sessions.begin() as session:
            wait_for_statement(server, "insert into shop.orders%")
            bound = session.read_bound().microseconds
    finally:
        owner.close()
        thread.join()
        waiting.close()
    moment = "extract(epoch from updated_at)" if is_postgres else "unix_timestamp(updated_at)"
    [(written,)] = server.execute(f"select floor({moment} * 1000000) from shop.orders where id = 100")
    assert bound <= written


def wait_for_statement(server, pattern):
    source = (
        "pg_stat_activity where query"
        if server.kind == "postgres"
        else "information_schema.processlist where info"
    )
    while not server.execute(f"select 1 from {source} like '{pattern}'"):
        pass
