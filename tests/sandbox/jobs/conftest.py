"""Fixtures only."""

import socket
from collections.abc import Iterator

import pytest

from sandbox.state import State
from tests.sandbox.jobs.jobs_client import Clients, connect


@pytest.fixture
def clients(control_plane: State) -> Clients:
    return connect(control_plane)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server
