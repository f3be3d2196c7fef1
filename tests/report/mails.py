"""The mail as the job sends it: to a real SMTP server, recorded in the ops of a test, stored in a bucket."""

import uuid
from datetime import UTC, datetime, timedelta

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from report.mail import MailSettings
from report.night import Night
from report.notice_log import NoticeLog
from report.outbox import Outbox
from runtime.mail import MailConnection
from runtime.mail_settings import MailServer
from runtime.object_store import open_bucket

ANNA, BERT = "anna@example.com", "bert@example.com"
PAGE = "https://console.example.com/pages/2026/11/28.html"


def create_bucket(sandbox):
    name = f"pages-{uuid.uuid4().hex[:8]}"
    created = requests.post(
        f"{sandbox.address}/storage/v1/b",
        params={"project": sandbox.project},
        json={"name": name},
        timeout=10,
    )
    assert created.ok, created.text
    return open_bucket(AnonymousCredentials(), sandbox.address, name, connections=1)


def query_runner(client):
    """report.assembly.Ops, for a client of the sandbox."""

    def run(sql, parameters):
        values = [
            bigquery.ScalarQueryParameter(name, "STRING" if isinstance(value, str) else "TIMESTAMP", value)
            for name, value in parameters.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=values)
        return [dict(row.items()) for row in client.query_and_wait(sql, job_config=config)]

    return run


def create_outbox(run_query, store, port, recipients=(ANNA,), clock=lambda: datetime.now(UTC)):
    server = MailServer("127.0.0.1", port, "data@example.com")
    settings = MailSettings(server, recipients, "docs/runbooks", PAGE)
    return Outbox(settings, MailConnection(server), NoticeLog(run_query), store, "run_1", clock)


def finding(state="new", **changed):
    """A row of ops.last_night."""
    row = {
        "severity": "error",
        "kind": "source",
        "subject": "retail/sales",
        "state": state,
        "what": "could not be copied",
        "since": datetime(2026, 11, 28, 1, tzinfo=UTC),
        "was": None,
        "now": 3,
        "usual": None,
        "unit": "failed loads",
        "detail": "503 Service Unavailable",
        "runbook": "job-failed",
        "explained_by": None,
    }
    return row | changed


def short_night(*findings, until=None):
    """A night with these findings, a run, and the sales of each hour."""
    until = until or datetime.now(UTC)
    since = until - timedelta(hours=24)
    hours = [
        {
            "kind": "volume",
            "subject": subject,
            "day_number": 0,
            "hour": (since + timedelta(hours=number)).hour,
            "measured_at": since + timedelta(hours=number),
            "amount": 20 + number,
            "usual": 22.0,
            "spread": 30.0,
            "is_unusual": False,
        }
        for subject in ("retail/returns", "retail/sales")
        for number in range(24)
    ]
    run = {"started_at": until - timedelta(hours=1), "state": "succeeded", "release": ""}
    rows = {"findings": findings, "measures": hours, "runs": [run], "volumes": []}
    return Night("shop", since, until, rows)
