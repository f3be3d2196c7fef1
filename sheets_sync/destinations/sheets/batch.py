"""The requests of a batch, one function each. A batch happens whole or not at all."""

from typing import Any

from sheets_sync.destinations.sheets.diff import Block
from sheets_sync.destinations.sheets.values import Cell

type Request = dict[str, Any]

# Requests that cannot be sent twice: the second one fails, or does it again.
ONCE = {"addSheet", "deleteSheet", "insertDimension", "deleteDimension", "createDeveloperMetadata"}


def add_tab(tab: int, title: str, grid: dict[str, int], hidden: bool = False) -> Request:
    properties = {"sheetId": tab, "title": title, "hidden": hidden, "gridProperties": grid}
    return {"addSheet": {"properties": properties}}


def delete_tab(tab: int) -> Request:
    return {"deleteSheet": {"sheetId": tab}}


def resize(tab: int, rows: int, columns: int) -> Request:
    grid = {"rowCount": rows, "columnCount": columns}
    properties = {"sheetId": tab, "gridProperties": grid}
    fields = "gridProperties(rowCount,columnCount)"
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def reshape(tab: int, before: int, after: int) -> list[Request]:
    """Columns are made or removed at our right edge, so that people's move aside and stay whole."""
    if before == after:
        return []
    start, end = sorted((before, after))
    span = {"sheetId": tab, "dimension": "COLUMNS", "startIndex": start, "endIndex": end}
    if before > after:
        return [{"deleteDimension": {"range": span}}]
    return [{"insertDimension": {"range": span, "inheritFromBefore": True}}]


def area(tab: int, top: int, bottom: int, width: int) -> dict[str, int]:
    """Rows [top, bottom) of the first `width` columns."""
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": tab, **rows, "startColumnIndex": 0, "endColumnIndex": width}


def copy_values(source: dict[str, int], destination: dict[str, int]) -> Request:
    return {"copyPaste": {"source": source, "destination": destination, "pasteType": "PASTE_VALUES"}}


def clear(place: dict[str, int]) -> Request:
    """Values go, formats stay."""
    return {"updateCells": {"range": place, "fields": "userEnteredValue"}}


def update(tab: int, block: Block) -> Request:
    rows = [{"values": [extended(cell) for cell in row]} for row in block.cells]
    start = {"sheetId": tab, "rowIndex": block.row, "columnIndex": block.column}
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def extended(cell: Cell) -> Request:
    """CellData with a typed value: `stringValue` is text whatever it looks like."""
    match cell:
        case None:
            return {}
        case bool():
            return {"userEnteredValue": {"boolValue": cell}}
        case str():
            return {"userEnteredValue": {"stringValue": cell}}
        case _:
            return {"userEnteredValue": {"numberValue": cell}}


def create_metadata(tab: int, key: str, value: str) -> Request:
    item = {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"sheetId": tab},
        "visibility": "DOCUMENT",  # so that a job of another project sees that the tab is taken
    }
    return {"createDeveloperMetadata": {"developerMetadata": item}}


def update_metadata(metadata: int, value: str) -> Request:
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [{"developerMetadataLookup": {"metadataId": metadata}}],
            "developerMetadata": {"metadataValue": value},
            "fields": "metadataValue",
        }
    }
