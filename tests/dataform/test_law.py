"""Rows depend on the set of loaded files, not on order, runs or crashes: docs/concepts/incremental-tables.md."""

import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import BAD_SALES, FILES, file, product, sale

# Those in whose scripts a run is cut.
INCREMENTAL = (
    "ods.sales_days",
    "ods.sales",
    "ods.products",
    "ods.customers",
    "ods.sales_orphans",
    "dmt.sales_items",
)
TABLES = {
    "ods.sales": "datetime > '1990-01-01'",
    "ods.sales_days": "id is not null",
    "ods.products": "true",
    "ods.customers": "true",
    "ods.sales_rejects": "file_day > '1970-01-01'",
    "ods.products_rejects": "file_day > '1970-01-01'",
    "ods.customers_rejects": "file_day > '1970-01-01'",
    "ods.sales_orphans": "true",
    "dmt.sales_items": "true",
    "dmt.sales_final": "true",
    "dmt.daily_sales": "true",
}
CLOCKS = ("SYS_DATE_CREATE", "SYS_DATE_CHANGE")


def facts(warehouse):
    """All rows of all tables, without the times at which this warehouse happened to take them in."""
    return {
        table: sorted(
            repr({column: value for column, value in row.items() if column not in CLOCKS})
            for row in warehouse.rows(table, where=where)
        )
        for table, where in TABLES.items()
    }


@pytest.fixture(scope="module")
def settled(sandbox, graph):
    """All files, in two batches with a run after each; the oldest file comes last."""
    runner = Runner(connect(sandbox.address, "settled"), graph)
    for batch in (FILES[1:5], [*FILES[5:], FILES[0]]):
        for table, name, rows in batch:
            runner.warehouse.load(table, {name: rows})
        runner.run()
    return runner


def days(runner, table):
    """The days that `table` wrote in its last run."""
    rows = runner.warehouse.rows(
        "ods.checkpoints", "written_at, touched_days", f"written_at > '2000-01-01' and table_name = '{table}'"
    )
    return sorted(rows[-1]["touched_days"])


def test_sales(settled):
    rows = settled.warehouse.rows("ods.sales", "id, datetime, customer_id, items", TABLES["ods.sales"])
    lines = {
        row["id"]: [(item["product_sku"], item["quantity"], item["amount"]) for item in row["items"]]
        for row in rows
    }
    assert lines == {
        1: [("a", 2, Decimal("1.5"))],
        2: [("a", 1, 1), ("c", 0, 0)],
        3: [("a", 1, 1)],
        4: [("a", 1, 1), ("d", 2, Decimal("2.94"))],
        5: [("never", 1, 1)],
        6: [("a", 3, 1)],
        7: [("b", 3, Decimal("4.5"))],
        8: [("a", 1, Decimal("0.9"))],
    }
    assert rows[0]["datetime"] == datetime(2017, 1, 3, 10, tzinfo=UTC)


def test_products(settled):
    rows = settled.warehouse.rows("ods.products", "product_sku, description, unit_amount, is_listed")
    assert [tuple(row.values()) for row in rows] == [
        ("a", "Apples, red", 2, True),
        ("b", "Bread", 2, False),  # left the list, stays
        ("c", "Coupon", None, True),  # its newest row is broken: the facts before it, and listed
        ("d", "Apples", Decimal("2.24"), True),
    ]


def test_customers(settled):
    rows = settled.warehouse.rows("ods.customers", "id, name, age, income, is_listed")
    assert [tuple(row.values()) for row in rows] == [
        (1, "Ada B.", "65+", None, True),
        (2, "Ben", "65+", None, False),
        (3, "Cleo", "65+", None, True),
    ]


def test_what_cannot_be_typed_is_kept_with_its_reasons(settled):
    rejects = settled.warehouse.rows("ods.sales_rejects", "reason", TABLES["ods.sales_rejects"])
    assert [row["reason"] for row in rejects] == sorted(BAD_SALES)
    [broken] = settled.warehouse.rows("ods.products_rejects", where=TABLES["ods.products_rejects"])
    assert (broken["reason"], broken["file_day"]) == ("unit_amount is not a number", date(2026, 1, 3))
    assert '"product_sku":"c"' in broken["payload"]
    assert '"unit_amount":"free"' in broken["payload"]
    [nobody] = settled.warehouse.rows("ods.customers_rejects", where=TABLES["ods.customers_rejects"])
    assert nobody["reason"] == "id is not a whole number"


def test_orphans(settled):
    """The lines of 3 and 4 were orphans until the second lists came."""
    rows = settled.warehouse.rows("ods.sales_orphans", "id, reason, quantity, amount")
    assert [tuple(row.values()) for row in rows] == [("5-never", "product and customer", 1, 1)]


def test_sales_items(settled):
    rows = settled.warehouse.rows("dmt.sales_items", "id, discount_perc, product_description")
    assert [tuple(row.values()) for row in rows] == [
        ("1-a", Decimal("62.5"), "Apples, red"),  # 1.50 for two of 2.00 each; 1-b is gone
        ("2-a", 50, "Apples, red"),
        ("2-c", None, "Coupon"),
        ("3-a", 50, "Apples, red"),
        ("4-a", 50, "Apples, red"),
        ("4-d", Decimal("34.38"), "Apples"),  # a half: 34.375
        ("6-a", Decimal("83.33"), "Apples, red"),
        ("7-b", 25, "Bread"),
        ("8-a", 55, "Apples, red"),
    ]


