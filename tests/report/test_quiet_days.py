"""Four weeks of a real grocer's sales and orphans: no finding on any night."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.expected import Facts
from demo.expected.results import connect_expected
from tests.report.nights import History, day, load

FIRST_NIGHT = datetime(2017, 1, 30, 7, tzinfo=UTC)  # the data begin on 2017-01-01
NIGHTS = 28
LAST_SALE = 24_000  # a sale of the first days of March
HOURS = "select date_trunc('hour', sold_at), count(distinct sales_id) from sold group by all order by 1"
ORPHANS = "select cast(sold_at as date), count(*), count_if(not is_known) from known group by all"


@pytest.fixture(scope="module")
def shop():
    """Sales of each hour, and lines and orphans of each day."""
    with connect_expected(Facts(LAST_SALE)) as data:
        hours = [(hour.replace(tzinfo=UTC), sales) for hour, sales in data.sql(HOURS).fetchall()]
        orphans = {of: (lines, bad) for of, lines, bad in data.sql(ORPHANS).fetchall()}
    return hours, orphans


def rows_until(shop, night, now):
    """The rows of ops at `night`, moved so that it is `now`."""
    hours, orphans = shop
    history = History(now)
    for hour, sales in hours:
        if hour < night and hour >= night - timedelta(days=31):
            start = now - (night - hour) + timedelta(minutes=5)
            run = f"{hour:%Y%m%d%H}"
            load(history, start, run, "retail/sales", sales)
            day(history, start, run, "ods.sales_orphans", hour, *orphans[hour.date()])
            history.add(
                "pipeline_log", run_id=run, schedule="hourly", started_at=start, finished_at=start,
                state="succeeded", steps=3, release="r1", error=None,
            )  # fmt: skip
    return history.rows


@pytest.mark.timeout(900)
def test_28_quiet_nights_have_no_finding(ops, shop):
    """Each verdict is about a night and the night before it, so every second one covers all of them."""
    findings: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number in range(0, NIGHTS, 2):
        night = FIRST_NIGHT + timedelta(days=number)
        ops.load(rows_until(shop, night, datetime.now(UTC)))
        findings |= {(night.date(), row["kind"], row["subject"]): row for row in ops.findings()}
    assert findings == {}


def test_the_days_are_real(shop):
    hours, orphans = shop
    assert len({hour.date() for hour, _ in hours}) >= 29 + NIGHTS
    assert sum(bad for _, bad in orphans.values()) > 250
