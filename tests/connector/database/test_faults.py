"""Cut connections, cancelled statements, missing grants, changed tables: a clear message, and no lost row."""

import threading

import pytest

from connector.errors import KeyRejected, RangeCancelled, RequestRejected, SourceUnavailable
from connector.sources.database.position import Part
from connector.sources.window import IdRange
from tests.connector.database.servers import COLUMNS, FIRST, PASSWORD, read, read_ids, run

BY_TIME = {"window": {"field": "updated_at"}}
MANY = list(range(1, 1001))


@pytest.mark.parametrize("part", range(5))
def test_a_connection_cut_before_a_part_is_opened_again(server, create, part):
    server.create_orders(1000)
    reader = create(limits={"page_rows": 200})
    plan = reader.make_plan(IdRange())
    ids = []
    for number, position in enumerate(plan.parts):
        if number == part:
            server.cut_connections()
        ids += [int(line.split(b'"')[3]) for line in reader.read_part(position, "f").lines.splitlines()]
    assert sorted(ids) == MANY


def test_a_connection_cut_in_the_middle_of_a_part_reads_it_again(server, create):
    server.create_orders(1000)
    reader = create(limits={"page_rows": 1000})
    plan = reader.make_plan(IdRange())
    session = reader.sessions.connect()
    stream, cuts = type(session).read_lines, list[int]()

    def cut_once(self, *arguments):
        if not cuts:
            cuts.append(server.cut_connections())
        return stream(self, *arguments)

    connect = reader.sessions.connect

    def connect_and_cut():
        opened = connect()
        opened.read_lines = lambda *arguments: cut_once(opened, *arguments)
        return opened

    reader.sessions.close()
    reader.sessions.connect = connect_and_cut
    assert sorted(read_ids(reader, plan)) == MANY
    assert len(cuts) == 1
    session.close()


def test_a_connection_that_is_cut_every_time_fails_the_part(server, create):
    server.create_orders(10)
    reader = create()
    plan = reader.make_plan(IdRange())
    connect = reader.sessions.connect

    def connect_and_cut():
        session = connect()
        server.cut_connections()
        return session

    reader.sessions.close()
    reader.sessions.connect = connect_and_cut
    with pytest.raises(SourceUnavailable, match="while shop.orders was read"):
        reader.read_part(plan.parts[0], "f")


def test_a_cancelled_range_is_read_in_halves(server, create):
    """As a replica that cancels long queries, or a statement timeout: every range above 100 rows is stopped."""
    server.create_orders(1000)
    reader = create(limits={"page_rows": 1000})
    plan = reader.make_plan(IdRange())
    sizes = []
    read_once = reader.parts._read_once

    def cancel_large(part, constants):
        content = read_once(part, constants)
        sizes.append(content.rows)
        if content.rows > 100:
            raise RangeCancelled("canceling statement due to conflict with recovery")
        return content

    reader.parts._read_once = cancel_large
    rows = read(reader, plan)
    assert sorted(int(row["id"]) for row in rows) == MANY
    assert sum(size for size in sizes if size <= 100) == 1000


def test_a_statement_that_is_too_slow_is_stopped_by_the_server(server, create):
    server.create_orders(40)
    if server.kind == "postgres":
        body = "begin perform pg_sleep(0.1); return null; end"
        server.execute(
            f"create function shop.sleep(s float) returns text language plpgsql stable as '{body}'"
        )
    delay = "shop.sleep(0.1)" if server.kind == "postgres" else "sleep(0.1)"
    server.execute(f"create view shop.slow as select id, {delay} as name, updated_at from shop.orders")
    reader = create(relation="shop.slow", limits={"statement_timeout": 1})
    whole = Part(rows=40).encode()  # the sample for the size of parts would be stopped too
    assert reader.read_part(whole, "f").rows == 40


def test_a_cancelled_row_is_unavailable(server, create):
    server.create_orders(1)
    reader = create()
    [position] = reader.make_plan(IdRange()).parts
    reader.parts._read_once = cancel
    with pytest.raises(SourceUnavailable, match="stopped"):
        reader.read_part(position, "f")


