"""Charts as Vega-Lite specifications; report/drawing.py draws them.

Specifications are plain dictionaries: a library that builds them would add packages and no check, because
vl-convert rejects an invalid specification. Widths fit a telephone; the page puts charts side by side.
Every axis of time is UTC, otherwise the time zone of the machine would move bars to other days.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from report.drawing import Spec
from report.night import Row
from report.releases import Mark

WIDTH, HEIGHT = 320, 130
INK, TINT, BAND, BAD, MARK = "#1d2430", "#2f6f8f", "#cfdfe8", "#b3261e", "#8a6d1b"
HOUR = "%Y-%m-%d %H"
FOURTH_HOUR = "toNumber(slice(datum.value, 11)) % 4 == 0 ? slice(datum.value, 11) : ''"
STATE_COLOURS = {"domain": ["succeeded", "failed", "not run"], "range": [TINT, BAD, "#98a2b3"]}
SHOWN_BARS = 15
SHOWN_TICKS = 5
LONGEST_LABEL = 36  # characters; a longer one would leave no space for the bars
RELEASE_LINE = {"type": "rule", "color": MARK, "strokeDash": [3, 2]}


def hourly_volume(measures: Sequence[Row], marks: Sequence[Mark]) -> Spec:
    """Rows of each hour of last night on the band of the usual ones; unusual hours are red and have a cross."""
    # Every hour has its place, also one without a load.
    scale = {"domain": list_hours(hour_of(measures[0]), hour_of(measures[-1]))}
    axis = {"labelExpr": FOURTH_HOUR, "labelAngle": 0}
    x = {"field": "at", "type": "ordinal", "title": "hour, UTC", "axis": axis, "scale": scale}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": volume_values(measures)},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "area", "color": BAND, "interpolate": "step"},
                "encoding": {"y": quantity("low", "rows"), "y2": {"field": "high"}},
            },  # fmt: skip
            {
                "mark": {"type": "bar", "size": 6},
                "encoding": {
                    "y": quantity("rows", "rows"),
                    "color": {"condition": {"test": "datum.unusual", "value": BAD}, "value": TINT},
                },
            },  # fmt: skip
            {
                # A sign besides the colour, for readers who do not see red (docs/adr/0015).
                "transform": [{"filter": "datum.unusual"}],
                "mark": {"type": "text", "text": "×", "dy": -8, "color": BAD, "fontSize": 15},
                "encoding": {"y": quantity("rows", "rows")},
            },  # fmt: skip
            release_lines("at", [mark.at.strftime(HOUR) for mark in marks], x),
        ],
    }


def hour_of(measure: Row) -> datetime:
    """The full hour that ops.measures counts it for: a run of 06 may begin at 05:59:58."""
    start: datetime = measure["measured_at"].replace(minute=0, second=0, microsecond=0)
    return start if start.hour == measure["hour"] else start + timedelta(hours=1)


def volume_values(measures: Sequence[Row]) -> list[dict[str, Any]]:
    """`low` and `high` bound what is usual; None before enough is measured."""
    return [
        {
            "at": hour_of(row).strftime(HOUR),
            "rows": row["amount"],
            "low": max(row["usual"] - row["spread"], 0) if row["usual"] is not None else None,
            "high": row["usual"] + row["spread"] if row["usual"] is not None else None,
            # The verdict of the view: the chart computes no limits of its own.
            "unusual": row["is_unusual"],
        }
        for row in measures
    ]


def list_hours(first: datetime, last: datetime) -> list[str]:
    count = (last - first) // timedelta(hours=1) + 1
    return [(first + timedelta(hours=number)).strftime(HOUR) for number in range(count)]


def daily_amount(days: Sequence[Row], field: str, title: str, marks: Sequence[Mark]) -> Spec:
    """A bar for each day; a vertical line marks a day of a release. `title` is the unit."""
    # Decimal, as BigQuery's client returns NUMERIC, is not JSON.
    values = [{"at": row["day"].isoformat(), "amount": float(row[field])} for row in days]
    x = time_axis("%m-%d", days[-1]["day"] - days[0]["day"])
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "bar", "color": TINT, "size": 6},
                "encoding": {"x": x, "y": quantity("amount", title)},
            },  # fmt: skip
            release_lines("at", [mark.at.date().isoformat() for mark in marks], x),
        ],
    }


def arrivals(ticks: Sequence[tuple[str, datetime]], marks: Sequence[Mark], axis: str) -> Spec:
    """A tick for each hour or day in which a source or sheet succeeded; a hole is a time without a success."""
    values = [{"of": shorten(subject), "at": at.isoformat()} for subject, at in ticks]
    moments = [at for _, at in ticks]
    x = time_axis(axis, max(moments) - min(moments))
    y = {"field": "of", "type": "nominal", "sort": None, "title": None}
    return {
        "width": WIDTH,
        "height": {"step": 18},
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "tick", "color": TINT, "thickness": 3},
                "encoding": {"x": x, "y": y},
            },  # fmt: skip
            release_lines("at", [mark.at.isoformat() for mark in marks], x),
        ],
    }


def step_timeline(steps: Sequence[Row], start: datetime, marks: Sequence[Mark]) -> Spec:
    """A bar for each step of one run, from its first second to its last."""
    # sort None keeps the order of the rows, which is that of time.
    y = {"field": "step", "type": "nominal", "sort": None, "title": None}
    x = {"field": "from", "type": "quantitative", "title": "seconds"}
    return {
        "width": WIDTH,
        "height": {"step": 22},
        "data": {"values": step_values(steps, start)},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12},
                "encoding": {
                    "x": x,
                    "y": y,
                    "x2": {"field": "to"},
                    "color": {
                        "field": "state",
                        "type": "nominal",
                        "scale": STATE_COLOURS,
                        "legend": None,
                    },
                },
            },  # fmt: skip
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
                "encoding": {
                    "x": {"field": "to", "type": "quantitative"},
                    "y": y,
                    "text": {"field": "label"},
                },
            },  # fmt: skip
            release_lines("from", [(mark.at - start).total_seconds() for mark in marks], x),
        ],
    }


def step_values(steps: Sequence[Row], start: datetime) -> list[dict[str, Any]]:
    """`from` and `to` in seconds after the start of the run."""
    return [
        {
            "step": shorten(step["step"].removeprefix("connector:")),
            "from": (step["started_at"] - start).total_seconds(),
            # At least half a second, otherwise the bar of a short step is invisible.
            "to": (step["started_at"] - start).total_seconds() + max(step["seconds"], 0.5),
            "state": step["state"],
            "label": step["state"] if step["state"] != "succeeded" else f"{step['seconds']:.0f} s",
        }
        for step in steps
    ]


def cost_bars(costs: Sequence[Row]) -> Spec:
    """GiB billed for each table, export or endpoint on one day: no axis of time, so no mark."""
    values = [
        {"of": shorten(row["label_value"]), "gib": float(row["gib_billed"])} for row in costs[:SHOWN_BARS]
    ]
    return {
        "width": WIDTH,
        "height": {"step": 18},
        "data": {"values": values},
        "mark": {"type": "bar", "color": TINT, "height": 10},
        "encoding": {
            "y": {"field": "of", "type": "nominal", "sort": None, "title": None},
            "x": quantity("gib", "GiB billed"),
        },
    }


def release_lines(field: str, positions: Sequence[str | float], x: Mapping[str, Any]) -> Spec:
    """A dashed line at each position of the axis `x`; each once, as two releases may be on one day."""
    values = [{field: position} for position in dict.fromkeys(positions)]
    return {"data": {"values": values}, "mark": RELEASE_LINE, "encoding": {"x": x}}


def time_axis(label: str, span: timedelta) -> Mapping[str, Any]:
    is_hourly = "%H" in label
    # Whole days: between them a label of days would be there twice.
    whole_days = {"interval": "day", "step": span.days // SHOWN_TICKS + 1}
    return {
        "field": "at",
        "type": "temporal",
        "title": "UTC" if is_hourly else None,
        "scale": {"type": "utc"},
        "axis": {"format": label, "tickCount": SHOWN_TICKS if is_hourly else whole_days},
    }


def quantity(field: str, title: str) -> Mapping[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"tickCount": 4}}


def shorten(name: str) -> str:
    """The end of a long name: names of one source differ there."""
    return name if len(name) <= LONGEST_LABEL else f"…{name[1 - LONGEST_LABEL :]}"
