"""Releases are marks on every chart with a time axis, and words beside it; a long night is a small page."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import html5lib
import pytest

from report import sections
from report.night import Model
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


NAME = 'an "endpoint" & <a> — 価格 '


def rows_about(names, measure):
    return {
        "findings": [finding(subject=name, detail=name * 2) for name in names]
        + [finding(subject=name, explained_by=name) for name in names],
        "measures": [measure | {"subject": name, "kind": "night volume"} for name in names],
        "volumes": [row | {"subject": name} for name in names for row in DAYS],
        "steps": [STEP | {"step": f"connector:{name}"} for name in names],
        "arrivals": [row | {"subject": name} for name in names for row in ARRIVALS],
        "freshness": [
            {"kind": "sheet", "subject": name, "newest": MOMENT, "link": f"https://example.com/{name}"}
            for name in names
        ],
        "actions": [
            {"action": name, "kind": "table", "runs": 1, "failed": 1, "bad_rows": None, "seconds": 1.0, "reason": name}
            for name in names
        ],
        "files": [{"subject": name, "file_name": name, "size": 1, "reason": name} for name in names],
        "quality": [
            {
                "table_name": name,
                "day": UNTIL.date(),
                "first": {"size": 1, "bad_rows": 1},
                "last": {"size": 1, "bad_rows": 1},
            }
            for name in names
        ],
        "costs": [
            {"day": UNTIL.date(), "label_key": "table", "label_value": name, "gib_billed": 1.0} for name in names
        ],
        "tables": [{"table_name": name, "newest": {"size": 1, "bytes": 1}} for name in names],
        "drift": [
            dict.fromkeys(("subject", "field", "change", "was", "now", "file_name"), name) for name in names
        ],
        "notices": [
            {"export": name, "event": name, "channel": name, "state": name, "notices": 1} for name in names
        ],
    }  # fmt: skip


def night_of(night, count, length):
    """Each section has rows about `count` subjects with names of `length` characters."""
    names = [(f"{number} {NAME}" * length)[:length] for number in range(count)]
    rows = rows_about(names, night["measures"][0])
    models = [Model(f"{layer}.{name}", (f"raw.{name}",)) for name in names for layer in ("ods", "dmt")]
    tables = {f"source/{name}": f"raw.{name}" for name in names}
    return replace(
        night,
        rows=night.rows | rows,
        models=models,
        endpoints=tables,
        exports={name: f"dmt.{name}" for name in names},
        problems=[f"The section {name} could not be read" for name in names[:20]],
    )


@pytest.mark.parametrize(("count", "length"), [(60, 200), (300, 2000)])
def test_many_and_long_names_are_a_small_valid_page(night, count, length):
    """Names of hostile characters, each of which is up to five bytes of HTML."""
    page = render_page(night_of(night, count, length), "https://example.com/" + "runbooks/" * 8)
    assert len(page.encode()) <= LIMIT_BYTES
    html5lib.HTMLParser(strict=True).parse(page)
    assert f"And {count - page.count('data-name="severity"'):,} more: query ops.last_night" in page
    # What is cut off is a text, never an address.
    links = re.findall(r'href="([^"]+)"', page)
    assert links and all(link.endswith("/job-failed.md") or "…" not in link for link in links)
