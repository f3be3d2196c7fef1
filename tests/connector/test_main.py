"""The command as Cloud Run starts it: environment, exit codes, log lines, SIGKILL and SIGTERM."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from connector.extract.workers import WORKERS
from connector.run.state import RunState
from runtime.lease import read_lease
from sandbox import environment
from tests.connector.project import sales
from tests.fakes.retail_api import KEY

SETTINGS = ("PROJECT_ID", "LOCATION", "BUCKET", "RETAIL_API_KEY", "RETAIL_URL")


class Process(subprocess.Popen[str]):
    def __init__(self, *arguments, variables):
        ambient = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        command = [sys.executable, "-m", "connector", *arguments]
        super().__init__(command, env=ambient | variables, stderr=subprocess.PIPE, text=True)

    def end(self):
        """The exit code and the lines of the log."""
        _, output = self.communicate(timeout=60)
        return self.returncode, [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def start(sandbox, project, shop):
    settings = {
        "PROJECT_ID": project.name,
        "LOCATION": "EU",
        "BUCKET": project.bucket_name,
        "RETAIL_URL": shop.url,
        "RETAIL_API_KEY": KEY,
    }
    variables = environment.clients(sandbox, sandbox.identity("connector")) | settings
    started = []

    def process(*arguments, **others):
        started.append(Process(*arguments, variables=variables | others))
        return started[-1]

    yield process
    for running in started:
        running.kill()
        running.communicate()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--endpoint", "orders"], 2, "unknown endpoint 'orders'; declared: sales, products, customers."),
        (["--endpoint", "sales", "--start_sales_id", "yesterday"], 2, "invalid start 'yesterday'"),
        (["--endpoint", "sales", "--file", "x"], 2, "--file and --day belong to replay"),
        (["replay", "--endpoint", "sales", "--from", "1"], 2, "replay loads files, not ids"),
        (["replay", "--endpoint", "sales", "--day", "2017-01-31"], 2, "invalid --day '2017-01-31'"),
        (
            ["--endpoint", "sales"],
            2,
            "missing environment variables: PROJECT_ID, LOCATION, BUCKET, RETAIL_API_KEY.",
        ),
    ],
)
def test_a_usage_error_is_one_line_and_an_exit_code(arguments, code, message):
    returned, [line] = Process(*arguments, variables={}).end()
    assert returned == code
    assert line["severity"] == "ERROR" and line["message"].startswith(message)


def test_a_killed_run_is_resumed_at_its_page(start, project, shop):
    shop.items["sales"] = sales(1, 250 * 60)
    closed = threading.Event()
    shop.hold(40, closed)
    first = start("--endpoint", "sales", "--renew-seconds", "1")
    wait_until(lambda: shop.pages[40])

    code, lines = start("--endpoint", "sales").end()
    assert code == 75
    assert "holds the lease gs://" in lines[-1]["message"]

    first.send_signal(signal.SIGKILL)
    first.wait()
    closed.set()
    existing = len(list(project.bucket.list("retail/sales/in/")))
    requests_before = sum(shop.pages.values())
    code, lines = start("--endpoint", "sales").end()
    assert code == 0, lines
    assert project.ids() == list(range(1, 15001))
    assert project.remaining() == []
    assert sum(shop.pages.values()) - requests_before == 61 - existing  # 61: page 60 was full
    assert requests_before - existing <= WORKERS
    assert [line["run"] for line in lines if line["message"].startswith("resumes")]


def test_a_terminated_run_releases_its_lease(start, project, shop):
    shop.items["sales"] = sales(1, 250 * 60)
    closed = threading.Event()
    shop.hold(40, closed)
    first = start("--endpoint", "sales")
    wait_until(lambda: shop.pages[40])
    first.send_signal(signal.SIGTERM)
    code, lines = first.end()
    closed.set()
    assert code == 128 + signal.SIGTERM
    assert lines[-1]["message"] == "terminated by SIGTERM; the next run resumes"
    stored = read_lease(project.bucket, "retail/sales/run.json", RunState)
    assert stored and not stored[0].owner  # with an owner, the next run would watch it for 30 s
    assert start("--endpoint", "sales").end()[0] == 0
    assert project.ids() == list(range(1, 15001))


def test_a_rejected_key_fails_the_run_and_is_not_shown(start, project):
    code, lines = start("--endpoint", "sales", RETAIL_API_KEY="wrong").end()
    assert code == 1
    assert "returned 401" in lines[-1]["message"] and "wrong" not in lines[-1]["message"]
    assert project.log("status") == [("failed",)]


def wait_until(happened):
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
