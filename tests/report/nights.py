"""Rows of ops for a month of quiet nights, and for nights with one cause each.

Times are relative to `now`; the last night is the last 24 hours. The pipeline runs every hour, and the lists of
products and customers come twelve hours before `now`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
Night = Callable[["History"], None]
DAYS = 31
LISTS = {"retail/products": 92_000, "retail/customers": 2_500}
# Sales of each hour of a day, as in the shop's data.
HOURLY = [30, 23, 14, 8, 4, 2, 2, 1, 1, 1, 2, 5, 8, 10, 16, 22, 26, 27, 29, 31, 35, 41, 41, 36]
LINES_A_SALE = 10


@dataclass
class History:
    """Rows by table. `age` of a run is in hours before `now`."""

    now: datetime
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> Row:
        row = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()
        }
        self.rows.setdefault(table, []).append(row)
        return row

    def last_night(self, table: str, **values: Any) -> list[Row]:
        """Rows of the last 24 hours with these values, oldest first."""
        since = (self.now - timedelta(hours=24)).isoformat()
        rows = [row for row in self.rows[table] if (row.get("started_at") or row["logged_at"]) >= since]
        return [row for row in rows if all(row[name] == value for name, value in values.items())]

    def known_cost(self, table: str) -> Row:
        """The newest row of ops.costs that the scheduled query has written at `now`: after three o'clock."""
        newest = (self.now - timedelta(hours=27)).date().isoformat()
        [row] = [row for row in self.rows["costs"] if (row["day"], row["label_value"]) == (newest, table)]
        return row

    def one_night_later(self) -> "History":
        """The same rows a day earlier, and a quiet night after them."""
        shifted = {table: [renamed(shift(row, -24)) for row in rows] for table, rows in self.rows.items()}
        history = History(self.now, shifted)
        add_runs(history, 24)
        return history


def shift(row: Row, hours: float) -> Row:
    def moved(name: str, value: Any) -> Any:
        if name in ("started_at", "finished_at", "logged_at", "newest", "checked_at"):
            return (datetime.fromisoformat(value) + timedelta(hours=hours)).isoformat()
        if name == "day":
            return (datetime.fromisoformat(value) + timedelta(hours=hours)).date().isoformat()
        return value

    return {name: moved(name, value) for name, value in row.items()}


