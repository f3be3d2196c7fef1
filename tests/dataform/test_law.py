"""The law of the warehouse: its rows follow from the set of loaded files, not from order, runs or crashes.

All tables of the compiled graph take part, so a new model is tested without an edit here. The tests of this
file share one warehouse and run in order.
"""

import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import BAD_SALES, FILES, file, files_by_table, product, sale

CLOCKS = ("SYS_DATE_CREATE", "SYS_DATE_CHANGE")
CHECKPOINTS = "ods.checkpoints"
BOOKKEEPING = {CHECKPOINTS, "ods.file_reads"}  # their rows follow from the runs


def snapshot(runner):
    """All rows of all tables, without the times at which this warehouse received them."""
    return {
        action.name: sorted(
            repr({column: value for column, value in row.items() if column not in CLOCKS})
            for row in rows(runner, action.name)
        )
        for action in runner.actions
        if action.kind != "assertions" and action.has_output and action.name not in BOOKKEEPING
    }


def rows(runner, table, columns="*"):
    [action] = [action for action in runner.actions if action.name == table]
    where = f"{action.partition_column} is not null" if action.requires_filter else "true"
    return runner.warehouse.rows(table, columns, where)


def followers(runner):
    return [action.name for action in runner.actions if action.follows_days]


@pytest.fixture(scope="module")
def settled(sandbox, graph):
    """All files, in two batches with a run after each; the oldest file comes last."""
    runner = Runner(connect(sandbox.address, "settled"), graph)
    for batch in (FILES[1:5], [*FILES[5:], FILES[0]]):
        for table, files in files_by_table(batch).items():
            runner.warehouse.load(table, files)
        runner.run()
    return runner


def touched_days(runner, table):
    """The days that `table` wrote in its last run."""
    checkpoints = runner.warehouse.rows(
        CHECKPOINTS, "written_at, touched_days", f"written_at > '2000-01-01' and table_name = '{table}'"
    )
    return sorted(checkpoints[-1]["touched_days"])


def test_sales(settled):
    sales = rows(settled, "ods.sales", "id, datetime, customer_id, items")
    lines = {
        row["id"]: [(item["product_sku"], item["quantity"], item["amount"]) for item in row["items"]]
        for row in sales
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
        9: [],
        10: [("a", Decimal("0.453"), Decimal("0.62"))],
        11: [("a", 1, Decimal("-1.5")), ("b", -2, -3)],
        12: [("a", -2, -5), ("b", 0, -2)],
    }
    assert sales[0]["datetime"] == datetime(2017, 1, 3, 10, tzinfo=UTC)


def test_products(settled):
    products = rows(settled, "ods.products", "product_sku, description, unit_amount, is_listed")
    assert [tuple(row.values()) for row in products] == [
        ("a", "Apples, red", 2, True),
        ("b", "Bread", 2, False),  # left the list, stays
        ("c", "Coupon", None, True),  # its newest row is rejected: the version before it, and listed
        ("d", "Apples", Decimal("2.24"), True),
    ]


def test_customers(settled):
    customers = rows(settled, "ods.customers", "id, name, age, income, is_listed")
    assert [tuple(row.values()) for row in customers] == [
        (1, "Ada B.", "65+", None, True),
        (2, "Ben", "65+", None, False),
        (3, "Cleo", "65+", None, True),
    ]


def test_an_invalid_row_is_stored_with_its_reasons(settled):
    assert [row["reason"] for row in rows(settled, "ods.sales_rejects", "reason")] == sorted(BAD_SALES)
    [invalid_product] = rows(settled, "ods.products_rejects")
    assert (invalid_product["reason"], invalid_product["file_day"]) == (
        "unit_amount is not a number",
        date(2026, 1, 3),
    )
    assert '"product_sku":"c"' in invalid_product["payload"]
    assert '"unit_amount":"free"' in invalid_product["payload"]
    [invalid_customer] = rows(settled, "ods.customers_rejects")
    assert invalid_customer["reason"] == "id is not a whole number"


