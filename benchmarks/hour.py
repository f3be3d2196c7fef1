"""An hour with history behind it: what the warehouse reads, and how long it takes, with 1, 10 and 100 times
as much in it."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.document import table
from benchmarks.errors import BenchmarkError
from sandbox.demo import provision, runs
from sandbox.demo.cloud import Cloud
from sandbox.demo.commands import Shell
from sandbox.demo.errors import Failed
from sandbox.demo.runs import Run
from sandbox.demo.screen import Screen
from sandbox.process import running
from sandbox.replay import replay
from sandbox.retail.clock import text
from sandbox.retail.definitions import connect

TITLE = "An hour, with history behind it"
LAST = 101_000  # the newest sale before the first hour; ods.sales_days keeps 100,000 ids a partition
HISTORIES = (1_000, 10_000, 100_000)
HOURS = 3
LIMIT = 1800.0  # seconds of a run; the first one types all of history
HEADS = ("sales before", "copy s", "Dataform s", "range", "×", "partitions", "rows read", "×")
NOTE = (
    "Real sales; the clock of the shop moves on by an hour three times, medians. An hour brings what was "
    "sold in it, and the 500 sales before it again (`look_back`), and no list. History lies in raw on the "
    "days of its sales. The local engine reports no bytes, so partitions and rows are counted: those that "
    "the filters of the statements select (docs/adr/0003 has them), by the days and ids that the run "
    "wrote down as touched. The times are mostly the sandbox's own cost of a statement (docs/traps.md)."
)
# Name, the partition of a row, and the filter; {days} are those that the run touched, {since} its last load.
READ = (
    ("raw.sales", "date(SYS_DATE_CREATE)", "SYS_DATE_CREATE >= timestamp '{since}'"),
    ("ods.sales_days", "div(id, 100000)", "id >= {ids} and id < {ids} + 100000"),
    ("ods.sales", "date(datetime)", "date(datetime) in ({days})"),
    ("ods.sales_orphans", "date(datetime)", "date(datetime) in ({days})"),  # whole when a list came
    ("dmt.sales_items", "date(sales_datetime)", "date(sales_datetime) in ({days})"),
    ("dmt.daily_sales", "day", "day in ({days})"),
    ("ods.checkpoints", "date(written_at)", "written_at >= timestamp '1990-01-01'"),
)
Read = dict[str, tuple[int, int]]  # partitions and rows by table
Say = Callable[[str], None]


@dataclass(frozen=True)
class Hour:
    copy: float
    dataform: float
    read: Read

    def sum(self, place: int) -> int:
        return sum(counted[place] for counted in self.read.values())


def report(say: Say) -> str:
    measured = [hours(sales, say) for sales in HISTORIES]
    middles = [middle(found) for found in measured]
    lines = [line(*each, middles[0]) for each in zip(HISTORIES, middles, measured, strict=True)]
    by_table = [(name, *(f"{hour.read[name][1]:,}" for hour in middles)) for name in middles[0].read]
    heads = ("rows read, by table", *(f"{sales:,} before" for sales in HISTORIES))
    found = f"{table(HEADS, lines)}\n\n{table(heads, by_table)}"
    say(found)
    return f"{NOTE}\n\n{found}"


def line(sales: int, hour: Hour, found: Sequence[Hour], first: Hour) -> tuple[str, ...]:
    seconds = [one.dataform for one in found]
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


def middle(found: Sequence[Hour]) -> Hour:
    return sorted(found, key=lambda hour: hour.dataform)[len(found) // 2]


def hours(sales: int, say: Say) -> list[Hour]:
    """So many sales are in the warehouse when the first hour begins."""
    say(f"{sales:,} sales before")
    with warehouse() as cloud:
        fill(cloud, LAST - sales + 1)
        return [hour(cloud) for _ in range(HOURS)]


@contextmanager
def warehouse() -> Iterator[Cloud]:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as state:
        shell, cloud = Shell(state), Cloud(state)
        replay(state)
        provision.add_key(shell)
        provision.release(shell)
        yield cloud


def fill(cloud: Cloud, first: int) -> None:
    """History, from sale `first`; raw has each on the day it was sold, nine years on: before today."""
    cloud.call("PUT", "/sandbox/retail/clock", {"now": text(sold_at(LAST))})
    for arguments in (["customers"], ["products"], ["sales", "--start_sales_id", str(first)]):
        job(cloud, "connector", ["--endpoint", *arguments])
    cloud.rows(
        "UPDATE raw.sales "
        "SET SYS_DATE_CREATE = TIMESTAMP_ADD(CAST(datetime AS TIMESTAMP), INTERVAL 3285 DAY) "
        "WHERE SYS_DATE_CREATE > TIMESTAMP '1990-01-01'"
    )
    pipeline(cloud)


def hour(cloud: Cloud) -> Hour:
    cloud.call("POST", "/sandbox/retail/clock:advance", {"seconds": 3600})
    before = seen(cloud)
    run = pipeline(cloud)
    return Hour(run.spent("connector"), run.spent("Dataform"), read(cloud, before))


def pipeline(cloud: Cloud) -> Run:
    try:
        return runs.run(cloud, Screen(), "pipeline-hourly", "an hour", LIMIT)
    except Failed as error:
        raise BenchmarkError(str(error)) from error


def job(cloud: Cloud, name: str, arguments: list[str]) -> None:
    """An execution of a Run job with these arguments, to its end."""
    override = {"overrides": {"containerOverrides": [{"args": arguments}]}}
    operation = cloud.call("POST", f"{cloud.location('run/v2')}/jobs/{name}:run", override)
    while not operation.get("done"):  # each answer is held until something happens
        operation = cloud.call("GET", f"/run/v2/{operation['name']}")
    if "error" in operation:
        raise BenchmarkError(f"{name} {' '.join(arguments)} failed: {operation['error']['message']}")


def sold_at(sale: int) -> datetime:
    with connect() as data:
        [(found,)] = data.execute("select sold_at from baskets where id = ?", [sale]).fetchall()
    return datetime.fromisoformat(str(found)).replace(tzinfo=UTC)


def seen(cloud: Cloud) -> str:
    """The load that ods.sales has read up to."""
    return str(checkpoint(cloud)["seen_until"].isoformat())


def read(cloud: Cloud, since: str) -> Read:
    days = ", ".join(f"date '{day}'" for day in checkpoint(cloud)["touched_days"])
    said = {"since": since, "days": days, "ids": (LAST // 100_000) * 100_000}
    return {name: counted(cloud, name, part, where.format(**said)) for name, part, where in READ}


def counted(cloud: Cloud, name: str, partition: str, where: str) -> tuple[int, int]:
    """Rows of the whole partitions in which the filter finds any."""
    [row] = cloud.rows(
        f"SELECT COUNT(DISTINCT {partition}) AS partitions, COUNT(*) AS size FROM {name} WHERE {where}"
    )
    return int(row["partitions"]), int(row["size"])


def checkpoint(cloud: Cloud) -> dict[str, Any]:
    [row] = cloud.rows(
        "SELECT seen_until, touched_days FROM ods.checkpoints WHERE table_name = 'ods.sales' "
        "AND written_at > TIMESTAMP '1990-01-01' ORDER BY written_at DESC LIMIT 1"
    )
    return row
