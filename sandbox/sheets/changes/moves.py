"""Blocks of cells: copied, sorted."""

from dataclasses import replace
from typing import Any

from sandbox.sheets import ranges, references
from sandbox.sheets.book import Book
from sandbox.sheets.cells import BLANK, Cell, Failure, Formula
from sandbox.sheets.changes import objects
from sandbox.sheets.errors import BadRequest, Unsupported
from sandbox.sheets.formulas import value_at
from sandbox.sheets.grid import Tab
from sandbox.sheets.ranges import Area

VALUES, FORMAT = {"PASTE_VALUES", "PASTE_FORMULA"}, {"PASTE_FORMAT"}
BOTH = {"PASTE_NORMAL", "PASTE_NO_BORDERS"}


def block(book: Book, grid_range: dict[str, Any] | None) -> tuple[Tab, Area]:
    tab = book.tab((grid_range or {}).get("sheetId"))
    return tab, tab.inside(ranges.from_grid_range(grid_range or {}))


def copy_paste(book: Book, request: dict[str, Any]) -> None:
    """Source onto destination, repeated where the destination is a multiple of it."""
    kind = request.get("pasteType") or "PASTE_NORMAL"
    if kind not in VALUES | FORMAT | BOTH or request.get("pasteOrientation") == "TRANSPOSE":
        raise Unsupported(f"copyPaste {kind} {request.get('pasteOrientation') or ''}: not in this sandbox.")
    source, area = block(book, request.get("source"))
    target, place = block(book, request.get("destination"))
    # Read first: source and destination may overlap.
    copied = [[content(book, source, row, column, kind) for column in span(area)] for row in lines(area)]
    high, wide = whole(place.height, area.height), whole(place.width, area.width)
    for down in range(high):
        for right in range(wide):
            cell = copied[down % area.height][right % area.width]
            row, column = place.first_row + down, place.first_column + right
            origin = (area.first_row + down % area.height, area.first_column + right % area.width)
            target.put(
                row,
                column,
                pasted(target.at(row, column), cell, kind, (row - origin[0], column - origin[1])),
            )


def lines(area: Area) -> range:
    return range(area.first_row, area.end_row or 0)


def span(area: Area) -> range:
    return range(area.first_column, area.end_column or 0)


def whole(size: int, unit: int) -> int:
    return size if size % unit == 0 else unit


def content(book: Book, tab: Tab, row: int, column: int, kind: str) -> Cell:
    """The copied cell; with PASTE_VALUES the value of a formula."""
    cell = tab.at(row, column)
    if kind == "PASTE_VALUES" and isinstance(cell.value, Formula):
        value = value_at(book, tab, row, column)
        return replace(cell, value=value.code if isinstance(value, Failure) else value)
    return cell


def pasted(before: Cell, cell: Cell, kind: str, offset: tuple[int, int]) -> Cell:
    if kind in FORMAT:
        return replace(before, format=cell.format)
    value = cell.value
    if isinstance(value, Formula):
        value = Formula(references.carried(value.text, *offset))
    return replace(before, value=value) if kind in VALUES else replace(cell, value=value)


def sort_range(book: Book, request: dict[str, Any]) -> None:
    """Whole rows of the range by the values of its columns: numbers, text, booleans, blanks last."""
    tab, area = block(book, request.get("range"))
    specs = request.get("sortSpecs") or []
    if not specs:
        raise BadRequest("sortSpecs must be specified.")
    objects.check_sort(tab, area)
    order = list(lines(area))
    for spec in reversed(specs):
        column = spec.get("dimensionIndex") or 0
        if not area.first_column <= column < (area.end_column or 0):
            raise BadRequest(f"sortSpecs.dimensionIndex {column} lies outside the range.")
        order = ranked(book, tab, order, column, spec.get("sortOrder") == "DESCENDING")
    rows = {row: [tab.at(row, column) for column in span(area)] for row in order}
    for row, origin in zip(lines(area), order, strict=True):
        for column, cell in zip(span(area), rows[origin], strict=True):
            tab.put(row, column, pasted(BLANK, cell, "PASTE_NORMAL", (row - origin, 0)))


def ranked(book: Book, tab: Tab, order: list[int], column: int, descending: bool) -> list[int]:
    values = {row: value_at(book, tab, row, column) for row in order}
    filled = [row for row in order if values[row] is not None]
    blank = [row for row in order if values[row] is None]
    return sorted(filled, key=lambda row: rank(values[row]), reverse=descending) + blank


def rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return 1, 0.0, str(getattr(value, "code", value)).lower()
