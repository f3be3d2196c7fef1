"""The requests of a batch, one function each. A batch happens whole or not at all."""

from collections.abc import Sequence
from typing import Any

from sheets_sync.destinations.sheets.blocks import Block
from sheets_sync.destinations.sheets.values import Cell

type Request = dict[str, Any]
type Area = dict[str, int]  # a GridRange


def add_tab(tab: int, title: str, rows: int, columns: int, frozen: int = 0, hidden: bool = False) -> Request:
    grid = {"rowCount": rows, "columnCount": columns} | ({"frozenRowCount": frozen} if frozen else {})
    properties: Request = {"sheetId": tab, "title": title, "gridProperties": grid}
    return {"addSheet": {"properties": properties | ({"hidden": True} if hidden else {})}}


def delete_tab(tab: int) -> Request:
    return {"deleteSheet": {"sheetId": tab}}


def resize(tab: int, rows: int, columns: int) -> Request:
    grid = {"rowCount": rows, "columnCount": columns}
    properties = {"sheetId": tab, "gridProperties": grid}
    fields = "gridProperties(rowCount,columnCount)"
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def span(tab: int, dimension: str, start: int, end: int) -> Request:
    return {"sheetId": tab, "dimension": dimension, "startIndex": start, "endIndex": end}


def insert(tab: int, dimension: str, start: int, end: int, like_before: bool) -> Request:
    """New rows or columns look like those before them, else like those after."""
    place = span(tab, dimension, start, end)
    return {"insertDimension": {"range": place, "inheritFromBefore": like_before}}


def delete(tab: int, dimension: str, start: int, end: int) -> Request:
    return {"deleteDimension": {"range": span(tab, dimension, start, end)}}


def move_rows(tab: int, start: int, end: int, to: int) -> Request:
    """All counted before anything moves."""
    return {"moveDimension": {"source": span(tab, "ROWS", start, end), "destinationIndex": to}}


def sort(place: Area, column: int) -> Request:
    specs = [{"dimensionIndex": column, "sortOrder": "ASCENDING"}]
    return {"sortRange": {"range": place, "sortSpecs": specs}}


def reshape(tab: int, before: int, after: int) -> list[Request]:
    """Columns are made or removed at our right edge, so that people's move aside and stay whole."""
    if before > after:
        return [delete(tab, "COLUMNS", after, before)]
    return [insert(tab, "COLUMNS", before, after, like_before=True)] if before < after else []


def area(tab: int, top: int, bottom: int, right: int, left: int = 0) -> Area:
    """Rows [top, bottom), columns [left, right)."""
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": tab, **rows, "startColumnIndex": left, "endColumnIndex": right}


def copy(source: Area, destination: Area, what: str = "PASTE_VALUES") -> Request:
    return {"copyPaste": {"source": source, "destination": destination, "pasteType": what}}


def clear(place: Area) -> Request:
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


def repeat(place: Area, look: Request, fields: str) -> Request:
    """One format for all cells of a place."""
    return {"repeatCell": {"range": place, "cell": {"userEnteredFormat": look}, "fields": fields}}


def create_metadata(tab: int, key: str, value: str, metadata: int | None = None) -> Request:
    """An id that is taken fails the batch."""
    item = {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"sheetId": tab},
        "visibility": "DOCUMENT",  # so that a job of another project sees that the tab is taken
    }
    own = {"metadataId": metadata} if metadata is not None else {}
    return {"createDeveloperMetadata": {"developerMetadata": item | own}}


def delete_metadata(metadata: int) -> Request:
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": metadata}}}}


def protect(number: int, place: Area, why: str, editors: Sequence[str] | None) -> Request:
    """`editors` alone may change the place, beside the owner; None warns everybody and lets them."""
    item: Request = {"protectedRangeId": number, "range": place, "description": why}
    item |= {"warningOnly": True} if editors is None else {"editors": {"users": list(editors)}}
    return {"addProtectedRange": {"protectedRange": item}}


def unprotect(number: int) -> Request:
    return {"deleteProtectedRange": {"protectedRangeId": number}}


def widths(tab: int, pixels: Sequence[int]) -> list[Request]:
    """Of the first columns."""
    return [
        {
            "updateDimensionProperties": {
                "range": span(tab, "COLUMNS", at, at + 1),
                "properties": {"pixelSize": size},
                "fields": "pixelSize",
            }
        }
        for at, size in enumerate(pixels)
    ]


def fit(tab: int, columns: int) -> Request:
    """The first columns as wide as what stands in them."""
    return {"autoResizeDimensions": {"dimensions": span(tab, "COLUMNS", 0, columns)}}
