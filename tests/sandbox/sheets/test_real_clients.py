"""Real clients do their ordinary work: google-api-python-client, pygsheets, and the paths of google-spreadsheet.

gspread is the client of the other tests; google-spreadsheet itself works in `make test-servers`.
"""

from typing import Any

import httplib2
import pygsheets
import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

CREDENTIALS = Credentials("person")


class LocalHttp(httplib2.Http):
    """Sends requests for Google's hosts to the sandbox; pygsheets has no setting for that."""

    def __init__(self, address: str) -> None:
        super().__init__(timeout=10)
        self.address = address

    def request(self, uri: str, *args: Any, **kwargs: Any) -> Any:
        local = uri.replace("https://sheets.googleapis.com", f"{self.address}/sheets")
        return super().request(local.replace("https://www.googleapis.com", self.address), *args, **kwargs)


@pytest.fixture
def google(sheets):
    """The service of google-api-python-client, from its bundled discovery document."""
    options = {"api_endpoint": f"{sheets.state.address}/sheets"}
    with build(
        "sheets", "v4", credentials=CREDENTIALS, client_options=options, static_discovery=True
    ) as service:
        yield service.spreadsheets()


def test_the_client_of_google_creates_writes_reads_and_changes(google):
    created = google.create(body={"properties": {"title": "Theirs"}}).execute()
    book = created["spreadsheetId"]
    assert {"title", "locale", "timeZone", "defaultFormat"} <= created["properties"].keys()
    values = {"values": [["Day", "Sales"], [1, 2.5]]}
    google.values().update(spreadsheetId=book, range="A1", valueInputOption="RAW", body=values).execute()
    google.values().append(
        spreadsheetId=book, range="A1", valueInputOption="RAW", body={"values": [[2, 3.5]]}
    ).execute()
    named = {
        "name": "Sales",
        "range": {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3, "endColumnIndex": 2},
    }
    google.batchUpdate(
        spreadsheetId=book, body={"requests": [{"addNamedRange": {"namedRange": named}}]}
    ).execute()
    for name in ("Sales", "Sheet1!Sales", "'Sheet1'!Sales"):
        read = google.values().get(spreadsheetId=book, range=name).execute()
        assert read["values"] == [["Day", "Sales"], ["1", "2.5"], ["2", "3.5"]]
    displayed = google.get(spreadsheetId=book).execute()
    [tab] = displayed["sheets"]
    assert tab["properties"]["gridProperties"] == {"rowCount": 1000, "columnCount": 26}
    assert (tab["properties"]["sheetId"], tab["properties"]["index"]) == (0, 0)
    assert "sheetId" not in displayed["namedRanges"][0]["range"]  # 0 is omitted


def test_what_the_sandbox_lacks_is_an_error_with_its_name(google):
    book = google.create(body={}).execute()["spreadsheetId"]
    requests_: list[dict[str, Any]] = [{"addSlicer": {"slicer": {}}}]
    with pytest.raises(HttpError, match="addSlicer"):
        google.batchUpdate(spreadsheetId=book, body={"requests": requests_}).execute()


@pytest.fixture
def client(sheets):
    http = LocalHttp(sheets.state.address)
    yield pygsheets.client.Client(CREDENTIALS, http=http, check=False)
    http.close()


def test_pygsheets_creates_writes_and_reads(client):
    book = client.create("Theirs")
    tab = book.sheet1
    tab.update_values("A1", [["Day", "Sales"], [2, 2.5], [1, 7]])
    tab.append_table([3, 1])
    assert tab.get_all_records() == [
        {"Day": 2, "Sales": 2.5},
        {"Day": 1, "Sales": 7},
        {"Day": 3, "Sales": 1},
    ]
    tab.sort_range("A2", "B4", basecolumnindex=0)
    assert tab.get_col(1, include_tailing_empty=False) == ["Day", "1", "2", "3"]
    assert client.open_by_key(book.id).title == "Theirs"


def test_paths_with_a_slash_after_the_id_are_accepted(sheets, book):
    """The npm package google-spreadsheet calls `/<id>/` and `/<id>/:batchUpdate`."""
    url = f"{sheets.state.address}/sheets/v4/spreadsheets/{book.id}/"
    headers = {"Authorization": "Bearer person"}
    read = requests.get(url, headers=headers, timeout=10)
    assert read.json()["spreadsheetId"] == book.id
    change = {"requests": [{"addSheet": {"properties": {"title": "Second"}}}]}
    done = requests.post(f"{url}:batchUpdate", json=change, headers=headers, timeout=10)
    assert done.json()["replies"][0]["addSheet"]["properties"]["title"] == "Second"


def test_a_filter_follows_rows_and_columns(google):
    book = google.create(body={}).execute()["spreadsheetId"]

    def change(*batch: dict[str, Any]) -> None:
        google.batchUpdate(spreadsheetId=book, body={"requests": list(batch)}).execute()

    def displayed() -> Any:
        [tab] = google.get(spreadsheetId=book).execute()["sheets"]
        return tab.get("basicFilter", {}).get("range")

    place = {"startRowIndex": 0, "endRowIndex": 4, "startColumnIndex": 0, "endColumnIndex": 2}
    change({"setBasicFilter": {"filter": {"range": place}}})
    inside = {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 5}
    change({"insertDimension": {"range": inside, "inheritFromBefore": True}})
    assert displayed() == place | {"endRowIndex": 7}
    change({"clearBasicFilter": {"sheetId": 0}})
    assert displayed() is None


def test_cells_are_read_by_data_filter(google):
    book = google.create(body={}).execute()["spreadsheetId"]
    values = {"values": [["Day", "Sales"], [1, 2.5]]}
    appended = google.values().append(
        spreadsheetId=book, range="A1", valueInputOption="RAW", includeValuesInResponse=True, body=values
    )
    assert appended.execute()["updates"]["updatedData"]["values"] == [["Day", "Sales"], ["1", "2.5"]]
    place = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    for data_filter in ({"a1Range": "Sheet1!A2:B2"}, {"gridRange": place}):
        body = {"dataFilters": [data_filter], "includeGridData": True}
        [tab] = google.getByDataFilter(spreadsheetId=book, body=body).execute()["sheets"]
        [row] = tab["data"][0]["rowData"]
        assert [cell["formattedValue"] for cell in row["values"]] == ["1", "2.5"]
    unknown = {"dataFilters": [{"a1Range": "Nowhere!A1"}]}
    with pytest.raises(HttpError, match="Unable to parse range"):
        google.getByDataFilter(spreadsheetId=book, body=unknown).execute()
