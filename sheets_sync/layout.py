"""How our columns look: a bold frozen header, a number format for each column."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sheets_sync.exports import Column, Export

MOMENTS = {"DATE": "DATE", "DATETIME": "DATE_TIME", "TIMESTAMP": "DATE_TIME", "TIME": "TIME"}
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


def fingerprint(export: Export, types: Mapping[str, str]) -> str:
    """Changes when the look that we ask for does; what people make of it meanwhile stays theirs."""
    formats = [number_format(column, types[column.name]) for column in export.columns]
    return hashlib.sha256(json.dumps([export.headers, formats, HEADER]).encode()).hexdigest()[:16]


def header(tab: int, width: int) -> list[dict[str, Any]]:
    frozen = {"sheetId": tab, "gridProperties": {"frozenRowCount": 1}}
    row = {
        "sheetId": tab,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": width,
    }
    return [
        {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}},
        {
            "repeatCell": {
                "range": row,
                "cell": {"userEnteredFormat": HEADER},
                "fields": ",".join(f"userEnteredFormat.{name}" for name in HEADER),
            }
        },
    ]


def columns(
    tab: int, export: Export, types: Mapping[str, str], top: int, bottom: int
) -> list[dict[str, Any]]:
    """Number formats for rows [top, bottom)."""
    requests = []
    for index, column in enumerate(export.columns):
        wanted = number_format(column, types[column.name])
        area = {
            "sheetId": tab,
            "startRowIndex": top,
            "endRowIndex": bottom,
            "startColumnIndex": index,
            "endColumnIndex": index + 1,
        }
        cell = {"userEnteredFormat": {"numberFormat": wanted} if wanted else {}}
        requests.append(
            {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredFormat.numberFormat"}}
        )
    return requests
