"""Exit codes and the last log line of a job."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from runtime.errors import JobError, LeaseHeld, SettingsError, Terminated, UsageError
from runtime.process import ArgumentParser, run_job
from runtime.structured_log import StructuredLog


def run_failing(error):
    """Exit code and decoded log lines of a job that raises `error`."""

    def job():
        if error:
            raise error

    stream = io.StringIO()
    code = run_job(job, StructuredLog(stream, endpoint="sales"))
    return code, [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("error", "code", "severity"),
    [
        (JobError("x"), 1, "ERROR"),
        (UsageError("x"), 2, "ERROR"),
        (SettingsError("x"), 2, "ERROR"),
        (LeaseHeld("x"), 75, "WARNING"),
        (Terminated(signal.SIGTERM), 143, "WARNING"),
    ],
)
def test_an_error_is_one_log_line_and_an_exit_code(error, code, severity):
    exit_code, (line,) = run_failing(error)
    assert (exit_code, line["severity"], line["endpoint"]) == (code, severity, "sales")


def test_success_is_exit_code_0_without_a_line():
    assert run_failing(None) == (0, [])


def test_an_unexpected_error_is_one_line_with_its_stack_trace():
    exit_code, (line,) = run_failing(KeyError("price"))
    assert exit_code == 1
    assert line["message"].startswith("unexpected KeyError: 'price'")
    assert "test_process.py" in line["stack_trace"]


def test_wrong_arguments_raise_instead_of_exiting():
    parser = ArgumentParser(prog="job")
    parser.add_argument("--limit", type=int)
    with pytest.raises(UsageError, match=r"argument --limit: invalid int value: 'x'.*usage: job"):
        parser.parse_args(["--limit", "x"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_unwinds_the_job_and_sets_its_exit_code(number, code):
    program = (
        "import sys, time\n"
        "from runtime.process import raise_on_termination, run_job\n"
        "from runtime.structured_log import StructuredLog\n"
        "def job():\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        "        print('released', flush=True)\n"
        "raise_on_termination()\n"
        "sys.exit(run_job(job, StructuredLog(sys.stderr)))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        os.kill(process.pid, number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (code, "released\n")
    assert json.loads(errors)["exit_code"] == code
