"""Charts as Vega-Lite specifications; report/drawing.py draws them.

Specifications are plain dictionaries: a library that builds them would add packages and no check, because
vl-convert rejects an invalid specification. Widths fit a telephone; the page puts charts side by side.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from report.drawing import Spec
from report.night import Night, Row

WIDTH, HEIGHT = 320, 130
INK, TINT, BAND, BAD, MARK = "#1d2430", "#2f6f8f", "#cfdfe8", "#b3261e", "#8a6d1b"
FOURTH_HOUR = "toNumber(slice(datum.value, 6)) % 4 == 0 ? slice(datum.value, 6) : ''"
STATE_COLOURS = {"domain": ["succeeded", "failed", "not run"], "range": [TINT, BAD, "#98a2b3"]}


def hourly_volume(measures: Sequence[Row]) -> Spec:
    """Rows of each hour of last night on the band of the usual ones; unusual hours are red and have a cross."""
    values = [
        {
            "at": row["measured_at"].strftime("%m-%d %H"),
            "rows": row["amount"],
            "low": max(row["usual"] - row["spread"], 0) if row["usual"] is not None else None,
            "high": row["usual"] + row["spread"] if row["usual"] is not None else None,
            # The verdict of the view: the chart computes no limits of its own.
            "unusual": row["is_unusual"],
        }
        for row in measures
    ]
    axis = {"labelExpr": FOURTH_HOUR, "labelAngle": 0}
    x = {"field": "at", "type": "ordinal", "title": "hour, UTC", "axis": axis}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
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
        ],
    }


def daily_volume(volumes: Sequence[Row], releases: Sequence[str]) -> Spec:
    """Rows of each day; a vertical line marks a day on which another release ran for the first time."""
    values = [{"day": row["day"].isoformat(), "rows": row["loaded"]} for row in volumes]
    x = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%m-%d", "tickCount": 5}}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "bar", "color": TINT, "size": 6},
                "encoding": {"x": x, "y": quantity("rows", "rows")},
            },  # fmt: skip
            {
                "data": {"values": [{"day": day} for day in releases]},
                "mark": {"type": "rule", "color": MARK, "strokeDash": [3, 2]},
                "encoding": {"x": x},
            },  # fmt: skip
        ],
    }


def step_timeline(steps: Sequence[Row]) -> Spec:
    """A bar for each step of one run, from its first second to its last."""
    start = min(step["started_at"] for step in steps)
    values = [
        {
            "step": step["step"].removeprefix("connector:"),
            "from": (step["started_at"] - start).total_seconds(),
            # At least half a second, otherwise the bar of a short step is invisible.
            "to": (step["started_at"] - start).total_seconds() + max(step["seconds"], 0.5),
            "state": step["state"],
            "label": step["state"] if step["state"] != "succeeded" else f"{step['seconds']:.0f} s",
        }
        for step in steps
    ]
    # sort None keeps the order of the rows, which is that of time.
    y = {"field": "step", "type": "nominal", "sort": None, "title": None}
    return {
        "width": WIDTH,
        "height": {"step": 22},
        "data": {"values": values},
        "encoding": {"y": y, "x": {"field": "from", "type": "quantitative", "title": "seconds"}},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12},
                "encoding": {
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
                "encoding": {"x": {"field": "to", "type": "quantitative"}, "text": {"field": "label"}},
            },  # fmt: skip
        ],
    }


def cost_bars(costs: Sequence[Row]) -> Spec:
    """GiB billed for each table, export or endpoint."""
    # Decimal, as BigQuery's client returns NUMERIC, is not JSON.
    values = [{"of": row["label_value"], "gib": float(row["gib_billed"])} for row in costs[:15]]
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


def quantity(field: str, title: str) -> Mapping[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"tickCount": 4}}


def release_days(night: Night) -> list[str]:
    """Days on which a run had another Dataform release than the run before it."""
    releases = [
        (run["started_at"].date().isoformat(), run["release"]) for run in night["runs"] if run["release"]
    ]
    # strict=False: the second sequence is shorter by one.
    pairs = zip(releases, releases[1:], strict=False)
    return sorted({day for (_, before), (day, release) in pairs if release != before})
