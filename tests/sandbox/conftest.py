"""Fixtures only."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import Response

from sandbox.process import free_port, wait
from sandbox.state import State

SERVER = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from sandbox import jobs, scheduler, transfers
from sandbox.discovery.middleware import ApiMiddleware
from sandbox.iam.access import Access
from sandbox.iam.guard import Guard
from sandbox.iam.identities import IdentityMiddleware
from sandbox.resources import apis
from sandbox.resources.store import Store
from sandbox.state import State

state = State(Path(sys.argv[1]), int(sys.argv[2]), job_variables={"SOURCE_URL": "http://127.0.0.1/source"})
routes = [Route("/", lambda request: PlainTextResponse("ready"))]
for service in (apis, jobs, scheduler, transfers):
    routes += service.routes(state)
guard = Guard(Access(state, Store(state.root)))
middleware = [Middleware(IdentityMiddleware), Middleware(ApiMiddleware, guard=guard)]
app = Starlette(routes=routes, middleware=middleware)
uvicorn.run(app, host="127.0.0.1", port=state.port, log_level="warning", timeout_keep_alive=600)
"""


@contextmanager
def running(root: Path) -> Iterator[tuple[State, subprocess.Popen[bytes]]]:
    state = State(root, free_port())
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(root), str(state.port)])
    try:
        wait(state, process)
        yield state, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The services that Terraform provisions, without BigQuery: a server that starts at once."""
    with running(tmp_path_factory.mktemp("control_plane")) as (state, _):
        yield state


@pytest.fixture
def restartable(
    tmp_path: Path,
) -> Callable[[], AbstractContextManager[tuple[State, subprocess.Popen[bytes]]]]:
    """Each call starts such a server on the same state; it is killed, not stopped, at the end."""
    return lambda: running(tmp_path)


@pytest.fixture
def call(control_plane: State) -> Callable[..., Response]:
    """Sends one request to the control plane: method, path and a body as JSON."""

    def send(method: str, path: str, body: Any = None) -> Response:
        return requests.request(method, f"{control_plane.address}/{path}", json=body, timeout=10)

    return send
