"""Fixtures only."""

from types import SimpleNamespace

import pytest
import requests

from sheets_sync import exports, sync
from sheets_sync.destinations.http import declaration
from sheets_sync.destinations.http.api import Api, Pace
from sheets_sync.destinations.http.destination import Http
from sheets_sync.retry import Retry
from tests.sheets_sync.http.crm import KEY, Crm

DECLARED = {
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
    with Crm() as crm:
        yield crm


@pytest.fixture
def declared():
    """The content of an export's file, to be changed."""
    return DECLARED | {"destination": dict(DECLARED["destination"])}


@pytest.fixture
def publish(crm, bucket, declared, waits):
    """Sync rows of (customer_id, name, email, spent) as one run of the job does."""
    with requests.Session() as http:

        def run(rows, key=KEY, **options):
            export = exports.read("contacts", "contacts.yaml", declared)
            told = declaration.read("contacts.yaml", export.destination, export.headers, ["id"])
            api = Api(
                http, crm.url, key, told, Retry(sleep=waits.append), Pace(told.per_second, waits.append)
            )
            place = Http(api, bucket, "sheets_sync/contacts.ndjson", **options)
            mart = SimpleNamespace(types=TYPES, rows=rows)
            return sync.settle(export, mart, place)

        yield run
