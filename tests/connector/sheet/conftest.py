"""Fixtures only."""

from types import SimpleNamespace
from typing import Any

import google.oauth2.credentials
import pytest
import requests

from connector.settings import Settings
from connector.sources import registry
from connector.sources.sheet import reader
from connector.sources.sheet.config import SheetSource
from connector.sources.window import IdRange
from runtime.retry import RetryPolicy

DECLARED: dict[str, Any] = {
    "kind": "sheet",
    "endpoints": {
        "targets": {
            "tab": "Plan",
            "table": "targets",
            "key": ["day"],
            "schedule": "daily",
            "columns": {
                "day": {"header": "Day", "type": "date"},
                "revenue": {"header": "Revenue", "type": "number"},
                "agreed": {"header": "Agreed", "type": "boolean"},
                "note": {"header": "Note"},
            },
        }
    },
}
HEADER = ["Day", "Revenue", "Agreed", "Note"]


@pytest.fixture
def declared():
    """The declaration, which a test may change."""
    sheet = DECLARED["endpoints"]["targets"]
    copied = sheet | {"columns": {name: dict(column) for name, column in sheet["columns"].items()}}
    return DECLARED | {"endpoints": {"targets": copied}}


@pytest.fixture
def person(sandbox):
    """A spreadsheet with a tab `Plan`, shared with the connector, and functions that edit it."""
    http = requests.Session()
    http.headers["Authorization"] = "Bearer person"
    requests.put(f"{sandbox.address}/sandbox/sheets/quota", json={"read": None, "write": None}, timeout=10)
    tabs = [{"properties": {"title": "Plan"}}]
    zone = {"title": "Planning", "timeZone": "Europe/Paris"}
    books = f"{sandbox.address}/sheets/v4/spreadsheets"
    created = http.post(books, json={"properties": zone, "sheets": tabs}, timeout=10).json()
    book = created["spreadsheetId"]

    def share(role):
        body = {"role": role, "type": "user", "emailAddress": sandbox.identity("connector")}
        http.post(f"{sandbox.address}/drive/v3/files/{book}/permissions", json=body, timeout=10)

    def type_in(rows, place="Plan!A1", option="USER_ENTERED"):
        where = f"{books}/{book}/values/{place}?valueInputOption={option}"
        answer = http.put(where, json={"values": rows}, timeout=10)
        assert answer.ok, answer.text

    def change(*changes):
        answer = http.post(f"{books}/{book}:batchUpdate", json={"requests": list(changes)}, timeout=10)
        assert answer.ok, answer.text

    share("reader")
    tab = created["sheets"][0]["properties"]["sheetId"]
    yield SimpleNamespace(id=book, type=type_in, change=change, tab=tab)
    http.close()


@pytest.fixture
def waits():
    """Delays before retries, in seconds."""
    return []


@pytest.fixture
def read(sandbox, person, declared, waits):
    """Reads the spreadsheet as a page."""
    sessions = []

    def page(identity="connector", book=None):
        source = registry.parse_source(declared, "planning.yaml")
        assert isinstance(source, SheetSource)
        token = google.oauth2.credentials.Credentials(f"sandbox.{sandbox.identity(identity)}")
        variables = {"SPREADSHEET": book or person.id}
        settings = Settings("p", "EU", "b", variables, sheets_endpoint=f"{sandbox.address}/sheets")
        sheet_reader = reader.create_reader(
            source, "targets", settings, token, lambda: RetryPolicy(sleep=waits.append)
        )
        sessions.append(sheet_reader.client.session)
        return sheet_reader.read_page(1, None, IdRange())

    yield page
    for session in sessions:
        session.close()
