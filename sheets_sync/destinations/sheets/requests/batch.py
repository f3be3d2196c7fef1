"""Requests of a batch, one function per kind. A batch is applied completely or not at all.

https://developers.google.com/sheets/api/reference/rest/v4/spreadsheets/request
"""

from collections.abc import Sequence
from typing import Any

from sheets_sync.destinations.sheets.desired.cells import Cell
from sheets_sync.destinations.sheets.diff.blocks import Block

type Request = dict[str, Any]
type GridRange = dict[str, int]

ROWS, COLUMNS = "ROWS", "COLUMNS"


def add_tab(
    tab: int,
    title: str,
    rows: int,
    columns: int,
    frozen: int = 0,
    hidden: bool = False,
    index: int | None = None,
) -> Request:
    grid = {"rowCount": rows, "columnCount": columns} | ({"frozenRowCount": frozen} if frozen else {})
    properties: Request = {"sheetId": tab, "title": title, "gridProperties": grid}
    properties |= ({"hidden": True} if hidden else {}) | ({} if index is None else {"index": index})
    return {"addSheet": {"properties": properties}}


def delete_tab(tab: int) -> Request:
    return {"deleteSheet": {"sheetId": tab}}


def resize_grid(tab: int, rows: int, columns: int) -> Request:
    grid = {"rowCount": rows, "columnCount": columns}
    properties = {"sheetId": tab, "gridProperties": grid}
    fields = "gridProperties(rowCount,columnCount)"
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def freeze_rows(tab: int, rows: int) -> Request:
    properties = {"sheetId": tab, "gridProperties": {"frozenRowCount": rows}}
    return {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.frozenRowCount"}}


def dimension_range(tab: int, dimension: str, start: int, end: int) -> Request:
    return {"sheetId": tab, "dimension": dimension, "startIndex": start, "endIndex": end}


def insert_dimension(tab: int, dimension: str, start: int, end: int, like_before: bool) -> Request:
    """New rows or columns inherit the formats of those before them, else of those after."""
    place = dimension_range(tab, dimension, start, end)
    return {"insertDimension": {"range": place, "inheritFromBefore": like_before}}


def delete_dimension(tab: int, dimension: str, start: int, end: int) -> Request:
    return {"deleteDimension": {"range": dimension_range(tab, dimension, start, end)}}


def move_dimension(tab: int, dimension: str, start: int, end: int, target: int) -> Request:
    """All indexes are counted before the move."""
    source = dimension_range(tab, dimension, start, end)
    return {"moveDimension": {"source": source, "destinationIndex": target}}


def sort_rows(place: GridRange, column: int) -> Request:
    specs = [{"dimensionIndex": column, "sortOrder": "ASCENDING"}]
    return {"sortRange": {"range": place, "sortSpecs": specs}}


def change_width(tab: int, before: int, after: int) -> list[Request]:
    """Insert or delete columns at the right edge of the synced ones, so that users' columns move along."""
    if before > after:
        return [delete_dimension(tab, COLUMNS, after, before)]
    return [insert_dimension(tab, COLUMNS, before, after, like_before=True)] if before < after else []


def grid_range(tab: int, top: int, bottom: int, right: int, first_column: int = 0) -> GridRange:
    """Rows [top, bottom), columns [first_column, right)."""
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": tab, **rows, "startColumnIndex": first_column, "endColumnIndex": right}


def copy_cells(source: GridRange, target: GridRange, paste_type: str = "PASTE_VALUES") -> Request:
    return {"copyPaste": {"source": source, "destination": target, "pasteType": paste_type}}


def clear_values(place: GridRange) -> Request:
    """Formats stay."""
    return {"updateCells": {"range": place, "fields": "userEnteredValue"}}


def update_cells(tab: int, block: Block) -> Request:
    rows = [{"values": [cell_data(cell) for cell in row]} for row in block.cells]
    start = {"sheetId": tab, "rowIndex": block.row, "columnIndex": block.column}
    # Only the values, so that formats and notes of the cells stay.
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def cell_data(cell: Cell) -> Request:
    """CellData with a typed value: a `stringValue` is never parsed as a formula, a number or a date."""
    match cell:
        case None:
            return {}
        # A bool is an int in Python: without this case it would be sent as a number.
        case bool():
            return {"userEnteredValue": {"boolValue": cell}}
        case str():
            return {"userEnteredValue": {"stringValue": cell}}
        case _:
            return {"userEnteredValue": {"numberValue": cell}}


def set_note(tab: int, row: int, column: int, note: str) -> Request:
    """A note of one cell; its value and format stay."""
    start = {"sheetId": tab, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": [{"values": [{"note": note}]}], "fields": "note"}}


def set_format(place: GridRange, cell_format: Request, fields: str) -> Request:
    """One format for all cells of a range."""
    return {"repeatCell": {"range": place, "cell": {"userEnteredFormat": cell_format}, "fields": fields}}


def create_metadata(tab: int, key: str, value: str, metadata_id: int | None = None) -> Request:
    """The batch fails if the id is already used."""
    item = {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"sheetId": tab},
        "visibility": "DOCUMENT",  # so that a job of another project also sees that the tab is taken
    }
    optional_id = {"metadataId": metadata_id} if metadata_id is not None else {}
    return {"createDeveloperMetadata": {"developerMetadata": item | optional_id}}


def delete_metadata(metadata_id: int) -> Request:
    lookup = {"developerMetadataLookup": {"metadataId": metadata_id}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def add_chart(chart_id: int, spec: Request, tab: int, size: dict[str, int]) -> Request:
    """Over the cells of a tab, from the first one. The batch fails if the id is already used."""
    position = {"overlayPosition": {"anchorCell": {"sheetId": tab, "rowIndex": 0, "columnIndex": 0}, **size}}
    return {"addChart": {"chart": {"chartId": chart_id, "spec": spec, "position": position}}}


def update_chart(chart_id: int, spec: Request) -> Request:
    """Place and size stay."""
    return {"updateChartSpec": {"chartId": chart_id, "spec": spec}}


def delete_chart(chart_id: int) -> Request:
    return {"deleteEmbeddedObject": {"objectId": chart_id}}


def protect_range(range_id: int, place: GridRange, reason: str, editors: Sequence[str] | None) -> Request:
    """Only `editors` and the owner may edit the range; with None, everyone may after a warning."""
    item: Request = {"protectedRangeId": range_id, "range": place, "description": reason}
    item |= {"warningOnly": True} if editors is None else {"editors": {"users": list(editors)}}
    return {"addProtectedRange": {"protectedRange": item}}


def unprotect_range(range_id: int) -> Request:
    return {"deleteProtectedRange": {"protectedRangeId": range_id}}


def set_column_widths(tab: int, pixels: Sequence[int]) -> list[Request]:
    """Of the first columns."""
    return [
        {
            "updateDimensionProperties": {
                "range": dimension_range(tab, COLUMNS, index, index + 1),
                "properties": {"pixelSize": size},
                "fields": "pixelSize",
            }
        }
        for index, size in enumerate(pixels)
    ]


def fit_columns(tab: int, columns: int) -> Request:
    """Make the first columns as wide as their content."""
    return {"autoResizeDimensions": {"dimensions": dimension_range(tab, COLUMNS, 0, columns)}}