def run_hour(history: History, age: int, schedule: str) -> None:
    """The rows that one good run of the pipeline leaves, `age` hours before now."""
    start = history.now - timedelta(hours=age, minutes=-5)
    run = f"{start:%Y%m%d%H}{schedule}"
    endpoints = {"retail/sales": HOURLY[start.hour]} | (LISTS if schedule == "daily" else {})
    wobble = (start.toordinal() * 7 + start.hour * 3) % 5 - 2
    history.add(
        "pipeline_log", run_id=run, schedule=schedule, started_at=start, finished_at=start + timedelta(minutes=4),
        state="succeeded", steps=len(endpoints) + 2, release="r1", error=None,
    )  # fmt: skip
    for endpoint, size in endpoints.items():
        load(history, start, run, endpoint, max(size + (wobble if size < 1000 else 0), 0))
        step(history, start, run, schedule, f"connector:{endpoint}", 20 + wobble)
    step(history, start + timedelta(minutes=1), run, schedule, "dataform", 90 + wobble)
    step(history, start + timedelta(minutes=3), run, schedule, "sheets_sync", 15 + wobble)
    for name in ("ods.sales", "ods.sales_orphans", "dmt.sales_items", "dmt.daily_sales"):
        history.add(
            "action_log", run_id=run, action=name, kind="table", state="succeeded", seconds=20.0 + wobble,
            bad_rows=None, reason=None, logged_at=start + timedelta(minutes=4),
        )  # fmt: skip
        history.add(
            "table_log", run_id=run, table_name=name, rows=1_000_000 - age, bytes=80_000_000 - age,
            newest=start + timedelta(minutes=2), logged_at=start + timedelta(minutes=4),
        )  # fmt: skip
    lines = sum(HOURLY) * LINES_A_SALE
    day(history, start, run, "ods.sales_orphans", start, lines, lines // 400)
    sync(history, start, run, 0)


def load(history: History, start: datetime, run: str, endpoint: str, rows: int, **other: Any) -> None:
    source, name = endpoint.split("/")
    common = {"run_id": f"{run}-{name}", "source": source, "endpoint": name}
    history.add("run_log", **common, **{
        "started_at": start, "finished_at": start + timedelta(minutes=1), "status": "success",
        "window_from": None, "window_until": None, "pages": 1, "files": 1, "rows_loaded": rows,
        "bytes": rows * 400, "error": None, "notes": None,
    } | other)  # fmt: skip
    history.add(
        "file_log", **common, file_name=f"{name}_{run}.json", state="archived", rows=rows, bytes=rows * 400,
        reason=None, logged_at=start + timedelta(minutes=1),
    )  # fmt: skip


def step(history: History, start: datetime, run: str, schedule: str, name: str, seconds: float) -> None:
    history.add(
        "step_log", run_id=run, schedule=schedule, step=name, state="succeeded", started_at=start,
        seconds=float(seconds), reason=None,
    )  # fmt: skip


def day(
    history: History, start: datetime, run: str, table: str, of: datetime, rows: int, bad_rows: int
) -> None:
    history.add(
        "day_log", run_id=run, table_name=table, day=of.date().isoformat(), rows=rows, bad_rows=bad_rows,
        logged_at=start + timedelta(minutes=4),
    )  # fmt: skip


def sync(history: History, start: datetime, run: str, drift: int) -> None:
    history.add(
        "sync_run", run_id=run, export="daily_sales", destination="sheets", place="id", title="Daily sales",
        link="https://docs.google.com/spreadsheets/d/id", started_at=start + timedelta(minutes=3),
        finished_at=start + timedelta(minutes=4), status="success", rows=365, inserted=0, updated=1, deleted=0,
        rejected=0, drift=drift, calls=3, error=None,
    )  # fmt: skip


def cost(history: History, age: int) -> None:
    of = (history.now - timedelta(days=age)).date().isoformat()
    tables = {"dmt.daily_sales": 0.4, "dmt.sales_items": 1.2, "ods.sales": 0.8}
    labels = [("table", table, amount) for table, amount in tables.items()]
    for key, value, amount in [*labels, ("export", "daily_sales", 0.1), ("component", "sheets-sync", 0.1)]:
        history.add(
            "costs", day=of, identity="dataform-runner@p", label_key=key, label_value=value, jobs=24,
            gib_billed=amount, slot_hours=0.1, cost_usd=round(amount * 0.0061, 6),
        )  # fmt: skip


def renamed(row: Row) -> Row:
    """Ids begin with the hour, which the next night has too."""
    return {
        name: f"{row[name]}-before" if name in ("run_id", "file_name") else value
        for name, value in row.items()
    }


def quiet(now: datetime, days: int = DAYS) -> History:
    """Every hour a run; twelve hours before `now` the daily one, which copies the lists too."""
    history = History(now)
    for table in ("drift", "notice_log", "freshness", "sync_row"):
        history.rows[table] = []
    add_runs(history, days * 24)
    return history


def add_runs(history: History, hours: int) -> None:
    for age in range(hours, 0, -1):
        run_hour(history, age, "daily" if age % 24 == 12 else "hourly")
    for age in range(hours // 24, 0, -1):
        cost(history, age)


def source_down(history: History) -> None:
    """The source does not answer for three hours; the next load brings what is missing."""
    *_, first, second, third, after, _ = history.last_night("run_log", endpoint="sales")
    for row in (first, second, third):
        after["rows_loaded"] += row["rows_loaded"]
        row |= {"status": "failed", "rows_loaded": 0, "files": 0, "error": "503 Service Unavailable"}
        run = row["run_id"].removesuffix("-sales")
        fail_run(history, run, "connector:retail/sales", "503 Service Unavailable")


def fail_run(history: History, run: str, step_name: str, reason: str) -> None:
    for row in history.rows["step_log"]:
        if (row["run_id"], row["step"]) == (run, step_name):
            row |= {"state": "failed", "reason": reason}
    for row in history.rows["pipeline_log"]:
        if row["run_id"] == run:
            row |= {"state": "failed", "error": f"{step_name}: {reason}"}


def half_a_load(history: History) -> None:
    for row in history.last_night("run_log", endpoint="sales"):
        row["rows_loaded"] //= 2


def duplicate_replay(history: History) -> None:
    """A file of the night before is copied into in/ again: 5,000 rows, and their days are written again."""
    row = history.last_night("file_log", endpoint="sales")[0]
    row["rows"] = 5000
    copy = history.last_night("file_log", endpoint="sales")[10]
    history.add("file_log", **row | {"run_id": "replay", "logged_at": copy["logged_at"]})
    for load_row in history.last_night("run_log", run_id=copy["run_id"]):
        load_row["rows_loaded"] += 5000


def new_field(history: History) -> None:
    row = history.last_night("run_log", endpoint="sales")[5]
    history.add(
        "drift", run_id=row["run_id"], source="retail", endpoint="sales", field="items.colour", change="new",
        was=None, now="text", file_name="sales_x.json", logged_at=row["finished_at"],
    )  # fmt: skip


def one_bad_file(history: History) -> None:
    """A load ends with exit code 1 when one of its files is in failed/."""
    row = history.last_night("file_log", endpoint="sales")[7]
    row |= {"state": "failed", "reason": "Error while reading data: not JSON"}
    for load_row in history.last_night("run_log", run_id=row["run_id"]):
        load_row |= {"status": "partial", "error": "1 file is in failed/", "rows_loaded": 0}
    fail_run(history, row["run_id"].removesuffix("-sales"), "connector:retail/sales", "1 file is in failed/")


def price_change(history: History) -> None:
    """All days of a year are written again: slow and expensive, and no fault."""
    run = history.last_night("pipeline_log")[9]
    moment = datetime.fromisoformat(run["started_at"])
    for age in range(2, 367):
        day(history, moment, run["run_id"], "ods.sales_orphans", moment - timedelta(days=age), 4000, 9)
    slow_step(history, 9)
    history.known_cost("dmt.sales_items")["gib_billed"] *= 5


def orphan_burst(history: History) -> None:
    """One day of a year of sales has only unknown products."""
    run = history.last_night("pipeline_log")[6]
    moment = datetime.fromisoformat(run["started_at"])
    day(history, moment, run["run_id"], "ods.sales_orphans", moment - timedelta(days=200), 4000, 4000)


def late_list(history: History) -> None:
    """Products come six hours late; meanwhile sales of new products are orphans."""
    for table in ("run_log", "file_log"):
        for row in history.last_night(table, endpoint="products"):
            row |= shift(row, 6)
    orphans = history.last_night("day_log")[-8]
    orphans["bad_rows"] = orphans["rows"] // 10 + 5


def slow_step(history: History, number: int = 4) -> None:
    history.last_night("step_log", step="dataform")[number]["seconds"] = 1200.0


def an_export_of_five_times_the_cost(history: History) -> None:
    history.known_cost("daily_sales")["gib_billed"] *= 5


def five_times_the_cost(history: History) -> None:
    history.known_cost("ods.sales")["gib_billed"] *= 5


def edits_of_a_person(history: History) -> None:
    history.last_night("sync_run")[8]["drift"] = 3


def nothing_wrong(history: History) -> None:
    """A quiet night."""


# Each night with the only finding of its verdict: kind and subject.
NIGHTS: dict[Night, tuple[str, str] | None] = {
    source_down: ("source", "retail/sales"),
    half_a_load: ("night volume", "retail/sales"),
    duplicate_replay: ("duplicate", "retail/sales"),
    new_field: ("drift", "retail/sales"),
    one_bad_file: ("file", "retail/sales"),
    price_change: ("rewritten days", "ods.sales_orphans"),
    orphan_burst: ("orphans", "ods.sales_orphans"),
    late_list: ("gap", "retail/products"),
    slow_step: ("duration", "hourly dataform"),
    five_times_the_cost: ("cost", "ods.sales"),
    an_export_of_five_times_the_cost: ("cost", "sheet daily_sales"),
    edits_of_a_person: ("edits", "sheet daily_sales"),
    nothing_wrong: None,
}