def test_orphans(settled):
    """The lines of 3 and 4 were orphans until the second lists came."""
    orphans = rows(settled, "ods.sales_orphans", "id, reason, quantity, amount")
    assert [tuple(row.values()) for row in orphans] == [("5-never", "product and customer", 1, 1)]


def test_sales_items(settled):
    items = rows(settled, "dmt.sales_items", "id, discount_perc, product_description")
    assert [tuple(row.values()) for row in items] == [
        ("1-a", Decimal("62.5"), "Apples, red"),  # 1.50 for two of 2.00; a newer version dropped 1-b
        ("10-a", Decimal("31.57"), "Apples, red"),
        ("11-a", None, "Apples, red"),  # money paid back
        ("11-b", 25, "Bread"),  # a return of two for 3.00
        ("12-a", 0, "Apples, red"),
        ("12-b", None, "Bread"),
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
    assert [tuple(row.values()) for row in rows(settled, "dmt.daily_sales")] == [
        (date(2016, 12, 31), 1, 1, Decimal("0.9"), Decimal("1.1")),
        (date(2017, 1, 1), 2, 2, 2, 2),
        (date(2017, 1, 2), 2, 6, Decimal("4.94"), Decimal("7.54")),  # without the orphan of 5
        (date(2017, 1, 3), 2, 5, 6, 4),
        # 2017-01-05: an old version of sale 1 that must not appear
        # Without the voided sale 9; returns and money paid back give no discount.
        (date(2017, 1, 6), 3, Decimal("-2.547"), Decimal("-10.88"), Decimal("0.286")),
    ]


def test_sales_final(settled):
    [row] = settled.warehouse.rows("dmt.sales_final", where="id = '7-b'")
    assert (row["customer_name"], row["supplier"], row["product_is_listed"]) == ("Ben", "9", False)
    assert (row["sales_date"], row["sales_week"]) == (date(2017, 1, 3), date(2017, 1, 2))
    assert (row["sales_month"], row["sales_quarter"]) == (date(2017, 1, 1), date(2017, 1, 1))
    assert (row["sales_year"], row["sales_weekday"], row["sales_hour"]) == (2017, "Tuesday", 10)


def test_the_same_files_again_change_nothing(settled):
    before = rows(settled, "ods.sales")
    expected = snapshot(settled)
    for table, files in files_by_table(FILES).items():
        settled.warehouse.load(table, files)
    settled.run()
    assert snapshot(settled) == expected
    assert rows(settled, "ods.sales") == before  # SYS_DATE_CREATE too


def test_a_run_with_nothing_new_ends_before_it_writes(settled):
    def saved():
        checkpoints = settled.warehouse.rows(CHECKPOINTS, "table_name", "written_at > '2000-01-01'")
        return Counter(row["table_name"] for row in checkpoints)

    before = saved()
    settled.run()
    assert saved() == before


def test_any_order_and_crashes_between_any_two_statements(sandbox, graph, settled):
    chance = random.Random(20260101)
    runner = Runner(connect(sandbox.address, "shuffled"), graph)
    incremental = [action.name for action in runner.actions if action.type == "incremental"]
    files = chance.sample(FILES, len(FILES))
    runner.run()  # of an empty warehouse
    for batch in (files[:4], files[4:]):
        for table, name, lines in batch:
            runner.warehouse.load(table, {name: chance.sample(lines, len(lines))})
        victim = chance.choice(incremental)
        runner.crash(victim, chance.randrange(1, runner.length(victim)))
    runner.run()
    assert snapshot(runner) == snapshot(settled)


def test_a_table_without_a_checkpoint_starts_again(settled):
    expected = snapshot(settled)
    checkpoints = f"`{settled.warehouse.project}.{CHECKPOINTS}`"
    settled.warehouse.query(f"delete from {checkpoints} where written_at > timestamp '2000-01-01'")
    settled.run()
    assert snapshot(settled) == expected
    every_day = [date(2016, 12, 31), *(date(2017, 1, day) for day in (1, 2, 3, 5, 6))]
    assert {table: touched_days(settled, table) for table in followers(settled)} == dict.fromkeys(
        followers(settled), every_day
    )


def test_a_file_of_rejects_writes_no_day(settled):
    settled.warehouse.load("sales", {file("sales", 19): [sale("none", "2017-01-03", ("a", 1, 1))]})
    settled.run()
    assert len(rows(settled, "ods.sales_rejects")) == len(BAD_SALES) + 1
    assert touched_days(settled, "ods.sales") == []


def test_a_run_writes_only_the_days_of_the_new_rows(settled):
    settled.warehouse.load("sales", {file("sales", 20): [sale(30, "2017-01-03", ("a", 1, 1))]})
    dearer = [product("a", 2.0, "Apples, red"), product("d", 3.0), product("c", None, "Coupon")]
    settled.warehouse.load("products", {file("products", 20): dearer})
    settled.run()
    assert touched_days(settled, "ods.sales") == touched_days(settled, "ods.sales_orphans")
    assert touched_days(settled, "ods.sales") == [date(2017, 1, 3)]
    # d, dearer now, was sold on the 2nd
    assert touched_days(settled, "dmt.sales_items") == [date(2017, 1, 2), date(2017, 1, 3)]


def test_a_full_refresh_gives_the_same_rows(settled):
    """After late sales, another price and rejects: what later runs wrote in steps, written at once."""
    expected = snapshot(settled)
    settled.run(full_refresh=True)
    assert snapshot(settled) == expected


TWO_LOADS = """
declare loaded timestamp default current_timestamp();
insert into `{project}.raw.sales` (id, datetime, customer_id, store_id, items, SYS_FILE_NAME, SYS_DATE_CREATE)
select
  id, format_timestamp('%FT%H:%M:%E6SZ', timestamp_add(loaded, interval 1 day)), customer, '7', [], '{file}', load
from unnest([loaded, timestamp_sub(loaded, interval 1 microsecond)]) as load,
  unnest([struct('77' as id, cast(null as string) as customer), struct('78', '1')])"""


def test_a_day_ahead_is_valid_and_a_microsecond_more_is_a_reject_once(settled):
    """Two loads of a file, whose second is a microsecond later."""
    project = settled.warehouse.project
    settled.warehouse.query(TWO_LOADS.format(project=project, file=file("sales", 22)))
    settled.run()
    ahead = "datetime is more than a day after it was loaded"
    rejects = rows(settled, "ods.sales_rejects", "SYS_FILE_NAME, reason, json_value(payload, '$.id') as id")
    of_file = sorted(
        (row["id"], row["reason"]) for row in rejects if row["SYS_FILE_NAME"] == file("sales", 22)
    )
    assert of_file == [("77", f"{ahead}; customer_id is missing"), ("78", ahead)]
    ids = {row["id"] for row in rows(settled, "ods.sales", "id")}
    assert ids & {77, 78} == {78}


def test_a_failed_check_rolls_back_and_stops_the_run(settled):
    sales = f"`{settled.warehouse.project}.ods.sales`"
    settled.warehouse.query(
        f"insert into {sales} (id, datetime) values (66, timestamp '2017-01-03 10:00:00')"
    )
    settled.warehouse.load("sales", {file("sales", 21): [sale(31, "2017-01-03", ("a", 1, 1))]})
    before = rows(settled, "dmt.sales_items")
    with pytest.raises(BadRequest, match=r"ods\.sales: two rows have one id, or one of id, \S+, customer_id"):
        settled.run()
    assert [row["id"] for row in rows(settled, "ods.sales", "id") if row["id"] > 30] == [66, 78]
    assert rows(settled, "dmt.sales_items") == before
