"""python -m report as Cloud Run starts it: arguments, settings, a folder or a bucket, time and memory."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import requests

from demo.servers.database import free_port
from report.settings import parse_since, read_settings
from runtime.errors import SettingsError, UsageError
from sandbox import environment
from tests.fakes.mail_server import FakeMailServer
from tests.report.mails import create_bucket

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
def environ(sandbox, year):
    """A year of hourly runs, in the project of `year`."""
    clients = environment.clients(sandbox, sandbox.identity("report"))
    return clients | SETTINGS | {"PROJECT_ID": year.client.project}


def test_a_page_of_a_year_takes_seconds_and_little_memory(environ, tmp_path):
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
    assert verdict["message"].startswith("New: retail/sales could not be copied (3 failed loads).")


def test_an_unreachable_dataform_is_a_sentence_and_no_failure(environ, tmp_path):
    """The client raises the error of the library that sends its requests, which is not one of Google's."""
    address = f"http://127.0.0.1:{free_port()}"
    code, [warning, _], *_ = start(environ | {"DATAFORM_ENDPOINT": address}, "--out", str(tmp_path))
    assert (code, warning["severity"]) == (0, "WARNING")
    assert warning["message"].startswith("The graph of Dataform could not be read: ")


@pytest.fixture
def mailed(sandbox, environ):
    """The variables of a job with a mail server, and the server."""
    store = create_bucket(sandbox)
    with FakeMailServer() as server:
        smtp = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_FROM": "data@example.com",
            "REPORT_RECIPIENTS": "anna@example.com, bert@example.com",
            "PAGES": f"https://console.example.com/{store.bucket}/",
        }
        yield environ | smtp | {"REPORT_BUCKET": store.bucket}, server


def test_the_mail_is_sent_once_and_links_to_the_copy_of_the_day(year, mailed):
    variables, server = mailed
    year.load({"notice_log": []})
    for _ in range(2):
        code, lines, seconds, megabytes = start(variables)
        assert (code, [line for line in lines if "mail" in line["message"]]) == (0, []), lines
        assert (seconds < CPU_SECONDS, megabytes < MEGABYTES) == (True, True), (seconds, megabytes)
    assert [recipients for recipients, _ in server.arrived] == [["anna@example.com"], ["bert@example.com"]]
    message = server.arrived[0][1]
    assert "New: retail/sales could not be copied (3 failed loads)" in message["Subject"]
    page = f"https://console.example.com/{variables['REPORT_BUCKET']}/{datetime.now(UTC):%Y/%m/%d}.html"
    assert f"The page: {page}" in message.get_body(("plain",)).get_content()


def test_a_process_that_is_killed_after_sending_sends_the_same_mail_again(year, mailed):
    """The server has accepted the mail of the first recipient when the process is killed, which nothing recorded."""
    variables, server = mailed
    year.load({"notice_log": []})
    command = [sys.executable, "-m", "report"]
    paths = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    with subprocess.Popen(command, env=paths | variables, stderr=subprocess.DEVNULL) as process:
        server.on_arrival = process.kill
        assert process.wait(120) == -signal.SIGKILL
    server.on_arrival = lambda: None
    for _ in range(2):
        assert start(variables)[0] == 0
    arrived = [recipients[0].partition("@")[0] for recipients, _ in server.arrived]
    assert arrived == ["anna", "anna", "bert"]
    assert len(set(server.contents)) == 1


def test_a_mail_server_that_is_down_fails_neither_the_page_nor_the_job(year, mailed):
    variables, server = mailed
    year.load({"notice_log": []})
    server.__exit__()
    code, lines, *_ = start(variables)
    server.__enter__()
    assert code == 0
    assert [line["severity"] for line in lines if "takes no mail" in line["message"]] == ["WARNING"]
    findings = year.query("select subject, state from ops.last_night where kind = 'notice'")
    assert findings == [{"subject": "mail about last night", "state": "new"}]


@pytest.mark.parametrize("missing", ["SMTP_HOST", "REPORT_RECIPIENTS"])
def test_without_settings_no_mail_is_sent_and_the_log_names_them(mailed, missing):
    variables, server = mailed
    code, lines, *_ = start({name: value for name, value in variables.items() if name != missing})
    assert code == 0
    assert lines[-1]["message"] == f"Mails about last night are off: {missing} is not set."
    assert lines[-1]["severity"] == "INFO"
    assert server.attempts == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"REPORT_RECIPIENTS": "anna@example.com\nBcc: eve@example.com"}, "is not a mail address"),
        (
            {"REPORT_RECIPIENTS": "anna@example.com;bert@example.com"},
            "expected addresses separated by commas",
        ),
        ({"REPORT_RECIPIENTS": "änna@example.com"}, "invalid REPORT_RECIPIENTS: 'änna@example.com'"),
        ({"SMTP_FROM": ""}, "SMTP_FROM is ''"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT is '0'"),
    ],
)
def test_wrong_settings_of_the_mail_are_named_before_anything_is_read(changed, text):
    smtp = {"SMTP_HOST": "smtp.example.com", "SMTP_FROM": "data@example.com"}
    code, [line], *_ = start(SETTINGS | {"PROJECT_ID": "p"} | smtp | changed)
    assert (code, line["error"]) == (2, "SettingsError")
    assert text in line["message"]


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
    twice = SETTINGS | {
        "PROJECT_ID": "p",
        "REPORT_RECIPIENTS": " a@example.com,, b@example.com,a@example.com",
    }
    assert read_settings(twice).recipients == ["a@example.com", "b@example.com"]
