"""A restore to a moment: every table of ods and dmt as it was, row by row, and the next run continues."""

from datetime import timedelta

import pytest

from pipeline.restore.errors import OutsideTimeTravel, RestoreFailed, TableReplaced
from pipeline.restore.runner import describe, restore
from pipeline.restore.script import build_script
from pipeline.restore.warehouse import Warehouse
from runtime.structured_log import StructuredLog
from tests.pipeline.restore.shop import FIRST, SECOND

pytestmark = pytest.mark.timeout(900)  # each run of the warehouse takes seconds


@pytest.fixture(scope="module")
def settled(shop):
    """Two loads with a run after each: the shop, the moment between them, the states at both.

    The tests of this file share it and run in order; the last one replaces its tables.
    """
    shop.run(FIRST)
    moment, before = shop.now(), shop.state()
    shop.run(SECOND)
    return shop, moment, before, shop.state()


def test_a_restore_the_way_back_and_the_next_run(settled):
    shop, moment, before, after = settled
    assert before != after
    later = shop.now()
    plan = shop.restore(moment)
    assert shop.state() == before
    assert {part.table.name for part in plan.parts} >= {"ods.sales", "dmt.daily_sales", "ods.checkpoints"}

    shop.restore(later)  # a rollback of the rollback is the identity
    assert shop.state() == after

    expected = shop.state(exact=False)
    shop.restore(moment)
    repeated = shop.restore(moment)
    assert (repeated.parts, shop.state()) == ([], before)
    assert describe(repeated).endswith("no table differs")
    shop.run()
    assert shop.state(exact=False) == expected
    assert shop.state() != after  # the run after the restore wrote its own checkpoints


def test_only_the_days_that_changed_are_read(settled):
    shop, moment, _, _ = settled
    plan = shop.plan(moment)
    [sales] = [part for part in plan.parts if part.table.name == "ods.sales"]
    assert sales.extent == "5 days, 2016-12-31 to 2017-01-06"  # of six that have sales
    assert "date(datetime) in (date '2016-12-31', " in sales.where
    assert "ods.sales_days: id 1 to 12" in describe(plan)


def test_a_table_that_nothing_changed_is_not_written(settled):
    shop = settled[0]
    moment = shop.now()
    shop.run(SECOND[:1])  # a list of products
    names = {part.table.name for part in shop.plan(moment).parts}
    assert "ods.products" in names and "ods.customers" not in names and "ods.sales" not in names


@pytest.mark.parametrize("shift", [timedelta(days=-8), timedelta(hours=1)])
def test_a_moment_outside_time_travel_is_refused(settled, shift):
    shop = settled[0]
    before = shop.state()
    with pytest.raises(OutsideTimeTravel, match="nothing was changed"):
        shop.restore(shop.now() + shift)
    assert shop.state() == before


def test_a_run_after_the_plan_stops_the_restore(settled):
    shop, moment, _, _ = settled
    plan = shop.plan(moment)
    shop.run(SECOND[:1])
    before = shop.state()
    with pytest.raises(RestoreFailed, match="changed after the plan of this restore was made"):
        restore(Warehouse(shop.warehouse.client), plan, StructuredLog(shop.stream))
    assert shop.state() == before


def test_a_failure_inside_the_transaction_changes_nothing(settled):
    shop, moment, _, _ = settled
    before = shop.state()
    with pytest.raises(RestoreFailed, match="stopped here"):
        shop.restore(moment, ["raise using message = 'stopped here';"])
    assert shop.state() == before


def test_the_past_is_read_before_the_transaction(settled):
    shop, moment, _, _ = settled
    plan = shop.plan(moment)
    script = build_script(plan.diff, plan.parts, ["ods.lock_a"])
    reads, _, transaction = script.partition("begin transaction;")
    assert "for system_time as of" in reads and "for system_time as of" not in transaction
    assert "create" not in transaction  # BigQuery refuses DDL of tables there
    assert transaction.index("update ods.lock_a") < transaction.index("delete from")


def test_a_table_that_was_replaced_is_refused(settled):
    shop, moment, _, _ = settled
    shop.runner.run(full_refresh=True)
    before = shop.state()
    with pytest.raises(
        TableReplaced, match=r"dmt\.daily_sales, .*ods\.sales_orphans did not exist in this form"
    ):
        shop.restore(moment)
    assert shop.state() == before
