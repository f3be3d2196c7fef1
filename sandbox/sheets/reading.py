"""Reads a range as a ValueRange."""

from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, Failure, Formula
from sandbox.sheets.formats import format_value, temporal
from sandbox.sheets.formulas import value_at
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import Tab

RENDER = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
MOMENTS = ("SERIAL_NUMBER", "FORMATTED_STRING")
MAJOR = ("ROWS", "COLUMNS")


def read(book: Book, text: str, call: Call) -> dict[str, Any]:
    """A ValueRange. Trailing blank cells and rows are left out, and `values` where nothing is left."""
    render, moments = call.choice("valueRenderOption", RENDER), call.choice("dateTimeRenderOption", MOMENTS)
    major = call.choice("majorDimension", MAJOR)
    tab, area = book.range(text)
    lines: dict[int, dict[int, Any]] = {}
    for (row, column), cell in tab.occupied(area):
        if cell.value is not None:
            value = rendered(book, tab, row, column, cell, render, moments)
            across, along = (
                (row - area.first_row, column - area.first_column)
                if major == "ROWS"
                else (column - area.first_column, row - area.first_row)
            )
            lines.setdefault(across, {})[along] = value
    answer = {"range": ranges.written(tab.title, area), "majorDimension": major}
    if not lines:
        return answer
    dense = [lines.get(place, {}) for place in range(max(lines) + 1)]
    return answer | {
        "values": [[line.get(at, "") for at in range(max(line, default=-1) + 1)] for line in dense]
    }


def rendered(book: Book, tab: Tab, row: int, column: int, cell: Cell, render: str, moments: str) -> Any:
    if render == "FORMULA" and isinstance(cell.value, Formula):
        return cell.value.text
    value = value_at(book, tab, row, column)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if render == "FORMATTED_VALUE" or (moments == "FORMATTED_STRING" and number and temporal(cell.format)):
        return format_value(value, cell.format)
    return value.code if isinstance(value, Failure) else value
