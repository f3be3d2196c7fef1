"""Cells written one by one, or one cell repeated."""

from dataclasses import replace
from typing import Any

from sandbox.sheets import masks, ranges
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, from_extended
from sandbox.sheets.changes import objects
from sandbox.sheets.changes.tabs import find_tab, required_mask
from sandbox.sheets.errors import BadRequest, Unsupported
from sandbox.sheets.grid import ROWS, Tab
from sandbox.sheets.masks import Mask
from sandbox.sheets.ranges import Area

KEPT = {"userEnteredValue", "userEnteredFormat", "note"}
READ_ONLY = {"effectiveValue", "effectiveFormat", "formattedValue", "hyperlink"}


def update(book: Book, request: dict[str, Any]) -> None:
    """Write rows from `start`, or into `range`, whose cells without data are cleared of the masked fields."""
    mask = cell_mask(request)
    start, grid_range = request.get("start"), request.get("range")
    if (start is None) == (grid_range is None):
        raise BadRequest("Exactly one of 'start' and 'range' must be set.")
    rows = [row.get("values") or [] for row in request.get("rows") or []]
    if "pivotTable" in mask:
        set_pivots(book, start, rows, mask)
    elif start is not None:
        tab = book.tab(start.get("sheetId"))
        write(tab, start.get("rowIndex") or 0, start.get("columnIndex") or 0, rows, mask)
    elif grid_range is not None:
        tab = book.tab(grid_range.get("sheetId"))
        fill(tab, tab.inside(ranges.from_grid_range(grid_range)), rows, mask)


def set_pivots(
    book: Book, start: dict[str, Any] | None, rows: list[list[dict[str, Any]]], mask: Mask
) -> None:
    if start is None or len(mask) > 1:
        raise Unsupported(
            "A pivot table with a range or with other fields: not in this sandbox, only with start."
        )
    tab = book.tab(start.get("sheetId"))
    for down, row in enumerate(rows):
        for right, data in enumerate(row):
            place = ((start.get("rowIndex") or 0) + down, (start.get("columnIndex") or 0) + right)
            objects.set_pivot(tab, *place, data.get("pivotTable"))


def write(tab: Tab, first_row: int, first_column: int, rows: list[list[dict[str, Any]]], mask: Mask) -> None:
    for down, row in enumerate(rows):
        for right, data in enumerate(row):
            place = (first_row + down, first_column + right)
            tab.put(*place, changed(tab.at(*place), data, mask))


def fill(tab: Tab, area: Area, rows: list[list[dict[str, Any]]], mask: Mask) -> None:
    if len(rows) > area.height or any(len(row) > area.width for row in rows):
        raise BadRequest("Attempting to write beyond the last row or column of the requested range.")
    for row, column in area.addresses():
        line = rows[row - area.first_row] if row - area.first_row < len(rows) else []
        data = line[column - area.first_column] if column - area.first_column < len(line) else {}
        tab.put(row, column, changed(tab.at(row, column), data, mask))


def repeat(book: Book, request: dict[str, Any]) -> None:
    mask = cell_mask(request)
    grid_range = request.get("range") or {}
    tab = book.tab(grid_range.get("sheetId"))
    data = request.get("cell") or {}
    changed_cells: dict[int, Cell] = {}  # cells of one format become cells of one format, and share it
    for row, column in tab.inside(ranges.from_grid_range(grid_range)).addresses():
        before = tab.at(row, column)
        if id(before.format) not in changed_cells:
            changed_cells[id(before.format)] = changed(before, data, mask)
        tab.put(row, column, taken(before, changed_cells[id(before.format)], mask))


def taken(cell: Cell, model: Cell, mask: Mask) -> Cell:
    """The cell with the masked fields of another."""
    return Cell(
        model.value if "userEnteredValue" in mask else cell.value,
        model.format if "userEnteredFormat" in mask else cell.format,
        model.note if "note" in mask else cell.note,
    )


def append(book: Book, request: dict[str, Any]) -> None:
    """Rows after the last row with data; the grid grows as needed."""
    mask = cell_mask(request)
    tab = find_tab(book, request.get("sheetId"))
    rows = [row.get("values") or [] for row in request.get("rows") or []]
    first_row = 1 + max((row for (row, _), cell in tab.cells.items() if cell.value is not None), default=-1)
    if first_row + len(rows) > tab.rows:
        tab.resize(ROWS, first_row + len(rows))
    write(tab, first_row, 0, rows, mask)


def cell_mask(request: dict[str, Any]) -> Mask:
    mask = required_mask(request, "CellData")
    if "*" in mask:
        return {name: {} for name in KEPT}
    if READ_ONLY & set(mask):
        raise BadRequest(f"{min(READ_ONLY & set(mask))} is read-only.")
    if set(mask) - KEPT - {"pivotTable"}:
        raise Unsupported(f"fields '{min(set(mask) - KEPT)}' of a cell: Google has it, this sandbox has not.")
    return mask


def changed(cell: Cell, data: dict[str, Any], mask: Mask) -> Cell:
    value = from_extended(data.get("userEnteredValue")) if "userEnteredValue" in mask else cell.value
    if mask.keys() == {"userEnteredValue"}:
        return replace(cell, value=value)
    return Cell(value, format_of(cell, data, mask), data.get("note") or None if "note" in mask else cell.note)


def format_of(cell: Cell, data: dict[str, Any], mask: Mask) -> Any:
    if "userEnteredFormat" not in mask:
        return cell.format
    new_format = data.get("userEnteredFormat") or {}
    inner = mask["userEnteredFormat"] or {"*": {}}
    return masks.assign(dict(cell.format or {}), new_format, inner, "CellFormat") or None
