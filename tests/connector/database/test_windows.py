"""Windows by time and by an increasing key: every row once, late commits included."""

import pytest

from connector.errors import DeclarationError, RequestRejected
from connector.sources import registry
from connector.sources.window import IdRange, Watermark, first_range, window_of
from tests.connector.database.servers import FIRST, ORDERS, read, read_ids, run

BY_TIME = {"window": {"field": "updated_at", "look_back": "0s"}}
BY_ID = {"window": {"field": "id", "look_back": 0}}


def after(plan):
    return IdRange(start=plan.until + 1)


def test_a_whole_table(server, create):
    server.create_orders(250)
    reader = create(limits={"page_rows": 100})
    plan = reader.make_plan(IdRange())
    assert plan.until is None
    assert len(plan.parts) == 3
    rows = read(reader, plan)
    assert sorted(int(row["id"]) for row in rows) == list(range(1, 251))
    assert rows[0] | {"updated_at": ""} == {
        "id": "1",
        "name": "order 1",
        "updated_at": "",
        "SYS_FILE_NAME": "f.json",
    }


def test_an_hour_with_inserts_and_updates(server, create):
    server.allow_everything()
    server.create_orders(250)
    reader = create(limits={"page_rows": 100}, **BY_TIME)
    first = reader.make_plan(FIRST)
    assert sorted(read_ids(reader, first)) == list(range(1, 251))
    server.execute(
        f"insert into shop.orders values (900, 'new', {server.now})",
        f"update shop.orders set name = 'changed', updated_at = {server.now} where id between 1 and 120",
    )
    second = reader.make_plan(after(first))
    assert sorted(read_ids(reader, second)) == [*range(1, 121), 900]
    assert len(second.parts) == 2
    assert read_ids(reader, reader.make_plan(after(second))) == []
    assert (first.notes, second.notes) == ((), ())


def test_a_late_commit_is_in_the_next_window(server, create):
    """A transaction that began earlier commits after the read; its rows have the earlier time."""
    server.allow_everything()
    server.create_orders(10)
    reader = create(**BY_TIME)
    first = reader.make_plan(FIRST)
    late = server.connect()
    run(late, "begin")
    run(late, f"insert into shop.orders values (100, 'late', {server.now})")
    server.execute(f"insert into shop.orders values (101, 'early', {server.now})")
    second = reader.make_plan(after(first))
    assert 100 not in read_ids(reader, second)
    run(late, "commit")
    late.close()
    third = reader.make_plan(after(second))
    assert {100, 101} <= {*read_ids(reader, second), *read_ids(reader, third)}
    assert 100 in read_ids(reader, third)


def test_without_the_grant_the_run_notes_it(server, create):
    server.create_orders(10)
    plan = create(**BY_TIME).make_plan(FIRST)
    assert len(plan.notes) == 1
    assert "found by `look_back` only" in plan.notes[0]


def test_the_look_back_reads_earlier_rows_again(server):
    declared = {"kind": server.kind, "url": server.url(), "endpoints": {"orders": ORDERS | BY_TIME}}
    declared["endpoints"]["orders"]["window"] = {"field": "updated_at", "look_back": "90m"}
    window = window_of(registry.parse_source(declared, "erp.yaml").endpoint("orders"))
    hour = 3600 * 10**6
    assert first_range(IdRange(), window, Watermark(until=10 * hour - 1), 11 * hour).start == 8.5 * hour


def test_microseconds_and_equal_times_are_neither_lost_nor_repeated(server, create):
    """A cursor that is cut to milliseconds loses rows; rows of the same time are split over parts by the key."""
    server.allow_everything()
    server.create_orders()
    for n in range(60):
        server.execute(
            f"insert into shop.orders values ({n}, 'x', '2026-01-01 00:00:00.{1000 + n // 20:06}')"
        )
    reader = create(limits={"page_rows": 7}, **BY_TIME)
    assert FIRST.start is not None
    plan = reader.make_plan(IdRange(start=FIRST.start + 1))
    assert len(plan.parts) > 5
    assert sorted(read_ids(reader, plan)) == list(range(60))
    part = reader.make_plan(IdRange(start=1_767_225_600_001_001, until=1_767_225_600_001_001))
    assert sorted(read_ids(reader, part)) == list(range(20, 40))


def test_a_row_that_changes_during_the_run_is_in_the_next_window(server, create):
    server.allow_everything()
    server.create_orders(30)
    reader = create(limits={"page_rows": 10}, **BY_TIME)
    plan = reader.make_plan(IdRange(start=1))
    server.execute(f"update shop.orders set updated_at = {server.now} where id = 15")
    first = read_ids(reader, plan)
    second = read_ids(reader, reader.make_plan(after(plan)))
    assert sorted([*first, *second]) == list(range(1, 31))
    assert second == [15]


def test_increasing_keys(server, create):
    server.allow_everything()
    server.create_orders(250)
    reader = create(limits={"page_rows": 100}, **BY_ID)
    first = reader.make_plan(IdRange(start=-(2**63)))
    assert sorted(read_ids(reader, first)) == list(range(1, 251))
    assert first.until == 250
    server.add_orders(251, 260)
    second = reader.make_plan(after(first))
    assert sorted(read_ids(reader, second)) == list(range(251, 261))
    third = reader.make_plan(after(second))
    assert (read_ids(reader, third), third.until) == ([], 260)


def test_increasing_keys_of_a_table_that_is_empty_at_first(server, create):
    server.allow_everything()
    server.create_orders()
    reader = create(**BY_ID)
    first = reader.make_plan(IdRange(start=-(2**63)))
    assert (read_ids(reader, first), first.until) == ([], -(2**63))  # an integer of BigQuery
    server.add_orders(1, 2)
    assert sorted(read_ids(reader, reader.make_plan(after(first)))) == [1, 2]


