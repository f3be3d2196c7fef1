"""Formats of the synced columns: a bold, frozen header, and number formats below it."""

import hashlib
import json
from typing import Any

from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.export import Column

TIME_TYPES = {"DATE": "DATE", "DATETIME": "DATE_TIME", "TIMESTAMP": "DATE_TIME", "TIME": "TIME"}
NUMBER_TYPES = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"}
DEFAULT_PATTERNS = {"DATE": "yyyy-mm-dd", "DATE_TIME": "yyyy-mm-dd hh:mm:ss", "TIME": "hh:mm:ss"}
TEXT_FORMAT = {"type": "TEXT", "pattern": "@"}
HEADER_FORMAT = {
    "textFormat": {"bold": True},
    "backgroundColorStyle": {"rgbColor": {"red": 0.95, "green": 0.95, "blue": 0.95}},
}


def number_format(column: Column, type_name: str, is_key: bool = False) -> dict[str, str] | None:
    """A NumberFormat for a column of BigQuery type `type_name`; None for Sheets' automatic format.

    A STRING in the key is text: otherwise Sheets turns a key such as 007 that a user types into a number,
    which matches no row.
    """
    time_type = TIME_TYPES.get(type_name)
    if time_type:
        return {"type": time_type, "pattern": column.format or DEFAULT_PATTERNS[time_type]}
    if column.format is None:
        return TEXT_FORMAT if is_key and type_name == "STRING" else None
    return {"type": "PERCENT" if "%" in column.format else "NUMBER", "pattern": column.format}


def header_format(type_name: str) -> dict[str, Any]:
    """A CellFormat: headers of numbers and times are aligned right, like the values."""
    is_right = type_name in TIME_TYPES or type_name in NUMBER_TYPES
    return HEADER_FORMAT | {"horizontalAlignment": "RIGHT" if is_right else "LEFT"}


def column_format(desired: DesiredTable, column: Column) -> dict[str, str] | None:
    return number_format(column, desired.types[column.name], column.name in desired.export.key)


def format_fingerprint(desired: DesiredTable) -> str:
    """Changes when the declared formats change, but not when users change formats in the tab."""
    formats = [
        (column.header, column_format(desired, column), header_format(desired.types[column.name]))
        for column in desired.columns
    ]
    return hashlib.sha256(json.dumps([desired.export.protect, formats]).encode()).hexdigest()[:16]


def format_header(tab: int, desired: DesiredTable) -> list[Request]:
    cells = [{"userEnteredFormat": header_format(desired.types[column.name])} for column in desired.columns]
    fields = f"userEnteredFormat({','.join(header_format(''))})"
    start = {"sheetId": tab, "rowIndex": 0, "columnIndex": 0}
    return [
        batch.freeze_rows(tab, 1),
        {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": fields}},
    ]


def format_columns(tab: int, desired: DesiredTable, bottom: int) -> list[Request]:
    """Number formats for the rows below the header."""
    requests = []
    for index, column in enumerate(desired.columns):
        declared = column_format(desired, column)
        place = batch.grid_range(tab, 1, bottom, index + 1, index)
        cell_format = {"numberFormat": declared} if declared else {}
        requests.append(batch.set_format(place, cell_format, "userEnteredFormat.numberFormat"))
    return requests
