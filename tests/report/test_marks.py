"""Releases are marks on every chart with a time axis, and words beside it; a long night is a small page."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import html5lib
import pytest

from report import sections
from report.page import LIMIT_BYTES, render_page
from tests.report.mails import finding, short_night
from tests.report.pages import RUNBOOKS

UNTIL = datetime(2026, 11, 29, 6, 30, tzinfo=UTC)
MOMENT = UNTIL - timedelta(hours=3, minutes=10)
RELEASE = {"release": "r2", "kind": "rollout", "state": "accepted", "moment": MOMENT}
DAYS = [
    {"subject": "retail/sales", "day": (UNTIL - timedelta(days=number)).date(), "loaded": 7, "amount": 7.5}
    for number in (2, 1, 0)
]
STEP = {
    "run_id": "r", "schedule": "hourly", "step": "dataform", "state": "succeeded", "reason": "",
    "started_at": MOMENT - timedelta(seconds=5), "seconds": 20.0,
}  # fmt: skip
ARRIVALS = [{"subject": "retail/sales", "hour": UNTIL - timedelta(hours=number)} for number in (5, 2)]


@pytest.fixture
def night():
    """A release three hours before the end, and rows for every chart."""
    short = short_night(until=UNTIL)
    run = {"run_id": "r", "schedule": "hourly", "started_at": MOMENT, "state": "succeeded", "release": ""}
    more = {
        "runs": [run],
        "releases": [RELEASE],
        "volumes": DAYS,
        "steps": [STEP],
        "arrivals": ARRIVALS,
        "cost_days": DAYS,
        "size_days": DAYS,
        "quality_days": DAYS,
    }
    return replace(short, rows=short.rows | more)


def figures(night):
    return [
        *sections.volume_figures(night),
        *sections.timeline_figures(night),
        *sections.arrival_figures(night),
        *sections.cost_figures(night),
        *sections.daily_figures(night, "size_days", "bytes", "bytes"),
        *sections.daily_figures(night, "quality_days", "bad rows", "rows"),
    ]


def marks_of(figure):
    [rules] = [layer for layer in figure.spec["layer"] if layer["mark"]["type"] == "rule"]
    return rules["data"]["values"]


def test_every_chart_with_a_time_axis_has_the_mark_and_names_it(night):
    drawn = figures(night)
    assert len(drawn) == 8  # two of hours, volumes, steps, arrivals, cost, sizes, quality
    for figure in drawn:
        assert len(marks_of(figure)) == 1, figure.title
        assert re.search(r"; ▸ [\d:-]+( [\d:]+)?: rollout r2 \(accepted\)", figure.title), figure.title
        assert "<svg" in figure.svg
    assert [day.is_release for day in sections.run_grid(night)].count(True) == 1


def test_without_a_release_there_is_no_mark(night):
    quiet = replace(night, rows=night.rows | {"releases": []})
    for figure in figures(quiet):
        assert marks_of(figure) == [] and "▸" not in figure.title
    assert not any(day.is_release for day in sections.run_grid(quiet))


def test_ten_thousand_findings_are_a_small_valid_page(night):
    hostile = 'a <b>&"\n\u202e\x00' + "x" * 2000
    findings = [finding(subject=f"{number} {hostile}") for number in range(10_000)]
    page = render_page(replace(night, rows=night.rows | {"findings": findings}), RUNBOOKS)
    assert len(page.encode()) <= LIMIT_BYTES
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(page)
    [left_out] = re.findall(r"And ([\d,]+) more: query ops.last_night", page)
    listed = page.count('data-name="severity"')
    assert int(left_out.replace(",", "")) + listed == 10_000
    assert "<b>" not in page and "\u202e" not in page and "\x00" not in page
