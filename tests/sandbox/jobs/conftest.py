"""Fixtures only."""

import socket

import pytest

from tests.sandbox.jobs.jobs_client import connect


@pytest.fixture
def clients(control_plane):
    return connect(control_plane)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server
