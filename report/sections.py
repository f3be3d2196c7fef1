"""The values that the template shows, by section. Every number comes from a row of a query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from report import charts
from report.drawing import Spec, draw_svg
from report.lineage import is_bookkeeping
from report.night import HISTORY, Night, Row
from report.releases import Mark, describe_marks, find_marks, marks_between
from report.wording import describe_unusual_hours, format_age, latest

HOURS = 24
LETTERS = {"succeeded": "·", "failed": "F"}
SHOWN_TIMELINES = 2
SHOWN_DAYS = 10
FEW_HOURS = 6  # a chart of fewer hours shows nothing that the table does not
SHOWN_SUBJECTS = 20  # of the chart of arrivals
LONGEST_HOURLY_WINDOW = timedelta(days=2)  # a longer one is shown by days
DAY, TIME = "%m-%d", "%m-%d %H:%M"


@dataclass(frozen=True)
class Figure:
    """`subject`: what it is about, by the name that findings have. `title` also states what marks mean."""

    title: str
    spec: Spec
    subject: str = ""

    @cached_property
    def svg(self) -> str:
        return draw_svg(self.spec)


@dataclass(frozen=True)
class GridDay:
    """`cells`: a letter and a text for each hour; `is_release`: a release began to be live."""

    day: date
    cells: Sequence[tuple[str, str]]
    is_release: bool


def run_grid(night: Night) -> list[GridDay]:
    """A row for each of the last 28 days, the newest first, and a cell for each hour, UTC.

    F: a run failed. A dot: every run of the hour succeeded. Empty: no run left a row.
    """
    states: dict[tuple[date, int], str] = {}
    for run in night["runs"]:
        key = (run["started_at"].date(), run["started_at"].hour)
        # Several runs may begin in one hour: one that failed decides.
        states[key] = "failed" if "failed" in (run["state"], states.get(key)) else "succeeded"
    releases = {mark.at.date() for mark in find_marks(night)}
    days = [(night.until - timedelta(days=number)).date() for number in range(HISTORY.days)]
    return [
        GridDay(
            day,
            [grid_cell(states.get((day, hour), "no run")) for hour in range(HOURS)],
            day in releases,
        )
        for day in days
    ]  # fmt: skip


def grid_cell(state: str) -> tuple[str, str]:
    """A letter, and the state in words for readers of the cell."""
    return LETTERS.get(state, ""), state


def volume_figures(night: Night) -> list[Figure]:
    """For each endpoint the hours of last night on their band, and its days; what has a finding comes first."""
    marks, figures = find_marks(night), []
    for subject, rows in groupby(latest(night["measures"], "volume"), key=lambda row: row["subject"]):
        hours = sorted(rows, key=lambda row: row["measured_at"])
        if len(hours) >= FEW_HOURS:
            figures.append(hourly_figure(subject, hours, marks))
    for subject, rows in groupby(night["volumes"], key=lambda row: row["subject"]):
        figures.append(daily_figure(subject, "rows of each day", list(rows), "loaded", "rows", marks))
    wrong = {row["subject"] for row in night["findings"]}
    # Stable: hours stay before days.
    return sorted(figures, key=lambda figure: figure.subject not in wrong)


def hourly_figure(subject: str, hours: Sequence[Row], marks: Iterable[Mark]) -> Figure:
    releases = marks_between(marks, charts.hour_of(hours[0]), hours[-1]["measured_at"])
    remarks = describe_unusual_hours(hours) + describe_marks(releases, "%H:%M")
    title = f"{subject}: rows of each hour, last night{remarks}"
    return Figure(title, charts.hourly_volume(hours, releases), subject)


def daily_figure(
    subject: str, what: str, days: Sequence[Row], field: str, unit: str, marks: Iterable[Mark]
) -> Figure:
    """The days of one subject of the history."""
    # Of whole days: a release before the first bar would make the axis longer.
    releases = [mark for mark in marks if days[0]["day"] <= mark.at.date() <= days[-1]["day"]]
    title = f"{subject}: {what}{describe_marks(releases, DAY)}"
    return Figure(title, charts.daily_amount(days, field, unit, releases), subject)


def daily_figures(night: Night, query: str, what: str, unit: str) -> list[Figure]:
    """One for each subject of a query of days."""
    marks = find_marks(night)
    return [
        daily_figure(subject, what, list(rows), "amount", unit, marks)
        for subject, rows in groupby(night[query], key=lambda row: row["subject"])
    ]


def arrival_figures(night: Night) -> list[Figure]:
    """When sources were copied and sheets written; at most twenty of them, those with a finding first."""
    wrong = {row["subject"] for row in night["findings"]}
    subjects = sorted(
        {row["subject"] for row in night["arrivals"]}, key=lambda name: (name not in wrong, name)
    )
    if not subjects:
        return []
    by_hour = night.until - night.since <= LONGEST_HOURLY_WINDOW
    visible = set(subjects[:SHOWN_SUBJECTS])
    ticks = {
        (row["subject"], row["hour"] if by_hour else start_of_day(row["hour"]))
        for row in night["arrivals"]
        if row["subject"] in visible
    }
    marks = marks_between(find_marks(night), night.since, night.until)
    unit, axis = ("hour", "%H:%M") if by_hour else ("day", DAY)
    more = f", {len(visible)} of {len(subjects)}" if len(visible) < len(subjects) else ""
    title = f"a tick for each {unit} with a success{more}{describe_marks(marks, TIME)}"
    return [Figure(title, charts.arrivals(sorted(ticks), marks, axis))]


def start_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0)


def timeline_figures(night: Night) -> list[Figure]:
    """The newest run of each schedule."""
    begins = {run["run_id"]: run["started_at"] for run in night["runs"]}
    releases, figures = find_marks(night), []
    for schedule in sorted({step["schedule"] for step in night["steps"]}):
        steps = [step for step in night["steps"] if step["schedule"] == schedule]
        # Sorted by their start, so the last step belongs to the newest run.
        steps = [step for step in steps if step["run_id"] == steps[-1]["run_id"]]
        first = min(step["started_at"] for step in steps)
        start = min(begins.get(steps[0]["run_id"], first), first)
        end = max(step["started_at"] + timedelta(seconds=step["seconds"]) for step in steps)
        marks = marks_between(releases, start, end)
        title = f"{schedule} run of {first:%m-%d %H:%M}{describe_marks(marks, '%H:%M:%S')}"
        figures.append(Figure(title, charts.step_timeline(steps, start, marks)))
    return figures[:SHOWN_TIMELINES]


def cost_figures(night: Night) -> list[Figure]:
    """For tables, exports and endpoints each, as a job with two labels is in two rows: the newest day, and the days."""
    figures = []
    for label, rows in groupby(night["costs"], key=lambda row: row["label_key"]):
        costs = list(rows)
        more = f", the {charts.SHOWN_BARS} greatest of {len(costs)}" if len(costs) > charts.SHOWN_BARS else ""
        figures.append(Figure(f"by {label}{more}", charts.cost_bars(costs)))
    return figures + daily_figures(night, "cost_days", "GiB billed on each day, all of them", "GiB billed")


def freshness_rows(night: Night) -> list[dict[str, Any]]:
    """Sources, tables and sheets with their age, in the order of the flow."""
    order = ("source", "table", "sheet")
    late = {
        row["subject"] for row in night["findings"] if row["kind"] == "gap" and row["state"] != "recovered"
    }
    return [
        dict(row) | {"age": describe_age(night, row), "state": "late" if is_late(row, late) else "as usual"}
        for row in sorted(night["freshness"], key=lambda row: order.index(row["kind"]))
        if not is_bookkeeping(row["subject"])
    ]


def worst_days(night: Night) -> list[Row]:
    """The days with the greatest share of bad rows at the end of the window."""

    def good_share(row: Row) -> float:
        # The good share ascending is the bad share descending, and equal days keep their order.
        return 1.0 - float(row["last"]["bad_rows"]) / max(int(row["last"]["size"]), 1)

    return sorted(night["quality"], key=good_share)[:SHOWN_DAYS]


def describe_age(night: Night, row: Row) -> str:
    # Never negative: a table may have changed after the moment of the page.
    return format_age(max(night.until - row["newest"], timedelta(0))) if row["newest"] else "never"


def is_late(row: Row, late: set[str]) -> bool:
    return row["subject"] in late or f"sheet {row['subject']}" in late