def test_an_open_writer_keeps_the_window_of_increasing_keys(server, create):
    server.allow_everything()
    server.create_orders(10)
    reader = create(**BY_ID)
    first = reader.make_plan(IdRange(start=-(2**63)))
    late = server.connect()
    run(late, "begin")
    run(late, f"insert into shop.orders values (11, 'late', {server.now})")
    server.execute(f"insert into shop.orders values (12, 'early', {server.now})")
    second = reader.make_plan(after(first))
    assert read_ids(reader, second) == [12]
    assert "1 open transactions write to shop.orders" in second.notes[0]
    assert second.until == first.until
    run(late, "commit")
    late.close()
    assert sorted(read_ids(reader, reader.make_plan(after(second)))) == [11, 12]


@pytest.mark.parametrize("value", ["null", "'2037-12-31 00:00:00'"])
def test_rows_without_a_time_are_noted(server, create, value):
    server.create_orders(3)
    server.allow_everything()
    server.execute(f"insert into shop.orders values (7, 'x', {value})")
    plan = create(**BY_TIME).make_plan(FIRST)
    [note] = plan.notes
    assert note.startswith(
        "rows of shop.orders with no value in 'updated_at', or one that is more than a day"
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York"])
def test_times_without_a_zone(server, create, zone):
    server.allow_everything()
    server.execute(f"create table shop.orders(id bigint primary key, updated_at {server.local})")
    server.execute(
        "insert into shop.orders values (1, '2026-07-01 11:59:59.999999'), (2, '2026-07-01 12:00:00')"
    )
    reader = create(window={"field": "updated_at", "look_back": "1h", "zone": zone})
    hours = {"UTC": 12, "Europe/Paris": 10, "America/New_York": 16}[zone]
    noon = 1_782_864_000_000_000 + hours * 3600 * 10**6
    assert read_ids(reader, reader.make_plan(IdRange(start=noon))) == [2]
    assert read_ids(reader, reader.make_plan(IdRange(start=1, until=noon - 1))) == [1]


def test_rows_of_one_day_arrive_in_the_run_after_each_insert(server, create):
    """A column of days: the later rows of a day are as old as the earlier ones."""
    server.allow_everything()
    server.execute("create table shop.orders(id bigint primary key, updated_at date)")
    server.execute("insert into shop.orders values (1, current_date)")
    reader = create(**BY_TIME)
    first = reader.make_plan(FIRST)
    assert read_ids(reader, first) == [1]
    server.execute("insert into shop.orders values (2, current_date)")
    assert sorted(read_ids(reader, reader.make_plan(after(first)))) == [1, 2]


def test_a_time_in_whole_seconds_loses_no_row_of_the_second(server, create):
    server.allow_everything()
    is_postgres = server.kind == "postgres"
    kind = "timestamptz(0)" if is_postgres else "timestamp(0) null"
    now = (
        "date_trunc('second', now())" if is_postgres else "now()"
    )  # rounded up, it would belong to a later window
    server.execute(f"create table shop.orders(id bigint primary key, updated_at {kind})")
    server.execute(f"insert into shop.orders values (1, {now})")
    reader = create(**BY_TIME)
    first = reader.make_plan(FIRST)
    assert (first.until + 1) % 10**6 == 0
    server.execute(f"insert into shop.orders values (2, {now})")
    second = reader.make_plan(after(first))
    assert {*read_ids(reader, first), *read_ids(reader, second)} == {1, 2}


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ({"field": "id"}, "needs a time, but column 'id' is bigint"),
        ({"field": "updated_at", "look_back": 5}, "declare `look_back` as a duration such as 1h"),
        ({"field": "name"}, "choose another column"),
        ({"field": "gone"}, "has no column for window.field 'gone'; it has: id, name, updated_at"),
    ],
)
def test_a_window_of_the_wrong_type(server, create, window, text):
    server.create_orders()
    if "bigint" in text and server.kind == "mysql":
        text = text.replace("bigint", "bigint(20)")
    with pytest.raises(RequestRejected) as error:
        create(window=window).make_plan(FIRST)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"window": {"field": "a", "look_back": "1 hour"}}, "endpoints.orders.window"),
        ({"window": {"field": "a", "from": "b"}}, "Allowed here: field, look_back, zone"),
        ({"window": {"field": "a", "zone": "Mars"}}, "unknown time zone 'Mars'"),
        ({"window": {"field": "a", "zone": "Europe/Paris", "look_back": "5m"}}, "at least 1h"),
        ({"deletes": {"compare": "daily"}}, "remove `deletes`"),
        ({"deletes": {"compare": "weekly"}, **BY_TIME}, "endpoints.orders"),
        ({"relation": ""}, "endpoints.orders"),
    ],
)
@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_errors_of_a_declaration(kind, others, text):
    declared = {"kind": kind, "url": f"{kind}://h/erp", "endpoints": {"orders": ORDERS | others}}
    with pytest.raises(DeclarationError) as error:
        registry.parse_source(declared, "erp.yaml")
    assert text in str(error.value)


@pytest.mark.parametrize("url", ["://u:secret@h/erp", "://u@h/erp?password=secret"])
@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_password_in_the_url_is_rejected(kind, url):
    with pytest.raises(DeclarationError, match="remove the password from `url`"):
        registry.parse_source({"kind": kind, "url": kind + url, "endpoints": {"orders": ORDERS}}, "erp.yaml")