def cancel(part, constants):
    raise RangeCancelled("stopped")


def test_two_connections_at_most(server, create):
    server.create_orders(1000)
    reader = create(limits={"page_rows": 50, "connections": 2})
    plan = reader.make_plan(IdRange())
    opened = []
    connect = reader.sessions.connect

    def open_one():
        opened.append(1)
        return connect()

    reader.sessions.connect = open_one
    threads = [threading.Thread(target=reader.read_part, args=(part, "f")) for part in plan.parts[:8]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) <= 1  # the plan has opened the other


def test_the_session_is_read_only(server, create):
    server.create_orders(1)
    server.execute(
        "grant insert on shop.orders to connector"
        if server.kind == "postgres"
        else "grant insert on shop.orders to connector@'127.0.0.1'"
    )
    with pytest.raises(RequestRejected, match=r"(?i)read.only"), create().sessions.begin() as session:
        session.read_rows("insert into shop.orders values (2, 'x', null)")


def test_a_wrong_password(server, create):
    server.create_orders()
    with pytest.raises(
        KeyRejected, match="rejected the password for shop.orders. Add a correct version"
    ) as error:
        create(password="guess").make_plan(IdRange())
    assert PASSWORD not in str(error.value)
    assert "guess" not in str(error.value)


def test_an_unreachable_server(server, create):
    url = f"{server.kind}://connector@127.0.0.1:9/shop"
    with pytest.raises(
        SourceUnavailable, match=r"could not reach .* at 127.0.0.1:9/shop for shop.orders"
    ) as error:
        create(url=url).make_plan(IdRange())
    assert PASSWORD not in str(error.value)


def test_an_unknown_database(server, create):
    url = server.url().rpartition("/")[0] + "/nowhere"
    with pytest.raises(RequestRejected, match=r"cannot connect to .*nowhere.* Correct `url`"):
        create(url=url).make_plan(IdRange())


def test_a_missing_table(server, create):
    with pytest.raises(RequestRejected, match=r"has no table shop.gone.*Correct `relation`") as error:
        create(relation="shop.gone").make_plan(IdRange())
    assert "connector" in str(error.value) or server.kind == "mysql"


def test_a_missing_grant(server, create):
    server.create_orders()
    server.execute(
        "revoke select on shop.orders from connector"
        if server.kind == "postgres"
        else "revoke select on shop.* from connector@'127.0.0.1'"
    )
    with pytest.raises(RequestRejected, match="GRANT SELECT ON shop.orders TO connector"):
        create().make_plan(IdRange())


def test_columns_that_the_account_may_not_read_are_noted(server, create):
    server.create_orders(3, columns=", salary int")
    columns = "(id, name, updated_at)"
    server.execute(
        *(
            [
                "revoke select on shop.orders from connector",
                f"grant select {columns} on shop.orders to connector",
            ]
            if server.kind == "postgres"
            else [
                "revoke select on shop.* from connector@'127.0.0.1'",
                "grant select (id, name, updated_at), insert (salary) on shop.orders to connector@'127.0.0.1'",
            ]
        )
    )
    reader = create()
    plan = reader.make_plan(IdRange())
    assert plan.notes == ("columns that the account may not read: salary",)
    assert "salary" not in read(reader, plan)[0]


def test_a_column_that_is_added_or_dropped_between_two_parts(server, create):
    server.create_orders(300, columns=", colour varchar(9) default 'red'")
    reader = create(columns=["id", "name", "colour", "SYS_FILE_NAME"], limits={"page_rows": 100})
    plan = reader.make_plan(IdRange())
    assert plan.unmapped == ("updated_at",)
    first = reader.read_part(plan.parts[0], "f")
    server.execute("alter table shop.orders add column size int default 5")
    second = reader.read_part(plan.parts[1], "f")
    server.execute("alter table shop.orders drop column colour")
    third = reader.read_part(plan.parts[2], "f")
    assert [part.rows for part in (first, second, third)] == [100, 100, 100]
    assert (b'"size"' in first.lines, b'"size"' in second.lines) == (False, True)
    assert (b'"colour"' in second.lines, b'"colour"' in third.lines) == (True, False)
    assert second.unmapped == ("size", "updated_at")


