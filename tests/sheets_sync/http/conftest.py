"""Fixtures only."""

from dataclasses import replace
from typing import Any

import pytest
import requests

from runtime.rate_limiter import RateLimiter
from sheets_sync import sync
from sheets_sync.destinations.http.api_client import RowApi
from sheets_sync.destinations.http.config import HttpConfig
from sheets_sync.destinations.http.destination import HttpDestination
from sheets_sync.destinations.http.sync_state import StateObject
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.progress import silent_progress
from sheets_sync.transient import RETRY_POLICY
from sheets_sync.warehouse import Mart
from tests.sheets_sync.http.fake_crm import KEY, FakeCrm

DECLARED: dict[str, Any] = {
    "table": "contacts",
    "mode": "mirror",
    "key": ["customer_id"],
    "columns": {
        "customer_id": {"header": "id"},
        "name": {"header": "name"},
        "email": {"header": "email"},
        "spent": {"header": "spent"},
    },
    "destination": {
        "kind": "http",
        "path": "/contacts/batch",
        "rows": "contacts",
        "batch": 10,
        "auth": {"header": "Authorization", "prefix": "Bearer "},
        "results": {
            "rows": "results",
            "status": "status",
            "accepted": ["created", "updated"],
            "reason": "message",
        },
        "delete": {"path": "/contacts/{id}"},
    },
}
TYPES = {"customer_id": "INTEGER", "name": "STRING", "email": "STRING", "spent": "NUMERIC"}


@pytest.fixture
def crm():
    with FakeCrm() as crm:
        yield crm


@pytest.fixture
def declared():
    """The content of an export's file, to be changed."""
    return DECLARED | {"destination": dict(DECLARED["destination"])}


@pytest.fixture
def publish(crm, bucket, declared, waits):
    """Sync rows of (customer_id, name, email, spent) as one run of the job does."""
    with requests.Session() as session:

        def run(rows, key=KEY, progress=None, **options):
            export = parse_export("contacts", "contacts.yaml", declared)
            config = export.destination
            assert isinstance(config, HttpConfig)
            limiter = RateLimiter(
                1 if config.per_second else None, 1 / (config.per_second or 1), sleep=waits.append
            )
            retry = replace(RETRY_POLICY, sleep=waits.append)
            api = RowApi(session, crm.url, key, config, retry, limiter)
            state = StateObject(bucket, "sheets_sync/contacts.ndjson", api.address)
            target = HttpDestination(api, state, Options(**options), progress or silent_progress())
            mart = Mart(TYPES, rows)
            return sync.sync_until_known(export, mart, target)

        yield run
