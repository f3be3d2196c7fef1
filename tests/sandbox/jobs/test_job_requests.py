"""Requests that Cloud Run rejects, and the end of jobs and of the sandbox."""

import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from google.api_core.exceptions import NotFound
from requests import Response

from sandbox.state import State
from tests.sandbox.jobs.jobs_client import (
    HOLD,
    PARENT,
    Clients,
    completed,
    connect,
    create_job,
    is_closed,
    port_of,
    run_job,
)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("jobs?jobId=new", {"template": {"template": {"containers": []}}}, 400),
        ("jobs?jobId=new", {"template": {"template": {"containers": [{"image": "i"}], "retries": 1}}}, 400),
        ("jobs?jobId=Upper", {"template": {"template": {"containers": [{"image": "i"}]}}}, 400),
        ("jobs", {"template": {"template": {"containers": [{"image": "i"}]}}}, 400),
        ("jobs/strict:run", {"override": {}}, 400),
        ("jobs/strict:run", {"overrides": {"containerOverrides": [{"arguments": []}]}}, 400),
        ("jobs/strict:run", {"overrides": {"containerOverrides": [{"name": "other", "args": []}]}}, 400),
        ("jobs/absent:run", {}, 404),
        ("jobs/strict:start", {}, 404),
    ],
)
def test_invalid_requests_are_rejected(
    clients: Clients, call: Callable[..., Response], path: str, body: Any, code: int
) -> None:
    call(
        "POST",
        f"run/v2/{PARENT}/jobs?jobId=strict",
        {"template": {"template": {"containers": [{"image": "i"}]}}},
    )
    response = call("POST", f"run/v2/{PARENT}/{path}", body)
    assert (response.status_code, response.json()["error"]["code"]) == (code, code)
    assert "executions" not in call("GET", f"run/v2/{PARENT}/jobs/strict/executions").json()


@pytest.mark.parametrize("path", ["absent/absent-abcde", "..%2f..", "jobs/..", "x/%2e%2e%2fserver"])
def test_only_logs_of_executions_are_served(call: Callable[..., Response], path: str) -> None:
    assert call("GET", f"run/logs/{path}").status_code == 404


def test_deleting_a_job_cancels_and_deletes_its_executions(clients: Clients, listener: socket.socket) -> None:
    job = create_job(clients, "deleted", HOLD)
    operation = run_job(clients, job, args=[port_of(listener)])
    with listener.accept()[0] as connection:
        assert clients[0].delete_job(name=job).result().name == job
        assert is_closed(connection)
    with pytest.raises(NotFound):
        clients[1].get_execution(name=operation.metadata.name)


def test_commands_end_with_a_killed_sandbox_and_are_cancelled_after_a_restart(
    restartable: Callable[[], AbstractContextManager[tuple[State, subprocess.Popen[bytes]]]],
    listener: socket.socket,
) -> None:
    with restartable() as (state, process):
        operation = run_job(
            connect(state), create_job(connect(state), "orphan", HOLD), args=[port_of(listener)]
        )
        with listener.accept()[0] as connection:
            process.send_signal(signal.SIGKILL)
            assert is_closed(connection)
    with restartable() as (state, _):
        execution = connect(state)[1].get_execution(name=operation.metadata.name)
        assert (execution.cancelled_count, completed(execution).state.name) == (1, "CONDITION_FAILED")
