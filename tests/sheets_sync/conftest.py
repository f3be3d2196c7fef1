"""Fixtures only."""

import json
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from sandbox.process import running
from sheets_sync import sync
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sandbox_spreadsheets import DECLARED, TYPES, opened, reached

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A sandbox for the tests of this package only: no other test changes its tables and spreadsheets."""
    with running(tmp_path_factory.mktemp("cloud")) as state:
        client = bigquery.Client(
            state.project,
            credentials=AnonymousCredentials(),
            location="EU",
            client_options={"api_endpoint": state.address},
        )
        client.create_dataset("dmt")
        client.create_dataset("ops")
        for name in ("sync_run", "sync_row", "notice_log"):
            schema = json.loads((ROOT / f"modules/warehouse/ops/{name}.json").read_text())
            fields = [bigquery.SchemaField.from_api_repr(field) for field in schema]
            client.create_table(bigquery.Table(f"{state.project}.ops.{name}", fields))
        yield SimpleNamespace(state=state, bigquery=client, control=f"{state.address}/sandbox/sheets")


@pytest.fixture
def export():
    return parse_export("daily_sales", "daily_sales.yaml", DECLARED)


@pytest.fixture
def declared():
    """The content of an export's file, to be changed."""
    return json.loads(json.dumps(DECLARED))


@pytest.fixture
def types():
    return dict(TYPES)


@pytest.fixture
def person(cloud):
    requests.put(f"{cloud.control}/quota", json={"read": None, "write": None}, timeout=10)
    requests.delete(f"{cloud.control}/faults", timeout=10)
    return opened(cloud)


@pytest.fixture
def bucket(cloud):
    """A new bucket, as the job reaches it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    url = f"{cloud.state.address}/storage/v1/b?project={cloud.state.project}"
    requests.post(url, json={"name": name}, timeout=10).raise_for_status()
    api = ApiClient(open_session(1), AnonymousCredentials(), cloud.state.address, OK_STATUSES)
    return ObjectStore(api, name)


@pytest.fixture
def waits():
    """Seconds that a job would have slept."""
    return []


@pytest.fixture
def spreadsheet(cloud, person, waits):
    return reached(cloud, person, waits)


@pytest.fixture
def mirror(cloud, export, types, spreadsheet):
    """Sync rows of (day, baskets, revenue, note) and count the calls it took."""

    def run(rows, export=export, types=types, **options):
        before = spreadsheet.calls
        place = SheetsDestination(spreadsheet, cloud.state.project, Options(**options))
        done = sync.sync_until_known(export, Mart(types, rows), place)
        return SimpleNamespace(counts=done.counts, tab=done.title, calls=spreadsheet.calls - before)

    return run


@pytest.fixture
def fault(cloud):
    """Ask the sandbox for a fault of the next calls."""

    def ask(**fields):
        answer = requests.post(f"{cloud.control}/faults", json=fields, timeout=10)
        assert answer.ok, answer.text

    yield ask
    requests.delete(f"{cloud.control}/faults", timeout=10)
