"""An hour with history behind it: what the warehouse reads, and how long it takes, with 1, 10 and 100 times
as much in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.document import table
from benchmarks.selected import Selected, newest_load, selected
from benchmarks.warehouse import job, pipeline, warehouse
from demo.cloud import Cloud
from demo.shop.clock import format_clock
from demo.shop.dataset import connect

TITLE = "An hour, with history behind it"
LAST = 101_000  # the newest sale before the first hour; ods.sales_days keeps 100,000 ids a partition
HISTORIES = (1_000, 10_000, 100_000)
HOURS = 3
HEADS = ("sales before", "copy s", "Dataform s", "range", "×", "partitions", "rows read", "×")
NOTE = (
    "Real sales; the clock of the shop moves on by an hour three times, medians. An hour brings what was "
    "sold in it, and the 500 sales before it again (`look_back`), and no list. History is in raw on the "
    "days of its sales. The local engine reports no bytes, so partitions and rows are counted: those that "
    "the filters of the statements select (docs/adr/0003 has them), by the days and ids that the run "
    "recorded as touched. The times are mostly the sandbox's own cost of a statement "
    "(docs/reference/traps.md)."
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Hour:
    copy: float
    dataform: float
    read: Selected

    def sum(self, place: int) -> int:
        return sum(counted[place] for counted in self.read.values())


def report(say: Say) -> str:
    measured = [hours(sales, say) for sales in HISTORIES]
    middles = [middle(hours) for hours in measured]
    lines = [line(*each, middles[0]) for each in zip(HISTORIES, middles, measured, strict=True)]
    by_table = [(name, *(f"{hour.read[name][1]:,}" for hour in middles)) for name in middles[0].read]
    heads = ("rows read, by table", *(f"{sales:,} before" for sales in HISTORIES))
    hours = f"{table(HEADS, lines)}\n\n{table(heads, by_table)}"
    say(hours)
    return f"{NOTE}\n\n{hours}"


def line(sales: int, hour: Hour, hours: Sequence[Hour], first: Hour) -> tuple[str, ...]:
    seconds = [hour.dataform for hour in hours]
    return (
        f"{sales:,}",
        f"{hour.copy:.1f}",
        f"{hour.dataform:.1f}",
        f"{min(seconds):.1f}–{max(seconds):.1f}",
        f"{hour.dataform / first.dataform:.2f}",
        str(hour.sum(0)),
        f"{hour.sum(1):,}",
        f"{hour.sum(1) / first.sum(1):.2f}",
    )


def middle(hours: Sequence[Hour]) -> Hour:
    return sorted(hours, key=lambda hour: hour.dataform)[len(hours) // 2]


def hours(sales: int, say: Say) -> list[Hour]:
    """So many sales are in the warehouse when the first hour begins."""
    say(f"{sales:,} sales before")
    with warehouse() as cloud:
        fill(cloud, LAST - sales + 1)
        return [hour(cloud) for _ in range(HOURS)]


def fill(cloud: Cloud, first: int) -> None:
    """History, from sale `first`; raw has each on the day it was sold, nine years on: before today."""
    cloud.call("PUT", "/sandbox/retail/clock", {"now": format_clock(sold_at(LAST))})
    for arguments in (["customers"], ["products"], ["sales", "--start_sales_id", str(first)]):
        job(cloud, "connector", ["--endpoint", *arguments])
    cloud.rows(
        "UPDATE raw.sales "
        "SET SYS_DATE_CREATE = TIMESTAMP_ADD(CAST(datetime AS TIMESTAMP), INTERVAL 3285 DAY) "
        # BigQuery requires a WHERE clause in every UPDATE; this condition is true for all rows.
        "WHERE SYS_DATE_CREATE > TIMESTAMP '1990-01-01'"
    )
    pipeline(cloud, "pipeline-hourly", "all of history")


def hour(cloud: Cloud) -> Hour:
    cloud.call("POST", "/sandbox/retail/clock:advance", {"seconds": 3600})
    # Before the hour is copied: the rows that it reads are those since this load.
    before = newest_load(cloud)
    run = pipeline(cloud, "pipeline-hourly", "an hour")
    return Hour(run.step_seconds("connector"), run.step_seconds("Dataform"), selected(cloud, before, LAST))


def sold_at(sale: int) -> datetime:
    with connect() as data:
        [(hours,)] = data.execute("select sold_at from baskets where id = ?", [sale]).fetchall()
    return datetime.fromisoformat(str(hours)).replace(tzinfo=UTC)
