"""The values that the template shows, by section. Every number comes from a row of a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from report import charts
from report.drawing import Spec, draw_svg
from report.lineage import is_bookkeeping
from report.night import HISTORY, Night, Row
from report.wording import describe_unusual_hours, format_age, latest

HOURS = 24
LETTERS = {"succeeded": "·", "failed": "F"}
SHOWN_TIMELINES = 2
SHOWN_DAYS = 10
FEW_HOURS = 6  # a chart of fewer hours shows nothing that the table does not


@dataclass(frozen=True)
class Figure:
    title: str
    spec: Spec

    @property
    def svg(self) -> str:
        return draw_svg(self.spec)


@dataclass(frozen=True)
class GridDay:
    """`cells`: a letter and a text for each hour; `is_release`: a new release ran for the first time."""

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
    releases = set(charts.release_days(night))
    days = [(night.until - timedelta(days=number)).date() for number in range(HISTORY.days)]
    return [
        GridDay(
            day,
            [grid_cell(states.get((day, hour), "no run")) for hour in range(HOURS)],
            day.isoformat() in releases,
        )
        for day in days
    ]  # fmt: skip


def grid_cell(state: str) -> tuple[str, str]:
    """A letter, and the state in words for readers of the cell."""
    return LETTERS.get(state, ""), state


def volume_figures(night: Night) -> list[Figure]:
    """For each endpoint the hours of last night on their band, and its days."""
    figures = []
    for subject, rows in groupby(latest(night["measures"], "volume"), key=lambda row: row["subject"]):
        hours = sorted(rows, key=lambda row: row["measured_at"])
        if len(hours) >= FEW_HOURS:
            title = f"{subject}: rows of each hour, last night{describe_unusual_hours(hours)}"
            figures.append(Figure(title, charts.hourly_volume(hours)))
    releases = charts.release_days(night)
    for subject, rows in groupby(night["volumes"], key=lambda row: row["subject"]):
        figures.append(Figure(f"{subject}: rows of each day", charts.daily_volume(list(rows), releases)))
    return figures


def timeline_figures(night: Night) -> list[Figure]:
    """The newest run of each schedule."""
    figures = []
    for schedule in sorted({step["schedule"] for step in night["steps"]}):
        steps = [step for step in night["steps"] if step["schedule"] == schedule]
        # Sorted by their start, so the last step belongs to the newest run.
        steps = [step for step in steps if step["run_id"] == steps[-1]["run_id"]]
        title = f"{schedule} run of {steps[0]['started_at']:%m-%d %H:%M}"
        figures.append(Figure(title, charts.step_timeline(steps)))
    return figures[:SHOWN_TIMELINES]


def cost_figure(night: Night) -> list[Figure]:
    """One chart for tables, exports and endpoints each: a job with two labels is in two rows."""
    return [
        Figure(f"by {label}", charts.cost_bars(list(rows)))
        for label, rows in groupby(night["costs"], key=lambda row: row["label_key"])
    ]


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
