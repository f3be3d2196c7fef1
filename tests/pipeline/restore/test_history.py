"""A restore takes no longer with more history: it reads the days that changed. `make restore-history`: two minutes."""

from statistics import median
from time import perf_counter

import pytest

from tests.dataform.retail import customer, file, product, sale

pytestmark = [pytest.mark.timeout(900), pytest.mark.history]

SALES_A_DAY = 1_000
DAYS = {"short": 10, "long": 100}
REPETITIONS = 5
LARGEST_RATIO = 1.2
LISTS = [
    ("customers", file("customers", 1), [customer(1)]),
    ("products", file("products", 1), [product("a", "1.50")]),
]


def day(number):
    """Sales of the day `number`, from 0."""
    date = f"2016-{number // 28 + 1:02d}-{number % 28 + 1:02d}"
    first = number * SALES_A_DAY
    rows = [sale(first + each + 1, date, ("a", 1, "1.50")) for each in range(SALES_A_DAY)]
    return "sales", file("sales", number % 28 + 1, number // 28 + 1), rows


def fill(shop, days):
    """The history in one load, then one day in another: what a restore takes back."""
    shop.run([*LISTS, *(day(number) for number in range(days))])
    before = shop.now()
    shop.run([day(days)])
    return before, shop.now()


def measure(shop, before, after):
    """Seconds of one restore; the way back is not measured."""
    start = perf_counter()
    plan = shop.restore(before)
    seconds = perf_counter() - start
    [sales] = [part for part in plan.parts if part.table.name == "ods.sales"]
    assert sales.extent.startswith("1 day"), sales.extent
    shop.restore(after)
    return seconds


def revenue(shop):
    [row] = shop.warehouse.query("select count(*) as days, sum(revenue) as revenue from dmt.daily_sales")
    return row["days"], float(row["revenue"])


def test_ten_times_the_history_takes_no_longer(shop, long_shop, capsys):
    """Alternating, so that other load on the machine is in both; the medians are compared."""
    shops = {"short": shop, "long": long_shop}
    moments = {name: fill(shops[name], days) for name, days in DAYS.items()}
    states = {name: revenue(each) for name, each in shops.items()}
    assert states == {name: (days + 1, 1.5 * SALES_A_DAY * (days + 1)) for name, days in DAYS.items()}
    times: dict[str, list[float]] = {name: [] for name in DAYS}
    for _ in range(REPETITIONS):
        for name, each in shops.items():
            times[name].append(measure(each, *moments[name]))
    assert {name: revenue(each) for name, each in shops.items()} == states
    short, long = median(times["short"]), median(times["long"])
    with capsys.disabled():
        print(
            f"\nrestore: {short:.2f} s of {DAYS['short']} days, {long:.2f} s of {DAYS['long']} days: {long / short:.2f}"
        )
    assert long <= LARGEST_RATIO * short
