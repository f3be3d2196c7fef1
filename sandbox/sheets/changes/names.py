"""Named ranges; and how all that points into a tab follows when its rows or columns move."""

import re
from dataclasses import replace
from typing import Any

from sandbox.sheets import masks, ranges, references
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Formula
from sandbox.sheets.edits import Edit
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import ROWS, Tab

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,249}")
ENDS = {ROWS: ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}

RANGE_FIELDS = {field for fields in ENDS.values() for field in fields}


def add(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    named = dict(request.get("namedRange") or {})
    named.setdefault("namedRangeId", f"range{book.fresh_id()}")
    if any(item["namedRangeId"] == named["namedRangeId"] for item in book.names):
        raise BadRequest(f"A named range with the id {named['namedRangeId']} already exists.")
    book.names.append(valid(book, named))
    return {"namedRange": named}


def update(book: Book, request: dict[str, Any]) -> None:
    requested = request.get("namedRange") or {}
    before = find_named_range(book, requested.get("namedRangeId"))
    mask = masks.parse(request.get("fields") or "*", "NamedRange")
    after = masks.assign(before, requested, mask, "NamedRange")
    # First, or `valid` would take its own name for that of another range.
    book.names.remove(before)
    book.names.append(valid(book, after | {"namedRangeId": before["namedRangeId"]}))


def delete(book: Book, request: dict[str, Any]) -> None:
    book.names.remove(find_named_range(book, request.get("namedRangeId")))


def find_named_range(book: Book, range_id: str | None) -> dict[str, Any]:
    for item in book.names:
        if item["namedRangeId"] == range_id:
            return item
    raise BadRequest(f"No named range with id: {range_id}")


def valid(book: Book, named: dict[str, Any]) -> dict[str, Any]:
    name = named.get("name") or ""
    # A name such as Q4 would be read as a cell.
    if not NAME.fullmatch(name) or ranges.parse(name):
        raise BadRequest(f"'{name}': no name for a range.")
    if any(item["name"].lower() == name.lower() for item in book.names):
        raise BadRequest(f"A named range with the name '{name}' already exists.")
    grid_range = named.get("range") or {}
    book.tab(grid_range.get("sheetId")).inside(ranges.from_grid_range(grid_range))
    return named


def follow(book: Book, tab: Tab, dimension: str, edit: Edit) -> None:
    """Named ranges, protected ranges, developer metadata and formulas are adjusted to moved rows or columns."""
    book.names = [
        named | {"range": moved}
        for named in book.names
        if (moved := followed(named["range"], tab.id, dimension, edit)) is not None
    ]
    tab.protected = [
        item | {"range": moved}
        for item in tab.protected
        if (moved := followed(item.get("range") or {"sheetId": tab.id}, tab.id, dimension, edit)) is not None
    ]
    if tab.basic_filter:
        place = followed(tab.basic_filter["range"], tab.id, dimension, edit)
        tab.basic_filter = None if place is None else tab.basic_filter | {"range": place}
    for other in book.tabs:
        for kind, items in other.objects.items():
            moved_items = [follow_object(item, tab.id, dimension, edit) for item in items]
            other.objects[kind] = [item for item in moved_items if item is not None]
    book.metadata = [moved for item in book.metadata if (moved := carried(item, tab.id, dimension, edit))]
    rewrite(book, tab, dimension, edit)


def followed(grid_range: dict[str, Any], tab: int, dimension: str, edit: Edit) -> dict[str, Any] | None:
    first, last = ENDS[dimension]
    if (grid_range.get("sheetId") or 0) != tab or (first not in grid_range and last not in grid_range):
        return grid_range
    end = grid_range.get(last)
    span = edit.span(grid_range.get(first) or 0, 2**31 if end is None else end)
    if span is None:
        return None
    # An open end stays open, however many rows are inserted before it.
    return grid_range | {first: span[0]} | ({} if end is None else {last: span[1]})


def follow_object(value: Any, tab: int, dimension: str, edit: Edit) -> Any:
    """A value with all its GridRanges adjusted; None for a range that is deleted, and for what lost its own range."""
    if isinstance(value, list):
        moved_items = [follow_object(item, tab, dimension, edit) for item in value]
        return [item for item in moved_items if item is not None]
    if not isinstance(value, dict):
        return value
    if RANGE_FIELDS & value.keys():
        return followed(value, tab, dimension, edit)
    moved = {key: follow_object(item, tab, dimension, edit) for key, item in value.items()}
    has_lost_range = any(value.get(key) and not moved[key] for key in ("range", "ranges"))
    return None if has_lost_range else moved


def carried(item: dict[str, Any], tab: int, dimension: str, edit: Edit) -> dict[str, Any] | None:
    """Metadata of a row or column moves with it, and is deleted with it."""
    span = item["location"].get("dimensionRange")
    if not span or (span.get("sheetId") or 0) != tab or span["dimension"] != dimension:
        return item
    index = edit.index(span["startIndex"])
    if index is None:
        return None
    moved = span | {"startIndex": index, "endIndex": index + 1}
    return item | {"location": item["location"] | {"dimensionRange": moved}}


def rewrite(book: Book, tab: Tab, dimension: str, edit: Edit) -> None:
    for other in book.tabs:
        for place, cell in other.cells.items():
            if not isinstance(cell.value, Formula):
                continue

            def concerns(title: str | None, is_same_tab: bool = other is tab) -> bool:
                return is_same_tab if title is None else title.lower() == tab.title.lower()

            text = references.followed(cell.value.text, concerns, dimension, edit)
            if text != cell.value.text:
                other.cells[place] = replace(cell, value=Formula(text))


def forget_tab(book: Book, tab: int) -> None:
    """Delete named ranges and metadata of a deleted tab."""
    book.names = [item for item in book.names if (item["range"].get("sheetId") or 0) != tab]
    book.metadata = [item for item in book.metadata if sheet_of(item) != tab]


def sheet_of(item: dict[str, Any]) -> int | None:
    """The tab of a DeveloperMetadata; None for the spreadsheet's."""
    location = item["location"]
    if location.get("spreadsheet"):
        return None
    span = location.get("dimensionRange")
    return int((span.get("sheetId") if span else location.get("sheetId")) or 0)
