"""Start one of the servers on a free port, and stop it."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from runtime.retry import RetryPolicy
from tests.servers.catalogue import FOLDER, MODULES, TestedServer

START = RetryPolicy(attempts=400, base=0.2, cap=0.2, deadline=60)


@contextmanager
def running(server: TestedServer) -> Iterator[str]:
    """The address of the server, which is up and filled."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [part.replace("{port}", str(port)) for part in server.command]
    environ = os.environ | {"NODE_PATH": str(MODULES), "PYTHONWARNINGS": "ignore"}
    with (FOLDER / f"{server.name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ, cwd=FOLDER)
        try:
            START.call(
                lambda: requests.get(url + server.ready, timeout=5),
                lambda error, attempt: START.delay(attempt) if process.poll() is None else None,
            )
            server.fill(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
