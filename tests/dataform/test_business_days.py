"""Days of the marts in another business time zone: compiled as an environment compiles its release."""

import uuid
from datetime import UTC, date, datetime

import pytest

from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.engines.includes import evaluate_javascript
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


# Clocks that change at midnight, at 00:01 or by half an hour, a day that was left out, and zones without a name; with
# the days before changes, in both directions.
ZONES = {
    "UTC": ["2018-03-10"],
    "America/Chicago": ["2018-03-10", "2018-11-03"],
    "Asia/Kathmandu": ["2018-03-10"],
    "America/St_Johns": ["2009-03-07", "2009-10-31"],
    "Pacific/Kiritimati": ["2018-03-10"],
    "Pacific/Apia": ["2011-12-29"],
    "America/Sao_Paulo": ["2018-02-16", "2018-11-03"],
    "Atlantic/Azores": ["2018-03-24", "2018-10-27"],
    "America/Havana": ["2018-03-10", "2018-11-03"],
    "Asia/Beirut": ["2018-03-24", "2018-10-27"],
    "Australia/Lord_Howe": ["2018-03-31", "2018-10-06"],
    "+05:45": ["2018-03-10"],
    "-03:30": ["2018-03-10"],
    "+14:00": ["2018-03-10"],
}


def of_zone(zone):
    """Rows of the moment, its local day and hour, and whether each of the two sets of days contains the other day."""
    local, hour, local_days, utc_days = evaluate_javascript(
        f"(global.dataform = {{projectConfig: {{vars: {{business_time_zone: '{zone}'}}}}}}, "
        "business = require('includes/business'), "
        "[business.dayOf('moment'), business.hourOf('moment'), business.localDays('[date(moment)]'), "
        "business.utcDays('[' + business.dayOf('moment') + ']')])"
    )
    moments = ", ".join(
        f"generate_timestamp_array('{day}', timestamp_add('{day}', interval 2 day), interval 30 minute)"
        for day in ZONES[zone]
    )
    return (
        f"select string(moment), '{zone}', cast({local} as string), cast({hour} as string), "
        f"cast({local} in ({local_days}) and date(moment) in ({utc_days}) as string) "
        f"from unnest(array_concat({moments})) as moment order by moment"
    )


@pytest.fixture(scope="module")
def client(sandbox):
    return connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}").client


@pytest.mark.parametrize("zone", ZONES)
def test_days_and_hours_of_a_zone_are_alike_in_both_engines(client, zone):
    sql = of_zone(zone)
    google = GoogleSql().evaluate(sql)
    assert [tuple(row.values()) for row in client.query_and_wait(sql)] == google
    # A day that changed in UTC is written in the marts, and all of a local day is read.
    assert {row[-1] for row in google} == {"true"}
    assert len(google) == len(ZONES[zone]) * (2 * 48 + 1)
