"""The sandbox as a process: it answers, it ends, and it goes on where it stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox.errors import CannotStart
from sandbox.process import REPOSITORY, Holder, free_port, running
from sandbox.serving import listening

# Starts a sandbox as tests and the demo do, says who it is, and waits to be killed.
PARENT = """
import sys, time
from pathlib import Path
from sandbox.process import running
from sandbox.serving import Holder
with running(Path(sys.argv[1])) as state:
    print(Holder.of(state.root).process, flush=True)
    time.sleep(600)
"""


def query(sandbox, sql):
    url = f"{sandbox.address}/bigquery/v2/projects/{sandbox.project}/queries"
    answer = requests.post(url, json={"query": sql, "useLegacySql": False}, timeout=30)
    assert answer.ok, answer.text
    return [[field["v"] for field in row["f"]] for row in answer.json().get("rows", [])]


def upload(sandbox, name):
    url = f"{sandbox.address}/upload/storage/v1/b/kept-bucket/o?uploadType=media&name={name}"
    return requests.post(url, data=name.encode(), timeout=10).json()["generation"]


def gone(process, seconds=30):
    """Whether a process that is not our child ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_root_names_the_project(sandbox):
    assert "sandbox-local" in requests.get(sandbox.address, timeout=10).text


def test_bigquery_answers_on_the_same_port(sandbox):
    assert query(sandbox, "select 1 as a") == [["1"]]


def test_what_was_written_survives_a_kill(tmp_path):
    with running(tmp_path) as sandbox:
        before = sandbox.port
        requests.post(
            f"{sandbox.address}/storage/v1/b?project=sandbox-local", json={"name": "kept-bucket"}, timeout=10
        )
        generation = upload(sandbox, "a")
        query(sandbox, "create schema kept; create table kept.t as select 17 as a")
        process = Holder.of(tmp_path).process
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    with running(tmp_path) as sandbox:
        assert sandbox.port == before
        assert query(sandbox, "select a from kept.t") == [["17"]]
        listed = requests.get(f"{sandbox.address}/storage/v1/b/kept-bucket/o", timeout=10).json()["items"]
        assert [item["generation"] for item in listed] == [generation]
        assert int(upload(sandbox, "a")) > int(generation)


def test_a_second_one_on_the_same_root_is_refused(sandbox):
    port = Holder.of(sandbox.root).port
    message = rf"already runs in {re.escape(str(sandbox.root))}, as process \d+ on port {port}"
    with pytest.raises(CannotStart, match=message), running(sandbox.root):
        pass
    assert requests.get(sandbox.address, timeout=10).ok


@pytest.mark.parametrize(("how", "answered"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_signals_end_it_without_a_trace(tmp_path, how, answered):
    command = [sys.executable, "-m", "sandbox", "serve", "--root", str(tmp_path), "--project", "another-one"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPOSITORY
    )
    shown = [process.stdout.readline() for _ in range(6)]
    if answered:
        assert "another-one" in requests.get(shown[1].split()[1], timeout=30).text
    process.send_signal(how)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest == ""
    assert f"source {tmp_path / 'env'}" in shown[4]


def test_it_ends_when_whoever_started_it_is_killed(tmp_path):
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    server = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert gone(server)


def test_a_port_that_is_taken_is_refused_and_a_remembered_one_is_not_insisted_on():
    with listening(free_port(), 0) as first:
        first.listen()
        taken = first.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {taken} is taken"), listening(taken, 0):
            pass
        with listening(0, taken) as other:
            assert other.getsockname()[1] not in (0, taken)


def test_the_environment_can_be_sourced(sandbox):
    shown = subprocess.run(
        ["bash", "-c", f"source {sandbox.root}/env && env"],
        capture_output=True,
        text=True,
        env={},
        check=True,
    ).stdout
    variables = dict(line.split("=", 1) for line in shown.splitlines())
    assert variables["STORAGE_EMULATOR_HOST"] == sandbox.address
    assert variables["GOOGLE_STORAGE_CUSTOM_ENDPOINT"] == f"{sandbox.address}/storage/v1/"
    assert "HTTPS_PROXY" not in variables
    assert Path(variables["CLOUDSDK_CONFIG"]).is_relative_to(sandbox.root)