def test_daily_sales(settled):
    rows = settled.warehouse.rows("dmt.daily_sales")
    assert [tuple(row.values()) for row in rows] == [
        (date(2016, 12, 31), 1, 1, Decimal("0.9"), Decimal("1.1")),
        (date(2017, 1, 1), 2, 2, 2, 2),
        (date(2017, 1, 2), 2, 6, Decimal("4.94"), Decimal("7.54")),  # without the orphan of 5
        (date(2017, 1, 3), 2, 5, 6, 4),
        # 2017-01-05: an old version of sale 1 that must not appear
    ]


def test_sales_final(settled):
    [row] = settled.warehouse.rows("dmt.sales_final", where="id = '7-b'")
    assert (row["customer_name"], row["supplier"], row["product_is_listed"]) == ("Ben", "9", False)
    assert (row["sales_date"], row["sales_week"]) == (date(2017, 1, 3), date(2017, 1, 2))
    assert (row["sales_month"], row["sales_quarter"]) == (date(2017, 1, 1), date(2017, 1, 1))
    assert (row["sales_year"], row["sales_weekday"], row["sales_hour"]) == (2017, "Tuesday", 10)


def test_the_same_files_again_change_nothing(settled):
    before = settled.warehouse.rows("ods.sales", where=TABLES["ods.sales"])
    expected = facts(settled.warehouse)
    for table in ("sales", "products", "customers"):
        settled.warehouse.load(table, {name: rows for kind, name, rows in FILES if kind == table})
    settled.run()
    assert facts(settled.warehouse) == expected
    assert settled.warehouse.rows("ods.sales", where=TABLES["ods.sales"]) == before  # SYS_DATE_CREATE too


def test_a_run_with_nothing_new_ends_before_it_writes(settled):
    def finished():
        checkpoints = settled.warehouse.rows("ods.checkpoints", "table_name", "written_at > '2000-01-01'")
        return Counter(row["table_name"] for row in checkpoints)

    before = finished()
    settled.run()
    # Those behind ods.sales note that they looked; who reads raw finds its place by the rows it has.
    assert finished() - before == Counter(["ods.sales_orphans", "dmt.sales_items", "dmt.daily_sales"])


def test_a_full_refresh_gives_the_same_rows(settled):
    expected = facts(settled.warehouse)
    settled.run(full_refresh=True)
    assert facts(settled.warehouse) == expected


def test_any_order_and_deaths_between_any_two_statements(sandbox, graph, settled):
    chance = random.Random(20260101)
    runner = Runner(connect(sandbox.address, "shuffled"), graph)
    files = chance.sample(FILES, len(FILES))
    runner.run()  # of an empty warehouse
    for batch in (files[:4], files[4:]):
        for table, name, rows in batch:
            runner.warehouse.load(table, {name: chance.sample(rows, len(rows))})
        victim = chance.choice(INCREMENTAL)
        runner.die(victim, chance.randrange(1, runner.length(victim)))
    runner.run()
    assert facts(runner.warehouse) == facts(settled.warehouse)


def test_a_run_writes_the_days_of_the_new_rows_alone(settled):
    settled.warehouse.load("sales", {file("sales", 20): [sale(30, "2017-01-03", ("a", 1, 1))]})
    dearer = [product("a", 2.0, "Apples, red"), product("d", 3.0), product("c", None, "Coupon")]
    settled.warehouse.load("products", {file("products", 20): dearer})
    settled.run()
    assert days(settled, "ods.sales") == days(settled, "ods.sales_orphans") == [date(2017, 1, 3)]
    assert days(settled, "dmt.sales_items") == [
        date(2017, 1, 2),
        date(2017, 1, 3),
    ]  # d, dearer now, was sold on the 2nd


def test_who_has_no_memory_of_the_last_run_begins_again(settled):
    expected = facts(settled.warehouse)
    checkpoints = f"`{settled.warehouse.project}.ods.checkpoints`"
    settled.warehouse.query(f"delete from {checkpoints} where written_at > timestamp '2000-01-01'")
    settled.run()
    assert facts(settled.warehouse) == expected
    assert days(settled, "dmt.sales_items") == [
        date(2016, 12, 31),
        *(date(2017, 1, day) for day in (1, 2, 3, 5)),
    ]


def test_what_a_check_finds_is_taken_back_and_stops_the_run(settled):
    sales = f"`{settled.warehouse.project}.ods.sales`"
    settled.warehouse.query(
        f"insert into {sales} (id, datetime) values (66, timestamp '2017-01-03 10:00:00')"
    )
    settled.warehouse.load("sales", {file("sales", 21): [sale(31, "2017-01-03", ("a", 1, 1))]})
    before = settled.warehouse.rows("dmt.sales_items")
    with pytest.raises(BadRequest, match=r"ods\.sales: two rows have one id, or one of id, customer_id"):
        settled.run()
    assert [
        row["id"] for row in settled.warehouse.rows("ods.sales", "id", f"{TABLES['ods.sales']} and id > 30")
    ] == [66]
    assert settled.warehouse.rows("dmt.sales_items") == before