def test_a_column_of_raw_that_the_source_lacks_is_noted(server, create):
    server.create_orders(1)
    plan = create(columns=["id", "name", "colour", "SYS_FILE_NAME"]).make_plan(IdRange())
    assert plan.notes == ("columns of raw that the source does not have: colour",)


def test_a_key_column_that_was_dropped(server, create):
    server.create_orders(3)
    reader = create(key=["name"], rename={})
    plan = reader.make_plan(IdRange())
    server.execute("alter table shop.orders drop column name")
    with pytest.raises(RequestRejected, match=r"has no column for key 'name'; it has: id, updated_at"):
        reader.read_part(plan.parts[0], "f")


def retype(server, column, kind):
    if server.kind == "mysql":
        return f"alter table shop.orders modify {column} {kind}"
    return f"alter table shop.orders alter {column} type {kind} using {column}::{kind}"


def test_a_key_that_is_retyped_between_two_parts(server, create):
    """As text 100 is before 20: rows would be in none of the ranges that are left."""
    server.create_orders(150)
    reader = create(limits={"page_rows": 10})
    plan = reader.make_plan(IdRange())
    assert reader.read_part(plan.parts[0], "f").rows == 10
    server.execute(retype(server, "id", "varchar(20)"))
    for position in plan.parts[1:]:
        with pytest.raises(RequestRejected, match="the next run reads them under the new type"):
            reader.read_part(position, "f")
    assert sorted(read_ids(reader, reader.make_plan(IdRange()))) == list(range(1, 151))


def test_a_list_of_keys_of_two_types_is_not_complete(server, create, monkeypatch):
    monkeypatch.setattr("connector.sources.database.reader.KEY_ROWS", 10)
    server.create_orders(150)
    reader = create(**BY_TIME, deletes={"compare": "daily"}, columns=[*COLUMNS, "SYS_DATE_DELETE"])
    pages = reader.iter_keys(None)
    next(pages)
    server.execute(retype(server, "id", "varchar(20)"))
    with pytest.raises(RequestRejected, match="the key or the window's field of shop.orders was integer"):
        list(pages)


@pytest.mark.parametrize(("before", "after"), [("varchar(10)", "varchar(20)"), ("int", "bigint")])
def test_a_key_of_which_only_the_size_changes_is_read(server, create, before, after):
    server.create_orders(30)
    server.execute(retype(server, "id", before))
    reader = create(limits={"page_rows": 10})
    plan = reader.make_plan(IdRange())
    server.execute(retype(server, "id", after))
    assert sorted(read_ids(reader, plan)) == list(range(1, 31))


def test_columns_can_be_renamed(server, create):
    server.execute(
        "create table shop.orders (id int primary key, total int)", "insert into shop.orders values (1, 5)"
    )
    reader = create(key=["number"], rename={"id": "number", "total": "sum"})
    assert read(reader, reader.make_plan(IdRange())) == [
        {"number": "1", "sum": "5", "SYS_FILE_NAME": "f.json"}
    ]


def test_two_columns_of_one_name_in_raw_are_rejected(server, create):
    """A server would write both into the line, or only one of them."""
    server.execute("create table shop.orders (id int primary key, total int, amount int)")
    reader = create(key=["id"], rename={"total": "amount"})
    with pytest.raises(RequestRejected, match="several columns of shop.orders become amount in raw"):
        reader.make_plan(IdRange())


def test_a_locked_table_does_not_block_for_ever(server, create):
    """The statement waits for ALTER TABLE at most 30 seconds; here the lock ends earlier."""
    server.create_orders(10)
    reader = create(**BY_TIME)
    plan = reader.make_plan(FIRST)
    owner = server.connect()
    run(owner, "begin" if server.kind == "postgres" else "lock tables shop.orders write")
    if server.kind == "postgres":
        run(owner, "lock table shop.orders in access exclusive mode")
    timer = threading.Timer(0.3, owner.close)
    timer.start()
    assert sorted(read_ids(reader, plan)) == list(range(1, 11))
    timer.join()
