"""An export, and the sandbox's spreadsheets as a person and as the job reach them."""

from dataclasses import replace
from types import SimpleNamespace

import google.oauth2.credentials
import requests

from sheets_sync.destinations.sheets.spreadsheet import SheetsClient, Spreadsheet
from sheets_sync.transient import RETRY_POLICY

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
    "shrink": 100,
}
TYPES = {"day": "DATE", "baskets": "INTEGER", "revenue": "NUMERIC", "note": "STRING"}


def opened(cloud):
    """A new spreadsheet as the person sees it who made it and shared it with sheets-sync."""
    token = google.oauth2.credentials.Credentials("person")
    client = SheetsClient(token, f"{cloud.state.address}/sheets")
    drive = requests.Session()
    drive.headers["Authorization"] = "Bearer person"
    files = f"{cloud.state.address}/drive/v3/files"
    created = drive.post(files, json={"name": "For the team"}, timeout=10).json()["id"]
    share = {"role": "writer", "type": "user", "emailAddress": cloud.state.identity("sheets-sync")}
    drive.post(f"{files}/{created}/permissions", json=share, timeout=10)

    def sheets():
        return client.fetch_sheet_metadata(created)["sheets"]

    def tabs():
        properties = [tab["properties"] for tab in sheets()]
        return [item["title"] for item in properties if not item.get("hidden")]

    return SimpleNamespace(
        id=created,
        client=client,
        sheets=sheets,
        tabs=tabs,
        batch=lambda *requests: client.batch_update(created, {"requests": list(requests)}),
        type=lambda place, values: client.values_update(
            created, place, {"valueInputOption": "USER_ENTERED"}, {"values": values}
        ),
        see=lambda place, **options: client.values_get(created, place, options or None).get("values", []),
    )


def reached(cloud, person, waits):
    """The same spreadsheet as the job reaches it: without waiting."""
    identity = cloud.state.identity("sheets-sync")
    token = google.oauth2.credentials.Credentials(f"sandbox.{identity}")
    client = SheetsClient(token, f"{cloud.state.address}/sheets", cloud.state.address)
    return Spreadsheet(client, person.id, identity, replace(RETRY_POLICY, sleep=waits.append))
