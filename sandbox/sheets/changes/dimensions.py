"""Rows and columns: appended, inserted, deleted, moved. References to them are adjusted."""

from dataclasses import replace
from typing import Any

from sandbox.sheets import masks
from sandbox.sheets.book import Book
from sandbox.sheets.changes import names, objects
from sandbox.sheets.changes.tabs import find_tab, required_mask
from sandbox.sheets.edits import Delete, Edit, Insert, Move
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import COLUMNS, ROWS, SIZE, Tab


def append(book: Book, request: dict[str, Any]) -> None:
    tab = find_tab(book, request.get("sheetId"))
    dimension = dimension_of(request)
    if (request.get("length") or 0) < 1:
        raise BadRequest("length must be greater than 0.")
    tab.resize(dimension, size(tab, dimension) + request["length"])


def insert(book: Book, request: dict[str, Any]) -> None:
    """New rows take the format of the row before or after, depending on `inheritFromBefore`."""
    tab, dimension, start, end = span_of(book, request.get("range") or {}, appending=True)
    before = bool(request.get("inheritFromBefore"))
    if before and start == 0:
        raise BadRequest("inheritFromBefore cannot be true if inserting at index 0.")
    if not before and start == size(tab, dimension):
        raise BadRequest(
            f"range.startIndex[{start}] must be less than the grid size ({start}) "
            "if inheritFromBefore is false."
        )
    edit = Insert(start, end - start)
    tab.resize(dimension, size(tab, dimension) + edit.count)
    rearrange(book, tab, dimension, edit)
    # After the move: the line that followed the new ones is at `end` now.
    inherit(tab, dimension, start - 1 if before else end, range(start, end))


def inherit(tab: Tab, dimension: str, source: int, new_lines: range) -> None:
    axis = 0 if dimension == ROWS else 1
    # A list, because the loop below adds cells.
    formats = [
        (place, cell.format) for place, cell in tab.cells.items() if place[axis] == source and cell.format
    ]
    for index in new_lines:
        for place, format in formats:
            target = (index, place[1]) if dimension == ROWS else (place[0], index)
            tab.cells[target] = replace(tab.at(*target), format=format)


def delete(book: Book, request: dict[str, Any]) -> None:
    tab, dimension, start, end = span_of(book, request.get("range") or {})
    rearrange(book, tab, dimension, Delete(start, end))
    # After the cells have moved: a smaller grid deletes those outside of it.
    tab.resize(dimension, size(tab, dimension) - (end - start))


def move(book: Book, request: dict[str, Any]) -> None:
    tab, dimension, start, end = span_of(book, request.get("source") or {})
    to = request.get("destinationIndex") or 0
    if not 0 <= to <= size(tab, dimension) or start < to < end:
        raise BadRequest(f"destinationIndex {to} lies inside the source or outside the grid.")
    objects.check_move(tab, dimension, start, end, to)
    rearrange(book, tab, dimension, Move(start, end, to))


def update(book: Book, request: dict[str, Any]) -> None:
    tab, dimension, start, end = span_of(book, request.get("range") or {})
    mask = required_mask(request, "DimensionProperties")
    requested = request.get("properties") or {}
    for index in range(start, end):
        before = tab.dimensions[dimension].get(index, {})
        tab.dimensions[dimension][index] = masks.assign(before, requested, mask, "DimensionProperties")


def auto_resize(book: Book, request: dict[str, Any]) -> None:
    """Remove the declared width: the page then fits a column to its content."""
    tab, dimension, start, end = span_of(book, request.get("dimensions") or {})
    for index in range(start, end):
        remaining = {
            key: item for key, item in tab.dimensions[dimension].pop(index, {}).items() if key != "pixelSize"
        }
        if remaining:
            tab.dimensions[dimension][index] = remaining


def rearrange(book: Book, tab: Tab, dimension: str, edit: Edit) -> None:
    tab.rearrange(dimension, edit)
    names.follow(book, tab, dimension, edit)


def span_of(book: Book, value: dict[str, Any], appending: bool = False) -> tuple[Tab, str, int, int]:
    """A DimensionRange inside the grid; an open end is the grid's."""
    tab = find_tab(book, value.get("sheetId"))
    dimension = dimension_of(value)
    length = size(tab, dimension)
    start = value.get("startIndex") or 0
    end = value["endIndex"] if value.get("endIndex") is not None else length
    if not 0 <= start < end:
        raise BadRequest(f"range.endIndex ({end}) must be greater than range.startIndex ({start}).")
    if start > length if appending else end > length:
        raise BadRequest(f"range [{start}, {end}) of {dimension} lies outside the grid of {length}.")
    return tab, dimension, start, end


def dimension_of(value: dict[str, Any]) -> str:
    dimension = value.get("dimension")
    if dimension not in (ROWS, COLUMNS):
        raise BadRequest("No dimension was specified: ROWS or COLUMNS.")
    return str(dimension)


def size(tab: Tab, dimension: str) -> int:
    return int(tab.properties["gridProperties"][SIZE[dimension]])
