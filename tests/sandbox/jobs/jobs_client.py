"""Requests of Google's Cloud Run client."""

import socket
from collections.abc import Iterable
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from sandbox.state import State

Clients = tuple[run_v2.JobsClient, run_v2.ExecutionsClient]
PROJECT = "projects/sandbox-local"
PARENT = f"{PROJECT}/locations/europe-west1"
IDENTITY = "reader@sandbox-local.iam.gserviceaccount.com"
SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"
# Keeps a connection open in a process and its child: the other end reads EOF when both have ended.
HOLD = """
import socket, subprocess, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.set_inheritable(True)
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
"""


def connect(state: State) -> Clients:
    options = {"api_endpoint": f"{state.address}/run"}
    keywords: dict[str, Any] = {
        "transport": "rest",
        "client_options": options,
        "credentials": AnonymousCredentials(),
    }
    return run_v2.JobsClient(**keywords), run_v2.ExecutionsClient(**keywords)


def port_of(listener: socket.socket) -> str:
    return str(listener.getsockname()[1])


def is_closed(connection: socket.socket) -> bool:
    """Waits until every process that holds the other end has ended."""
    connection.settimeout(60)
    return connection.recv(1) == b""


def create_job(
    clients: Clients,
    name: str,
    script: str,
    env: Iterable[dict[str, Any]] = (),
    retries: int = 0,
    timeout: int | None = None,
    tasks: int = 1,
    command: str = "python",
    image: str = "none",
) -> str:
    container = {"image": image, "command": [command, "-c", script], "args": ["declared"], "env": list(env)}
    template = {"containers": [container], "max_retries": retries, "service_account": IDENTITY}
    if timeout:
        template["timeout"] = {"seconds": timeout}
    job = {"template": {"template": template, "task_count": tasks}}
    return str(clients[0].create_job(parent=PARENT, job=run_v2.Job(job), job_id=name).result().name)


def run_job(clients: Clients, job: str, tasks: int = 0, **override: Any) -> Any:
    overrides: dict[str, Any] = {"container_overrides": [override]} if override else {}
    overrides |= {"task_count": tasks} if tasks else {}
    return clients[0].run_job(run_v2.RunJobRequest(name=job, overrides=overrides))


def output(execution: run_v2.Execution) -> str:
    return requests.get(execution.log_uri, timeout=10).text


def completed(execution: run_v2.Execution) -> run_v2.Condition:
    return next(condition for condition in execution.conditions if condition.type_ == "Completed")


def failed_execution(clients: Clients, operation: Any, error: type[Exception]) -> run_v2.Execution:
    """The execution of an operation that raises `error`."""
    with pytest.raises(error):
        operation.result()
    return clients[1].get_execution(name=operation.metadata.name)
