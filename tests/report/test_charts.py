"""A bar of a chart is at the hour that ops.measures counts it for."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from report import charts, sections
from report.drawing import draw_svg
from tests.report.mails import short_night

UNTIL = datetime(2026, 11, 29, 6, 30, tzinfo=UTC)
# Runs begin some seconds before or after the full hour: two within 08, none within 09, and one before midnight.
STARTS = ["05:59:58", "07:00:02", "08:00:01", "08:59:50", "10:00:05", "23:59:57"]


@pytest.fixture
def measures():
    starts = [datetime.fromisoformat(f"2026-11-28T{time}+00:00") for time in STARTS]
    hours = (6, 7, 8, 9, 10, 0)
    return [
        {"measured_at": start, "hour": hour, "amount": 5, "usual": 22.0, "spread": 3.0, "is_unusual": hour in (9, 0)}
        for start, hour in zip(starts, hours, strict=True)
    ]  # fmt: skip


def test_each_load_has_the_bar_of_its_own_hour(measures):
    spec = charts.hourly_volume(measures, [])
    bars = [value["at"] for value in spec["data"]["values"]]
    assert bars == [f"2026-11-28 {hour:02}" for hour in (6, 7, 8, 9, 10)] + ["2026-11-29 00"]
    domain = spec["encoding"]["x"]["scale"]["domain"]
    assert (domain[0], domain[-1], len(domain)) == (bars[0], bars[-1], 19)


def test_the_words_of_a_chart_name_the_hours_of_its_crosses(measures):
    figure = sections.hourly_figure("retail/sales", measures, [])
    assert figure.title.endswith("; × 09: too little, 00: too little")


def test_a_night_of_full_hours_has_a_bar_for_each_of_them():
    figure, *_ = sections.volume_figures(short_night(until=UNTIL + timedelta(minutes=30)))
    values = figure.spec["data"]["values"]
    assert [value["at"] for value in values] == figure.spec["encoding"]["x"]["scale"]["domain"]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 28])
def test_an_axis_of_days_names_no_day_twice(count):
    days = [{"day": (UNTIL - timedelta(days=number)).date(), "amount": 7} for number in range(count)][::-1]
    drawn = draw_svg(charts.daily_amount(days, "amount", "rows", []))
    labels = re.findall(r">(\d\d-\d\d)<", drawn)
    assert 1 <= len(labels) <= 7 and len(set(labels)) == len(labels)


def test_an_axis_of_a_window_of_three_days_names_no_day_twice():
    ticks = [
        ("retail/sales", UNTIL.replace(hour=0, minute=0) - timedelta(days=number)) for number in (2, 1, 0)
    ]
    labels = re.findall(r">(\d\d-\d\d)<", draw_svg(charts.arrivals(ticks, [], "%m-%d")))
    assert labels and len(set(labels)) == len(labels)
