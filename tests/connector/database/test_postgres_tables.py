"""PostgreSQL: kinds of tables other than the plain one, and rows that the server hides from the account."""

import pytest

from connector.errors import RequestRejected
from connector.sources.window import IdRange
from tests.connector.database.servers import FIRST, read

KINDS = ["postgres"]
ROWS = "select n as id, 'n' || n as name, now() as updated_at from generate_series(1, 5) n"


def copy(reader):
    plan = reader.make_plan(IdRange())
    return plan, sorted(((row["id"], row["name"]) for row in read(reader, plan)), key=str)


@pytest.mark.parametrize(
    "statements",
    [
        [
            "create table shop.orders (id int primary key, name text, updated_at timestamptz) partition by range (id)",
            "create table shop.low partition of shop.orders for values from (1) to (3)",
            "create table shop.high partition of shop.orders default",
            f"insert into shop.orders {ROWS}",
        ],
        [
            "create table shop.orders (id int, name text, updated_at timestamptz)",
            "create table shop.child () inherits (shop.orders)",
            f"insert into shop.child {ROWS}",
        ],
        [f"create materialized view shop.orders as {ROWS}"],
        [f"create view shop.orders as {ROWS}"],
        [
            "create table shop.orders (id int generated always as identity (start 1 cycle maxvalue 9), "
            "name text generated always as ('n' || id) stored, updated_at timestamptz)",
            "insert into shop.orders (updated_at) select now() from generate_series(1, 5)",
        ],
    ],
    ids=["partitioned", "inherited", "materialized", "view", "generated"],
)  # fmt: skip
def test_every_kind_of_table_is_copied(server, create, statements):
    server.execute(*statements)
    plan, rows = copy(create(limits={"page_rows": 2}))
    assert rows == [(str(n), f"n{n}") for n in range(1, 6)]
    assert plan.notes == ()


def test_a_key_that_is_a_row_with_a_null(server, create):
    """PostgreSQL regards it neither as null nor as not null."""
    server.execute(
        "create type shop.pair as (a int, b text)",
        "create table shop.orders (id shop.pair, name text)",
        "insert into shop.orders values ('(1,a)', 'x'), ('(1,)', 'y'), ('(,)', 'z'), (null, 'n')",
    )
    _, rows = copy(create(limits={"page_rows": 1}))
    assert sorted(name for _, name in rows) == ["n", "x", "y", "z"]


def test_row_level_security_that_hides_rows_is_noted(server, create):
    server.execute(
        f"create table shop.orders as {ROWS}",
        "alter table shop.orders enable row level security",
        "create policy part on shop.orders using (id < 3)",
    )
    plan, rows = copy(create())
    assert rows == [("1", "n1"), ("2", "n2")]
    assert any("row-level security is active for the account" in note for note in plan.notes)
    compared = create(window={"field": "updated_at"}, deletes={"compare": "daily"})
    with pytest.raises(RequestRejected, match="the keys of shop.orders are not compared: row-level security"):
        list(compared.iter_keys(None))
    server.execute("create policy everything on shop.orders for select to connector using (true)")
    plan, rows = copy(create())
    assert (len(rows), plan.notes) == (5, ())
    assert sum(page.rows for page in compared.iter_keys(None)) == 5
    server.execute("create policy fewer on shop.orders as restrictive using (id < 5)")
    plan, rows = copy(create())
    assert (len(rows), len(plan.notes)) == (4, 1)


def test_a_window_over_a_domain(server, create):
    """A domain over another one, whose times have whole seconds: the bound is one too."""
    server.execute(
        "create domain shop.seconds as timestamptz(0)",
        "create domain shop.moment as shop.seconds",
        "create table shop.orders (id int primary key, name text, updated_at shop.moment)",
        "insert into shop.orders values (1, 'a', '2026-01-01 12:00:01.4')",
    )
    server.allow_everything()
    reader = create(window={"field": "updated_at"})
    plan = reader.make_plan(FIRST)
    assert [row["updated_at"][-5:] for row in read(reader, plan)] == ["01+00"]
    assert plan.until is not None
    assert (plan.until + 1) % 10**6 == 0
