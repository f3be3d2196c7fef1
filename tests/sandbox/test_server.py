"""The sandbox as a process: start, signals, restart with its data."""

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
from sandbox.process import REPOSITORY, free_port, running
from sandbox.serving import Holder, listening

# Starts a sandbox as tests and the demo do, prints its process id, and waits to be killed.
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
    response = requests.post(url, json={"query": sql, "useLegacySql": False}, timeout=30)
    assert response.ok, response.text
    return [[field["v"] for field in row["f"]] for row in response.json().get("rows", [])]


def upload(sandbox, name):
    url = f"{sandbox.address}/upload/storage/v1/b/stored-bucket/o?uploadType=media&name={name}"
    return requests.post(url, data=name.encode(), timeout=10).json()["generation"]


def ends(process, seconds=30):
    """Whether a process that is not a child of this one ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_the_root_page_names_the_project(sandbox):
    assert "sandbox-local" in requests.get(sandbox.address, timeout=10).text


def test_bigquery_responds_on_the_same_port(sandbox):
    assert query(sandbox, "select 1 as a") == [["1"]]


def test_data_survives_a_kill(tmp_path):
    with running(tmp_path) as sandbox:
        before = sandbox.port
        requests.post(
            f"{sandbox.address}/storage/v1/b?project=sandbox-local",
            json={"name": "stored-bucket"},
            timeout=10,
        )
        generation = upload(sandbox, "a")
        query(sandbox, "create schema stored; create table stored.t as select 17 as a")
        process = Holder.of(tmp_path).process
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    with running(tmp_path) as sandbox:
        assert sandbox.port == before
        assert query(sandbox, "select a from stored.t") == [["17"]]
        listed = requests.get(f"{sandbox.address}/storage/v1/b/stored-bucket/o", timeout=10).json()["items"]
        assert [item["generation"] for item in listed] == [generation]
        assert int(upload(sandbox, "a")) > int(generation)


def test_a_second_sandbox_on_the_same_root_is_rejected(sandbox):
    port = Holder.of(sandbox.root).port
    message = rf"already runs in {re.escape(str(sandbox.root))}, as process \d+ on port {port}"
    with pytest.raises(CannotStart, match=message), running(sandbox.root):
        pass
    assert requests.get(sandbox.address, timeout=10).ok


@pytest.mark.parametrize(("number", "requested"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_signals_end_it_without_output(tmp_path, number, requested):
    command = [sys.executable, "-m", "sandbox", "serve", "--root", str(tmp_path), "--project", "another-one"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    if requested:
        assert "another-one" in requests.get(lines[1].split()[1], timeout=30).text
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest == ""
    assert f"source {tmp_path / 'env'}" in lines[3]


def test_it_ends_when_its_parent_is_killed(tmp_path):
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert ends(server)


def test_a_requested_port_must_be_free_and_the_last_port_is_only_preferred():
    with listening(free_port(), 0) as first:
        first.listen()
        taken = first.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {taken} is taken"), listening(taken, 0):
            pass
        with listening(0, taken) as other:
            assert other.getsockname()[1] not in (0, taken)


def test_the_environment_can_be_sourced(sandbox):
    output = subprocess.run(
        ["bash", "-c", f"source {sandbox.root}/env && env"],
        capture_output=True,
        text=True,
        env={},
        check=True,
    ).stdout
    variables = dict(line.split("=", 1) for line in output.splitlines())
    assert variables["STORAGE_EMULATOR_HOST"] == sandbox.address
    assert variables["GOOGLE_STORAGE_CUSTOM_ENDPOINT"] == f"{sandbox.address}/storage/v1/"
    assert "HTTPS_PROXY" not in variables
    assert Path(variables["CLOUDSDK_CONFIG"]).is_relative_to(sandbox.root)
