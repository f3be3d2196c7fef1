"""Measures of quality: each rule, its level, and that a failure ends the run after its results are stored."""

from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import BadRequest

from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES, customer, file, files_by_table, product, sale

RESULTS = "ops.quality_results"


def measure(runner):
    """The results of the newest check: (table, column, rule) to (level, measured)."""
    runner.run()
    rows = runner.warehouse.rows(RESULTS, "checked_at, table_name, column_name, rule, level, measured")
    newest = rows[-1]["checked_at"]
    return {
        (row["table_name"], row["column_name"], row["rule"]): (row["level"], row["measured"])
        for row in rows
        if row["checked_at"] == newest
    }


@pytest.fixture(scope="module")
def shop(sandbox, graph):
    runner = Runner(connect(sandbox.address, "quality"), graph)
    for table, files in files_by_table(FILES).items():
        runner.warehouse.load(table, files)
    return runner


def test_usual_data_are_ok(shop):
    results = measure(shop)
    assert {level for level, _ in results.values()} == {"ok"}
    assert results["dmt.sales_items", "item_quantity", "range"] == ("ok", 0)
    assert results["ods.sales", None, "raw_rows"] == ("ok", 0)
    assert results["ods.sales", None, "age"][1] < 1
    assert results["dmt.daily_sales", "baskets", "volume"] == ("ok", None)  # no sales in these weeks


def test_columns_are_measured_only_on_days_that_were_written(sandbox, graph):
    runner = Runner(connect(sandbox.address, "empty"), graph)
    results = measure(runner)
    assert {column for _, column, _ in results} == {None, "baskets"}


def test_an_unusual_share_warns(shop):
    rows = [sale(900 + n, "2017-02-01", ("a", 2000, 2000)) for n in range(3)]
    shop.warehouse.load("sales", {file("sales", 30): rows})
    assert measure(shop)["dmt.sales_items", "item_quantity", "range"][0] == "warn"


def test_rows_of_raw_that_no_run_has_read_warn(shop):
    shop.warehouse.query(
        f"insert into `{shop.warehouse.project}.raw.sales` (id, SYS_FILE_NAME, SYS_DATE_CREATE) values "
        f"('77', '{file('sales', 4)}', timestamp_sub(current_timestamp(), interval 1 hour))"
    )
    assert measure(shop)["ods.sales", None, "raw_rows"] == ("warn", 1)


def test_a_day_with_much_less_than_usual_fails_and_ends_the_run(sandbox, graph):
    runner = Runner(connect(sandbox.address, "volume"), graph)
    day = (datetime.now(UTC) - timedelta(hours=6)).date() - timedelta(1)
    weeks = [
        sale(100 * week + n, f"{day - timedelta(7 * week)}", ("a", 1, 1))
        for week in (1, 2, 3)
        for n in range(40)
    ]
    runner.warehouse.load("products", {file("products", 2): [product("a", 1.0)]})
    runner.warehouse.load("customers", {file("customers", 2): [customer(1)]})
    runner.warehouse.load("sales", {file("sales", 2): weeks})
    with pytest.raises(BadRequest, match=r"dmt\.daily_sales\.baskets: volume is 0"):
        runner.run()
    assert {row["level"] for row in runner.warehouse.rows(RESULTS, "level")} == {"fail", "ok"}
    for count, level in ((10, "warn"), (40, "ok"), (130, "warn")):
        sales = [sale(1000 + n, f"{day}", ("a", 1, 1)) for n in range(count)]
        runner.warehouse.load("sales", {file("sales", 3): sales})
        measured = measure(runner)["dmt.daily_sales", "baskets", "volume"]
        assert (measured[0], float(measured[1])) == (level, count / 40)
