"""Days of the marts in another business time zone: compiled as an environment compiles its release."""

from datetime import UTC, date, datetime

import pytest

from tests.dataform.engines.project import lay_out
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import customer, file, product, sale


@pytest.fixture(scope="module")
def chicago(tmp_path_factory):
    project = lay_out(tmp_path_factory.mktemp("chicago") / "project", "p")
    settings = project.folder / "workflow_settings.yaml"
    utc = settings.read_text()
    assert "business_time_zone: UTC" in utc
    settings.write_text(utc.replace("business_time_zone: UTC", "business_time_zone: America/Chicago"))
    return project.compile()


def at(id, time, amount):
    return sale(id, "2017-01-01", ("a", 1, amount), datetime=time)


def days(runner):
    return [tuple(row.values()) for row in runner.warehouse.rows("dmt.daily_sales", "day, baskets, revenue")]


def test_a_sale_of_the_evening_is_on_the_day_of_the_shop(sandbox, chicago):
    runner = Runner(connect(sandbox.address, "chicago"), chicago)
    runner.warehouse.load("products", {file("products", 1): [product("a", 1.0)]})
    runner.warehouse.load("customers", {file("customers", 1): [customer(1)]})
    first = [
        at(1, "2017-01-05T18:00:00Z", 1),
        at(2, "2017-01-06T03:30:00Z", 2),  # 21:30 of the 5th
        at(3, "2017-01-06T06:00:00Z", 4),  # midnight
        at(4, "2017-07-02T04:59:59Z", 8),  # 23:59:59 of the 1st, in summer
    ]
    runner.warehouse.load("sales", {file("sales", 1): first})
    runner.run()
    expected = [(date(2017, 1, 5), 2, 3), (date(2017, 1, 6), 1, 4), (date(2017, 7, 1), 1, 8)]
    assert days(runner) == expected
    # A later run of one day in UTC writes both local days, whole.
    later = [at(5, "2017-01-06T02:00:00Z", 16), at(2, "2017-01-06T03:30:00Z", 3)]
    runner.warehouse.load("sales", {file("sales", 2): later})
    runner.run()
    expected = [(date(2017, 1, 5), 3, 20), (date(2017, 1, 6), 1, 4), (date(2017, 7, 1), 1, 8)]
    assert days(runner) == expected
    runner.run(full_refresh=True)
    assert days(runner) == expected
    [evening] = runner.warehouse.rows("dmt.sales_final", where="sales_id = 2")
    assert evening["sales_datetime"] == datetime(2017, 1, 6, 3, 30, tzinfo=UTC)
    assert (evening["sales_date"], evening["sales_hour"]) == (date(2017, 1, 5), 21)
    assert (evening["sales_weekday"], evening["sales_year"]) == ("Thursday", 2017)
