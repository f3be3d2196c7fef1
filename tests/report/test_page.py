"""The page and its metrics: what they contain, what a browser would do with them, and that numbers are the rows'."""

import re
from datetime import timedelta

import duckdb
import html5lib
import pytest
from prometheus_client.parser import text_string_to_metric_families

from report.lineage import build_lineage
from report.metrics import render_metrics
from report.page import render_page
from report.wording import describe_verdict
from runtime.amounts import format_number
from tests.report.pages import RUNBOOKS, read_night
from tests.report.warehouse import create_ops

LIMIT_BYTES = 300_000
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def rows(history):
    """Counts over the loaded rows by DuckDB: SQL that shares nothing with the report."""
    connection = duckdb.connect()

    def count(table, expression, where="true"):
        columns = {name for row in history.rows[table] for name in row}
        connection.execute(
            f"create or replace table t ({', '.join(f'{name} varchar' for name in sorted(columns))})"
        )
        newest = history.rows[table][-300:]  # more than a day of every log
        values = [[row.get(name) for name in sorted(columns)] for row in newest]
        connection.executemany(f"insert into t values ({', '.join('?' * len(columns))})", values)
        since = (history.now - timedelta(hours=24)).isoformat()
        [result] = connection.execute(
            f"select {expression} from t where {where}", {"since": since}
        ).fetchall()
        return result[0]

    return count


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_is_valid_html(page):
    parser = html5lib.HTMLParser(strict=True)  # raises at the first parse error
    parser.parse(page)
    assert parser.errors == []


def test_a_year_of_runs_is_a_small_page(page):
    assert len(page.encode()) < LIMIT_BYTES


def test_a_browser_loads_nothing_and_runs_nothing(page):
    assert re.findall(r"<(script|link|iframe|object|embed|img|base|form)\b", page) == []
    assert re.findall(r"\b(src|on\w+)=|@import|url\(|javascript:", page) == []
    links = re.findall(r'href="([^"]+)"', page)
    assert {link for link in links if not link.startswith(f"{RUNBOOKS}/")} == {
        "https://docs.google.com/spreadsheets/d/id"  # a reader opens the sheet; nothing loads it
    }
    assert page.count("http") == links.count("https://docs.google.com/spreadsheets/d/id")


def test_the_first_line_is_the_verdict(page):
    body = text_of(page[page.index("<main>") :])
    assert "New: retail/sales could not be copied (3 failed loads). And 2 more findings." in body
    assert body.index("New:") < body.index("Findings") < body.index("Volumes")
    assert "24 runs, 3 failed." in body


def test_each_finding_has_its_runbook(page, night):
    assert len(night.causes) == 3
    for finding in night.causes:
        assert f'<a href="{RUNBOOKS}/{finding["runbook"]}.md">' in page


def test_equal_input_gives_equal_bytes(night, page):
    assert render_page(night, RUNBOOKS) == page
    assert render_metrics(night) == render_metrics(night)


def test_words_say_what_colours_say(page):
    body = text_of(page)
    for word in (
        "error",
        "warning",
        "info",
        "usual",
        "late",
        "retail/sales: failed",
    ):
        assert word in body, word
    # Which hours are unusual depends on the hour of the test: three loads of sales are missing.
    assert ("×" in body) == ("too much" in body or "too little" in body)
    assert body.count(" F ") == 3  # a cell of the grid for each failed run
    assert "F on red: a run failed" in body


def test_numbers_of_the_page_are_those_of_the_rows(page, rows, night):
    body = text_of(page)
    for endpoint in ("sales", "products", "customers"):
        loaded = rows(
            "run_log", "sum(rows_loaded::bigint)", f"endpoint = '{endpoint}' and started_at >= $since"
        )
        assert f"retail/{endpoint} {format_number(loaded)} " in body, endpoint
    runs = rows("pipeline_log", "count(*)", "started_at >= $since")
    failed = rows("pipeline_log", "count(*)", "started_at >= $since and state = 'failed'")
    assert f"{runs} runs, {failed} failed." in body
    syncs = rows("sync_run", "count(*)", "started_at >= $since")
    edited = rows("sync_run", "sum(drift::int)", "started_at >= $since")
    assert f"daily_sales {syncs} 0 0 {syncs} 0 0 {edited} " in body
    size = rows("table_log", "max(rows::bigint)", "table_name = 'ods.sales' and logged_at >= $since")
    assert f"ods.sales {format_number(size)} " in body


def test_the_lineage_goes_from_file_to_sheet(night):
    lineage = build_lineage(night)
    assert [node.name for node in lineage["source"]] == [
        "retail/customers",
        "retail/products",
        "retail/sales",
    ]
    by_name = {node.name: node for nodes in lineage.values() for node in nodes}
    assert by_name["raw.sales"].reads == ("retail/sales",)
    assert by_name["dmt.sales_items"].reads == ("ods.sales", "ods.sales_orphans", "ods.products")
    assert by_name["sheet daily_sales"].reads == ("dmt.daily_sales",)
    assert "ods.checkpoints" not in by_name
    assert (by_name["retail/sales"].state, by_name["sheet daily_sales"].state) == ("failed", "changed")


def test_prometheus_reads_the_metrics(night, rows):
    families = {family.name: family for family in text_string_to_metric_families(render_metrics(night))}
    assert all(family.type == "gauge" and family.documentation for family in families.values())
    findings = {(s.labels["kind"], s.labels["state"]) for s in families["platform_finding"].samples}
    assert findings == {("source", "new"), ("edits", "new"), ("orphans", "new")}
    loaded = {s.labels["subject"]: s.value for s in families["platform_rows_loaded"].samples}
    where = "endpoint = 'sales' and started_at >= $since"
    assert loaded["retail/sales"] == rows("run_log", "sum(rows_loaded::bigint)", where)
    assert len(families) == 10


def test_a_night_without_any_row_is_red(sandbox):
    ops = create_ops(sandbox.address)
    night = read_night(ops)
    page = render_page(night, RUNBOOKS)
    verdict = "New: pipeline left no row of a run (24 hours)."
    assert f'<div class="verdict error">{verdict}</div>' in page
    assert "No run of the pipeline left a row." in page
    html5lib.HTMLParser(strict=True).parse(page)


def test_a_missing_table_is_a_sentence(sandbox):
    ops = create_ops(sandbox.address)
    ops.query("drop table ops.sync_run")
    ops.query("drop view ops.last_night")
    night = read_night(ops)
    page = render_page(night, RUNBOOKS)
    assert describe_verdict(night) == "The verdict could not be computed."
    assert '<div class="verdict error">' in page
    broken = {problem.split(" could not")[0] for problem in night.problems}
    assert broken == {
        f"The section {name}" for name in ("findings", "measures", "syncs", "freshness", "arrivals")
    }
    for problem in night.problems:
        assert problem.split("could not")[0] in page
    assert "platform_section_unreadable 5" in render_metrics(night)


def test_text_of_a_source_is_escaped(night):
    evil = dict(night["findings"][0]) | {"detail": "<script>alert(1)</script>", "explained_by": None}
    night = type(night)(night.project, night.since, night.until, {"findings": [evil]})
    page = render_page(night, RUNBOOKS)
    assert "<script>" not in page and "&lt;script&gt;" in page
