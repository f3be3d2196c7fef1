"""Fixtures only."""

import json
from pathlib import Path
from types import SimpleNamespace

import google.oauth2.credentials
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from sandbox.process import running
from sheets_sync import exports, sync
from sheets_sync.destinations.sheets.destination import Sheets
from sheets_sync.destinations.sheets.diff import Changes
from sheets_sync.destinations.sheets.sheet import Client, Spreadsheet
from sheets_sync.retry import Retry

ROOT = Path(__file__).parents[2]
DECLARED = {
    "table": "daily_sales",
    "tab": "Daily sales",
    "mode": "mirror",
    "key": ["day"],
    "columns": {
        "day": {"header": "Day", "format": "yyyy-mm-dd"},
        "baskets": {"header": "Baskets", "format": "#,##0"},
        "revenue": {"header": "Revenue", "format": "#,##0.00"},
        "note": {"header": "Note"},
    },
    "order": ["day"],
}
TYPES = {"day": "DATE", "baskets": "INTEGER", "revenue": "NUMERIC", "note": "STRING"}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A sandbox of this package's own: its tables and its spreadsheets are nobody else's."""
    with running(tmp_path_factory.mktemp("cloud")) as state:
        client = bigquery.Client(
            state.project,
            credentials=AnonymousCredentials(),
            location="EU",
            client_options={"api_endpoint": state.address},
        )
        client.create_dataset("dmt")
        client.create_dataset("ops")
        for log in ("sync_log", "notice_log"):
            schema = json.loads((ROOT / f"modules/warehouse/ops/{log}.json").read_text())
            fields = [bigquery.SchemaField.from_api_repr(field) for field in schema]
            client.create_table(bigquery.Table(f"{state.project}.ops.{log}", fields))
        yield SimpleNamespace(state=state, bigquery=client, control=f"{state.address}/sandbox/sheets")


@pytest.fixture
def export():
    return exports.read("daily_sales", "daily_sales.yaml", DECLARED)


@pytest.fixture
def declared():
    """The content of an export's file, to be changed."""
    return json.loads(json.dumps(DECLARED))


@pytest.fixture
def types():
    return dict(TYPES)


@pytest.fixture
def person(cloud):
    """A new spreadsheet as the person sees it who made it and shared it with sheets-sync."""
    requests.put(f"{cloud.control}/quota", json={"read": None, "write": None}, timeout=10)
    requests.delete(f"{cloud.control}/faults", timeout=10)
    client = Client(google.oauth2.credentials.Credentials("person"), f"{cloud.state.address}/sheets")
    drive = requests.Session()
    drive.headers["Authorization"] = "Bearer person"
    files = f"{cloud.state.address}/drive/v3/files"
    made = drive.post(files, json={"name": "For the team"}, timeout=10).json()["id"]
    share = {"role": "writer", "type": "user", "emailAddress": cloud.state.identity("sheets-sync")}
    drive.post(f"{files}/{made}/permissions", json=share, timeout=10)
    return SimpleNamespace(
        id=made,
        client=client,
        batch=lambda *requests: client.batch_update(made, {"requests": list(requests)}),
        type=lambda place, values: client.values_update(
            made, place, {"valueInputOption": "USER_ENTERED"}, {"values": values}
        ),
        see=lambda place, **options: client.values_get(made, place, options or None).get("values", []),
        sheets=lambda: client.fetch_sheet_metadata(made)["sheets"],
    )


def changes_of(done):
    counts = done.counts
    return Changes(counts.inserted.count, counts.updated.count, counts.deleted.count)


@pytest.fixture
def waits():
    """Seconds that a job would have slept."""
    return []


@pytest.fixture
def spreadsheet(cloud, person, waits):
    """The same spreadsheet as the job reaches it: without waiting."""
    identity = cloud.state.identity("sheets-sync")
    token = google.oauth2.credentials.Credentials(f"sandbox.{identity}")
    client = Client(token, f"{cloud.state.address}/sheets")
    return Spreadsheet(client, person.id, identity, Retry(sleep=waits.append))


@pytest.fixture
def mirror(cloud, export, types, spreadsheet):
    """Sync rows of (day, baskets, revenue, note) and count the calls it took."""

    def run(rows, adopt=False, export=export, types=types):
        before = spreadsheet.calls
        mart = SimpleNamespace(types=types, rows=rows)
        done = sync.settle(export, mart, Sheets(spreadsheet, cloud.state.project, adopt))
        return SimpleNamespace(changes=changes_of(done), tab=done.title, calls=spreadsheet.calls - before)

    return run


@pytest.fixture
def fault(cloud):
    """Ask the sandbox for a fault of the next calls."""

    def ask(**fields):
        answer = requests.post(f"{cloud.control}/faults", json=fields, timeout=10)
        assert answer.ok, answer.text

    yield ask
    requests.delete(f"{cloud.control}/faults", timeout=10)
