"""How our columns look: a bold frozen header that asks before it is changed, and number formats."""

import hashlib
import json
from typing import Any

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.exports import Column

MOMENTS = {"DATE": "DATE", "DATETIME": "DATE_TIME", "TIMESTAMP": "DATE_TIME", "TIME": "TIME"}
NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"}
USUAL = {"DATE": "yyyy-mm-dd", "DATE_TIME": "yyyy-mm-dd hh:mm:ss", "TIME": "hh:mm:ss"}
HEADER = {
    "textFormat": {"bold": True},
    "backgroundColorStyle": {"rgbColor": {"red": 0.95, "green": 0.95, "blue": 0.95}},
}


def number_format(column: Column, kind: str) -> dict[str, str] | None:
    """A NumberFormat for a column of BigQuery type `kind`; None leaves it to Sheets."""
    moment = MOMENTS.get(kind)
    if moment:
        return {"type": moment, "pattern": column.format or USUAL[moment]}
    if column.format is None:
        return None
    return {"type": "PERCENT" if "%" in column.format else "NUMBER", "pattern": column.format}


def header_format(kind: str) -> dict[str, Any]:
    """A CellFormat; headers of numbers and moments stand over them, at the right."""
    right = kind in MOMENTS or kind in NUMBERS
    return HEADER | {"horizontalAlignment": "RIGHT" if right else "LEFT"}


def fingerprint(goal: Goal) -> str:
    """Changes when the look that we ask for does; what people make of it meanwhile stays theirs."""
    looks = [
        (
            column.header,
            number_format(column, goal.types[column.name]),
            header_format(goal.types[column.name]),
        )
        for column in goal.columns
    ]
    return hashlib.sha256(json.dumps([goal.export.protect, looks]).encode()).hexdigest()[:16]


def header(tab: int, goal: Goal) -> list[Request]:
    frozen = {"sheetId": tab, "gridProperties": {"frozenRowCount": 1}}
    cells = [{"userEnteredFormat": header_format(goal.types[column.name])} for column in goal.columns]
    fields = f"userEnteredFormat({','.join(header_format(''))})"
    start = {"sheetId": tab, "rowIndex": 0, "columnIndex": 0}
    return [
        {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}},
        {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": fields}},
    ]


def columns(tab: int, goal: Goal, bottom: int) -> list[Request]:
    """Number formats for the rows below the header."""
    requests = []
    for index, column in enumerate(goal.columns):
        wanted = number_format(column, goal.types[column.name])
        place = batch.area(tab, 1, bottom, index + 1, index)
        look = {"numberFormat": wanted} if wanted else {}
        requests.append(batch.repeat(place, look, "userEnteredFormat.numberFormat"))
    return requests
