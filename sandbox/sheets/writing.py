"""A ValueRange written into a range, or a range cleared."""

from typing import Any

from sandbox.sheets import entered, ranges
from sandbox.sheets.book import Book
from sandbox.sheets.changes.protection import writable
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import Tab
from sandbox.sheets.ranges import Area

INPUT = ("RAW", "USER_ENTERED")


def write(book: Book, text: str, body: dict[str, Any], chosen: str, caller: str) -> dict[str, Any]:
    """Write a ValueRange, beginning at the range's first cell; returns an UpdateValuesResponse."""
    tab, area = book.range(text)
    rows = body.get("values") or []
    if body.get("majorDimension") == "COLUMNS":
        longest = max(map(len, rows), default=0)
        # A shorter column is filled with None, which leaves a cell unchanged.
        rows = [[line[at] if at < len(line) else None for line in rows] for at in range(longest)]
    width = max(map(len, rows), default=0)
    block = Area(
        area.first_row,
        area.first_column,
        area.first_row + max(len(rows), 1),
        area.first_column + max(width, 1),
    )
    fits(tab, area, block)
    writable(book, tab, block, caller)
    touched = 0
    for down, row in enumerate(rows):
        for right, value in enumerate(row):
            place = (block.first_row + down, block.first_column + right)
            cell = entered.write(tab.at(*place), value, chosen, f"values[{down}][{right}]")
            if cell is not None:
                tab.put(*place, cell)
                touched += 1
    return {
        "spreadsheetId": book.id,
        "updatedRange": ranges.written(tab.title, block),
        "updatedRows": len(rows),
        "updatedColumns": width,
        "updatedCells": touched,
    }


def fits(tab: Tab, area: Area, block: Area) -> None:
    """Data may extend beyond a single cell; a larger range must contain all of it. The grid never grows here."""
    if not area.single and (
        (block.end_row or 0) > (area.end_row or 0) or (block.end_column or 0) > (area.end_column or 0)
    ):
        what = (
            f"row [{(area.end_row or 0) + 1}]"
            if (block.end_row or 0) > (area.end_row or 0)
            else f"column [{ranges.column_letters(area.end_column or 0)}]"
        )
        raise BadRequest(
            f"Requested writing within range [{ranges.written(tab.title, area)}], but tried writing to {what}"
        )
    if (block.end_row or 0) > tab.rows or (block.end_column or 0) > tab.columns:
        raise tab.beyond(block)


def erase(book: Book, text: str, caller: str) -> str:
    """Delete values; formats and notes are unchanged."""
    tab, area = book.range(text)
    writable(book, tab, area, caller)
    # A list, because put() removes the cells.
    for place, cell in list(tab.occupied(area)):
        tab.put(*place, cell.holding(None))
    return ranges.written(tab.title, area)


def table(tab: Tab, area: Area) -> Area | None:
    """The block of filled cells around the range's first cell, up to the first blank row."""
    rows: dict[int, list[int]] = {}
    for (row, column), cell in tab.cells.items():
        if cell.value is not None and row >= area.first_row:
            rows.setdefault(row, []).append(column)
    top = min((row for row in rows if row < (area.end_row or 0)), default=None)
    if top is None:
        return None
    bottom = top
    while bottom + 1 in rows:
        bottom += 1
    columns = [column for row in range(top, bottom + 1) for column in rows[row]]
    return Area(top, min(columns), bottom + 1, max(columns) + 1)


def option(value: str | None) -> str:
    if value not in INPUT:
        raise BadRequest("'valueInputOption' is required but not specified")
    return str(value)
