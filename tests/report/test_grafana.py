"""The Grafana dashboard reads metrics and columns that exist."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from report.metrics import render_metrics
from report.night import Night
from tests.report.warehouse import schema

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "report/grafana.json").read_text())
QUERIES = [target for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_every_metric_of_the_dashboard_exists():
    now = datetime.now(UTC)
    exported = set(re.findall(r"# TYPE (\w+) gauge", render_metrics(Night("p", now, now, {}))))
    used = {name for query in QUERIES for name in re.findall(r"platform_\w+", query.get("expr", ""))}
    assert used and used - exported == set()


def test_every_column_of_its_query_exists():
    [sql] = [query["rawSql"] for query in QUERIES if "rawSql" in query]
    columns = {field.name for field in schema("pipeline_log")}
    assert set(re.findall(r"\b(\w+_at|schedule)\b", sql)) <= columns
    assert "$__timeFilter(started_at)" in sql  # reads only the partitions of the shown days


def test_panels_have_ids_and_do_not_overlap():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_every_data_source_is_chosen_at_import():
    variables = {f"${{{each['name']}}}" for each in DASHBOARD["templating"]["list"]}
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == variables
