"""NULL in any column of ops that may have it: the same verdict, on a page and in a mail without a gap."""

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from report.mail import MailSettings, build_mail
from report.page import render_page
from runtime.mail_settings import MailServer
from tests.report.nights import (
    edits_of_a_person,
    fail_run,
    half_a_load,
    new_field,
    one_bad_file,
    quiet,
    source_down,
)
from tests.report.pages import RUNBOOKS, read_night
from tests.report.warehouse import MODULE, create_ops

SETTINGS = MailSettings(MailServer("127.0.0.1", 25, "data@example.com"), ["anna@example.com"], RUNBOOKS)
NULLABLE = [
    (path.stem, column["name"])
    for path in sorted((MODULE / "ops").glob("*.json"))
    for column in json.loads(path.read_text())
    # The subject contains source and column; of releases nothing is a finding.
    if column["mode"] == "NULLABLE"
    and column["name"] not in ("source", "column_name")
    and path.stem not in ("releases", "finding_log")
]


def bad_rows(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """A night in which something is wrong in every table of ops."""
    history = quiet(now)
    for cause in (source_down, edits_of_a_person, half_a_load, new_field, one_bad_file):
        cause(history)
    run = history.last_night("pipeline_log")[-3]["run_id"]
    fail_run(history, run, "dataform", "an action failed")
    for action, kind in zip(history.last_night("action_log", run_id=run), ("check", "table"), strict=False):
        action |= {"state": "failed", "kind": kind, "bad_rows": 7, "reason": "7 rows"}
    history.last_night("sync_run")[-1] |= {"status": "failed", "error": "503"}
    history.last_night("sync_run")[-2] |= {"status": "partial", "rejected": 3}
    history.add(
        "notice_log", run_id="r", export="daily_sales", event="failure", state="failed", delivery="d",
        channel="mail", target="anna@example.com", notice="n", error="550", logged_at=now,
    )  # fmt: skip
    history.add(
        "quality_results", checked_at=now, table_name="ods.sales", column_name="price", rule="mean", level="warn",
        measured=3, warn_above=2, fail_above=4, warn_below=1, fail_below=0,
    )  # fmt: skip
    return history.rows


@pytest.fixture(scope="module")
def nulls(sandbox):
    ops, now = create_ops(sandbox.address), datetime.now(UTC)
    rows = bad_rows(now)
    ops.load(rows)
    return ops, rows, keys(ops)


def keys(ops):
    rows = ops.query("select kind, subject, state from ops.verdict order by kind, subject")
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(("table", "column"), NULLABLE, ids=lambda value: value)
def test_a_column_without_values_changes_no_verdict(nulls, table, column):
    ops, rows, before = nulls
    ops.load({table: [row | {column: None} for row in rows.get(table, [])]})
    assert keys(ops) == before
    night = read_night(ops)
    assert night.problems == []
    assert "None" not in render_page(night, RUNBOOKS)
    mail: EmailMessage = build_mail(SETTINGS, night, night.causes, None)
    assert "None" not in mail.as_string()
    ops.load({table: rows.get(table, [])})
