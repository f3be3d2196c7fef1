"""Fixtures only."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials, Credentials

from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from runtime.retry import RetryPolicy
from sandbox.state import PROJECT
from tests.fakes.memory_store import MemoryStore
from tests.fakes.scripted_server import Answer, ScriptedServer

type ScriptedStore = Callable[..., tuple[ObjectStore, ScriptedServer, list[float]]]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def objects(sandbox: Any) -> Iterator[ObjectStore]:
    """An empty bucket in the sandbox."""
    with open_session(4) as session:
        client = ApiClient(session, AnonymousCredentials(), sandbox.address, OK_STATUSES)
        bucket = f"test-{uuid.uuid4().hex[:12]}"
        client.send("POST", "/storage/v1/b", {"project": PROJECT}, json.dumps({"name": bucket}).encode())
        yield ObjectStore(client, bucket)


@pytest.fixture
def scripted() -> Iterator[ScriptedStore]:
    """Creates a store on a server with scripted responses; returns also the list of the store's delays.

    The jitter is the upper bound of each delay.
    """
    closers: list[Callable[[], None]] = []

    def start(
        *answers: Answer, credentials: Credentials | None = None
    ) -> tuple[ObjectStore, ScriptedServer, list[float]]:
        server, session, delays = ScriptedServer(*answers), open_session(1), list[float]()
        closers.extend([session.close, server.close])
        retry = RetryPolicy(attempts=4, sleep=delays.append, jitter=lambda low, high: high)
        client = ApiClient(session, credentials or AnonymousCredentials(), server.url, OK_STATUSES, retry)
        return ObjectStore(client, "landing"), server, delays

    yield start
    for close in closers:
        close()
