"""Google's own analyzer resolves the views of ops, the scripts of the pipeline and the queries of the report."""

import re

import pytest

from pipeline.run_record import NEWS_SCRIPT, RECORD_SCRIPT
from report.queries import QUERIES
from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.scheduled import analyzable, tables
from tests.report.warehouse import VIEWS, render


@pytest.fixture(scope="module")
def google():
    """A catalog with the logs, the sizes of tables, and both views as tables."""
    catalog = GoogleSql(tables())
    for view in VIEWS:
        catalog.script(f"create table `p.ops.{view}` as (\n{render(view, 'p')}\n)")
    return catalog


def resolve(google, sql):
    """Parameters become variables: every one of the pipeline is a text, every one of the report a moment."""
    names = sorted(set(re.findall(r"@(\w+)", sql)))
    kind = "timestamp" if {"until", "since", "history"} & set(names) else "string"
    declared = "".join(f"declare given_{name} {kind} default null;\n" for name in names)
    text = analyzable(re.sub(r"@(\w+)", r"given_\1", sql)).split("\n", 2)[2]
    return google.script(declared + text)


def test_the_view_has_the_columns_of_a_finding(google):
    assert set(google.tables["p.ops.last_night"]) == {
        "severity", "kind", "subject", "state", "what", "since", "was", "now", "usual", "unit", "detail", "runbook",
        "explained_by",
    }  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_of_the_report_resolves(google, name):
    assert resolve(google, QUERIES[name])


def test_the_scripts_of_the_pipeline_resolve(google):
    for script in (RECORD_SCRIPT, NEWS_SCRIPT):
        assert resolve(google, script)


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in ("findings", "measures")])
def test_a_query_reads_only_the_days_of_the_page(name):
    """Each log is filtered by its partition column; the views do so themselves."""
    filters = re.findall(r"(started_at|logged_at|day) (?:>=|<=|=) ", QUERIES[name])
    assert len(filters) >= 2 * len(re.findall(r"FROM ops\.", QUERIES[name])), QUERIES[name]
