"""python -m report as Cloud Run starts it: arguments, settings, a folder or a bucket, time and memory."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import requests

from report.settings import parse_since, read_settings
from runtime.errors import SettingsError, UsageError
from sandbox import environment
from tests.report.nights import edits_of_a_person, quiet

CPU_SECONDS, MEGABYTES = 5, 400
SETTINGS = {
    "LOCATION": "EU",
    "REPORT_BUCKET": "pages",
    "DATAFORM": "projects/p/locations/europe-west1/repositories/absent",
    "RUNBOOKS": "docs/runbooks/",
    "ENDPOINT_TABLES": '{"retail/sales": "raw.sales"}',
    "EXPORT_TABLES": '{"daily_sales": "dmt.daily_sales"}',
}


# Between fork and exec a process has the memory of its parent, and the one of a test runner is large.
LAUNCHER = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
sys.exit(code)
"""


def start(environ, *arguments):
    """The exit code, the log lines, CPU seconds and megabytes of one process."""
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "report", *arguments]
    variables = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environ
    ended = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    seconds, megabytes = json.loads(ended.stdout.splitlines()[-1])
    return ended.returncode, lines, seconds, megabytes


@pytest.fixture(scope="module")
def environ(sandbox, ops):
    """A month of hourly runs, in the project of `ops`."""
    history = quiet(datetime.now(UTC))
    edits_of_a_person(history)
    ops.load(history.rows)
    clients = environment.clients(sandbox, sandbox.identity("report"))
    return clients | SETTINGS | {"PROJECT_ID": ops.client.project}


def test_a_page_of_a_month_takes_seconds_and_little_memory(environ, tmp_path):
    """CPU time of the process: the wall clock would also measure what else this machine does."""
    code, lines, seconds, megabytes = start(environ, "--since", "24h", "--out", str(tmp_path))
    assert code == 0, lines
    assert (seconds < CPU_SECONDS, megabytes < MEGABYTES) == (True, True), (seconds, megabytes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "metrics.prom"]
    assert "sheet daily_sales was edited by people" in (tmp_path / "index.html").read_text()


def test_an_unreadable_graph_is_a_sentence_and_no_failure(environ, tmp_path):
    code, [warning, verdict], *_ = start(environ, "--out", str(tmp_path))
    assert (code, warning["severity"]) == (0, "WARNING")
    assert warning["message"].startswith("The graph of Dataform could not be read: ")
    assert "The graph of Dataform could not be read" in (tmp_path / "index.html").read_text()
    assert verdict["message"].startswith("New: sheet daily_sales was edited by people")


def test_the_page_is_written_to_the_bucket_and_a_copy_keeps_its_day(sandbox, environ):
    created = requests.post(
        f"{sandbox.address}/storage/v1/b",
        params={"project": sandbox.project},
        json={"name": "pages"},
        timeout=10,
    )
    assert created.ok, created.text
    for _ in range(2):
        code, lines, *_ = start(environ)
        assert code == 0, lines
    listing = requests.get(f"{sandbox.address}/storage/v1/b/pages/o", timeout=10).json()["items"]
    types = {item["name"]: item["contentType"] for item in listing}
    day = f"{datetime.now(UTC):%Y/%m/%d}.html"
    assert types == {
        "index.html": "text/html; charset=utf-8",
        "metrics.prom": "text/plain; version=0.0.4; charset=utf-8",
        day: "text/html; charset=utf-8",
    }


def test_an_unreachable_warehouse_still_gives_a_page(environ, tmp_path):
    broken = environ | {"PROJECT_ID": "absent-project"}
    code, lines, *_ = start(broken, "--out", str(tmp_path))
    assert code == 0
    assert lines[-1]["message"] == "The verdict could not be computed."


@pytest.mark.parametrize("text", ["", "24", "0h", "29d", "1w", "-1h", "1.5d"])
def test_a_wrong_since_is_rejected(text):
    with pytest.raises(UsageError, match="invalid --since"):
        parse_since(text)


def test_since_is_hours_or_days():
    assert (parse_since("36h"), parse_since("28d")) == (timedelta(hours=36), timedelta(days=28))


def test_settings_are_checked():
    with pytest.raises(SettingsError, match="REPORT_BUCKET"):
        read_settings({"PROJECT_ID": "p"})
    with pytest.raises(SettingsError, match="invalid EXPORT_TABLES"):
        read_settings(SETTINGS | {"PROJECT_ID": "p", "EXPORT_TABLES": "[1]"})
    assert read_settings(SETTINGS | {"PROJECT_ID": "p"}).runbooks == "docs/runbooks"
