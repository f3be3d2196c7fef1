"""What people do in the spreadsheets, by the Sheets API, as their browser would."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from demo.cloud import Cloud
from demo.companies.backoffice.data import Decision
from demo.spreadsheets import declared_spreadsheet

REQUESTS_TAB, BUDGETS_TAB = "Requests", "Budgets"
OWN_COLUMNS = ("Decision", "Approved", "Comment")
BUDGET_ROWS = ("Legal", "IT", "Archive")  # the last one has no requests


def read_tab(cloud: Cloud, export: str, tab: str) -> list[dict[str, Any]]:
    """Rows by header; an empty cell is "". Numbers as floats, dates as serial numbers."""
    book = declared_spreadsheet(cloud, export)
    path = f"/sheets/v4/spreadsheets/{book}/values/{quote(f"'{tab}'", safe='')}"
    values = cloud.call("GET", f"{path}?valueRenderOption=UNFORMATTED_VALUE").get("values", [[]])
    header, *rows = values
    # Sheets omits empty cells at the end of a row, so they are added again.
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in rows]


def write_decisions(cloud: Cloud, decisions: Mapping[str, Decision]) -> None:
    """Into columns beside the synced ones, in whatever order the rows are."""
    rows = read_tab(cloud, "open_requests", REQUESTS_TAB)
    # In the same place at the second time: the desk's columns are then in the header already.
    place = len(list(rows[0])) - (len(OWN_COLUMNS) if OWN_COLUMNS[0] in rows[0] else 0)
    typed = [decisions.get(row["Request"], Decision()) for row in rows]
    cells = [list(OWN_COLUMNS), *([each.decision, each.approved, each.comment] for each in typed)]
    write_cells(cloud, "open_requests", f"'{REQUESTS_TAB}'!{chr(ord('A') + place)}1", cells)


def sort_by_amount(cloud: Cloud) -> None:
    """The whole rows, from the dearest request to the cheapest."""
    book = declared_spreadsheet(cloud, "open_requests")
    sheets = cloud.call("GET", f"/sheets/v4/spreadsheets/{book}")["sheets"]
    [tab] = [sheet["properties"] for sheet in sheets if sheet["properties"]["title"] == REQUESTS_TAB]
    rows = read_tab(cloud, "open_requests", REQUESTS_TAB)
    # All columns, so that what people typed moves together with its request; without the header.
    area = {
        "sheetId": tab["sheetId"],
        "startRowIndex": 1,
        "endRowIndex": len(rows) + 1,
        "startColumnIndex": 0,
        "endColumnIndex": len(rows[0]),
    }
    order = {"dimensionIndex": list(rows[0]).index("Amount"), "sortOrder": "DESCENDING"}
    request = {"sortRange": {"range": area, "sortSpecs": [order]}}
    cloud.call("POST", f"/sheets/v4/spreadsheets/{book}:batchUpdate", {"requests": [request]})


def type_departments(cloud: Cloud) -> None:
    """Below the header; rows are added as needed."""
    book = declared_spreadsheet(cloud, "budgets")
    path = f"/sheets/v4/spreadsheets/{book}/values/{quote(f"'{BUDGETS_TAB}'!A1", safe='')}:append"
    body = {"values": [[name] for name in BUDGET_ROWS]}
    cloud.call("POST", f"{path}?valueInputOption=USER_ENTERED", body)


def write_cells(cloud: Cloud, export: str, start: str, cells: list[list[str]]) -> None:
    book = declared_spreadsheet(cloud, export)
    # USER_ENTERED parses each text as if it were typed, so an amount becomes a number.
    path = f"/sheets/v4/spreadsheets/{book}/values/{quote(start, safe='')}?valueInputOption=USER_ENTERED"
    cloud.call("PUT", path, {"values": cells})
