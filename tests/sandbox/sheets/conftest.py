"""Fixtures only."""

import threading
import time
from contextlib import contextmanager

import google.oauth2.credentials
import gspread
import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from sandbox import sheets as service
from sandbox.process import free_port
from sandbox.state import State


class Sheets:
    """A server of only Sheets and Drive, and gspread's clients for it."""

    def __init__(self, state):
        self.state = state
        self.control = f"{state.address}/sandbox/sheets"

    def client(self, token="person"):
        """A person's client; `sandbox.<e-mail>` is an identity's token."""
        address = self.state.address

        class Here(gspread.HTTPClient):
            def request(self, method, endpoint, *args, **kwargs):
                here = endpoint.replace("https://sheets.googleapis.com", f"{address}/sheets")
                here = here.replace("https://www.googleapis.com", address)
                return super().request(method, here, *args, **kwargs)

        return gspread.Client(google.oauth2.credentials.Credentials(token), http_client=Here)

    def fault(self, **fields):
        return requests.post(f"{self.control}/faults", json=fields, timeout=10)

    def quota(self, **limits):
        requests.put(f"{self.control}/quota", json=limits, timeout=10).raise_for_status()

    def calls(self):
        return requests.get(f"{self.control}/calls", timeout=10).json()

    def forget_calls(self):
        requests.delete(f"{self.control}/calls", timeout=10).raise_for_status()


@contextmanager
def serving(root):
    state = State(root, free_port())
    config = uvicorn.Config(
        Starlette(routes=service.routes(state)), host="127.0.0.1", port=state.port, log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Sheets(state)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("sheets")) as running:
        yield running


@pytest.fixture
def sheets(served):
    """Without quota, faults or counted calls."""
    served.quota(read=None, write=None)
    requests.delete(f"{served.control}/faults", timeout=10).raise_for_status()
    served.forget_calls()
    return served


@pytest.fixture
def restartable(tmp_path):
    """Starts a server on the same state as often as the test requires."""
    return lambda: serving(tmp_path)


@pytest.fixture
def book(sheets):
    """A new spreadsheet of a person's, as gspread sees it."""
    return sheets.client().create("Book")
