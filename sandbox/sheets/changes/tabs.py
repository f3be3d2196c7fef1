"""Tabs made, deleted, duplicated, renamed, resized, hidden."""

from typing import Any

from sandbox.sheets import masks
from sandbox.sheets.book import Book, blank_tab
from sandbox.sheets.changes import names
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import COLUMNS, FROZEN, ROWS, SIZE, Tab

LONGEST_TITLE = 100
FIXED = {"sheetId", "sheetType"}


def add(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    requested = {key: value for key, value in (request.get("properties") or {}).items() if value is not None}
    sheet_id = requested.get("sheetId", book.fresh_id())
    vacant(book, sheet_id)
    tab = blank_tab(sheet_id, requested.get("title") or free_title(book, "Sheet"))
    titled(book, tab, tab.title)
    grid = tab.properties["gridProperties"] | (requested.get("gridProperties") or {})
    rest = {key: value for key, value in requested.items() if key not in {"index", "gridProperties", *FIXED}}
    tab.properties = tab.properties | rest | {"gridProperties": grid, "title": tab.title}
    settle(tab)
    place(book, tab, requested.get("index", len(book.tabs)))
    return {"properties": properties(book, tab)}


def delete(book: Book, request: dict[str, Any]) -> None:
    tab = find_tab(book, request.get("sheetId"))
    if len(book.tabs) == 1:
        raise BadRequest("You can't remove all the sheets in a document.")
    book.tabs.remove(tab)
    # After the removal: the other tabs may all be hidden.
    visible(book)
    names.forget_tab(book, tab.id)


def duplicate(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    source = find_tab(book, request.get("sourceSheetId"))
    sheet_id = request["newSheetId"] if request.get("newSheetId") is not None else book.fresh_id()
    vacant(book, sheet_id)
    tab = source.copy()
    title = request.get("newSheetName") or free_title(book, f"Copy of {source.title}", first="")
    tab.properties = source.properties | {"sheetId": sheet_id, "title": title}
    tab.protected = []
    renumber(book, tab)
    titled(book, tab, title)
    place(book, tab, request.get("insertSheetIndex") or 0)
    return {"properties": properties(book, tab)}


def renumber(book: Book, tab: Tab) -> None:
    """Give the objects of a copied tab ids of their own."""
    for kind, name in (("charts", "chartId"), ("tables", "tableId")):
        if kind in tab.objects:
            of_type = type(tab.objects[kind][0][name]) if tab.objects[kind] else int
            tab.objects[kind] = [item | {name: of_type(book.fresh_id())} for item in tab.objects[kind]]


def update(book: Book, request: dict[str, Any]) -> None:
    requested = request.get("properties") or {}
    tab = find_tab(book, requested.get("sheetId"))
    mask = required_mask(request, "SheetProperties")
    if FIXED & set(mask):
        raise BadRequest(f"{min(FIXED & set(mask))} can't be changed.")
    before = tab.properties
    after = masks.assign(before, requested, mask, "SheetProperties") | {key: before[key] for key in FIXED}
    # The position in the book, not a stored property.
    after.pop("index", None)
    titled(book, tab, after.get("title") or "")
    resized(tab, after)
    if "index" in mask or ("*" in mask and "index" in requested):
        move(book, tab, requested.get("index") or 0)
    visible(book)


def move(book: Book, tab: Tab, index: int) -> None:
    """`index` is counted before the move."""
    old = book.tabs.index(tab)
    book.tabs.remove(tab)
    place(book, tab, index - 1 if index > old else index)


def update_spreadsheet(book: Book, request: dict[str, Any]) -> None:
    mask = required_mask(request, "SpreadsheetProperties")
    book.properties = masks.assign(
        book.properties, request.get("properties") or {}, mask, "SpreadsheetProperties"
    )


def resized(tab: Tab, after: dict[str, Any]) -> None:
    """Set new properties; cells outside a smaller grid are deleted."""
    tab.properties = after
    grid = after.get("gridProperties") or {}
    for dimension in (ROWS, COLUMNS):
        tab.resize(dimension, grid.get(SIZE[dimension]) or 0)
    settle(tab)


def settle(tab: Tab) -> None:
    grid = tab.properties["gridProperties"]
    for dimension in (ROWS, COLUMNS):
        if grid[SIZE[dimension]] < 1:
            raise BadRequest(f"{SIZE[dimension]} must be greater than 0.")
        if grid.get(FROZEN[dimension], 0) >= grid[SIZE[dimension]]:
            raise BadRequest(f"You can't freeze all visible {dimension.lower()} on the sheet.")


def find_tab(book: Book, sheet_id: int | None) -> Tab:
    tab = next((tab for tab in book.tabs if tab.id == (sheet_id or 0)), None)
    if tab is None:
        raise BadRequest(f"No sheet with id: {sheet_id or 0}")
    return tab


def vacant(book: Book, sheet_id: int) -> None:
    if sheet_id < 0:
        raise BadRequest(f"sheetId {sheet_id} must not be negative.")
    if any(tab.id == sheet_id for tab in book.tabs):
        raise BadRequest(f"A sheet with the id {sheet_id} already exists.")


def titled(book: Book, tab: Tab, title: str) -> None:
    """Check the length of a title, and that no other tab has it."""
    if not 0 < len(title) <= LONGEST_TITLE:
        raise BadRequest(f"A sheet's name has 1 to {LONGEST_TITLE} characters, this one {len(title)}.")
    other = book.titled(title)
    if other is not None and other.id != tab.id:
        raise BadRequest(f'A sheet with the name "{title}" already exists. Please enter another name.')


def free_title(book: Book, stem: str, first: str = "1") -> str:
    title, number = f"{stem}{first}", 1
    while book.titled(title):
        number += 1
        title = f"{stem}{number}" if first else f"{stem} {number}"
    return title


def visible(book: Book) -> None:
    if all(tab.properties.get("hidden") for tab in book.tabs):
        raise BadRequest("You can't remove or hide all the visible sheets in a document.")


def place(book: Book, tab: Tab, index: int) -> None:
    if not 0 <= index <= len(book.tabs):
        raise BadRequest(f"index {index} is not between 0 and {len(book.tabs)}.")
    book.tabs.insert(index, tab)


def properties(book: Book, tab: Tab) -> dict[str, Any]:
    """SheetProperties of a response. Google omits fields that are 0, false or empty, except id and index."""
    first = {key: tab.properties[key] for key in ("sheetId", "title")}
    grid = {key: value for key, value in tab.properties.get("gridProperties", {}).items() if value}
    rest = {key: value for key, value in tab.properties.items() if value}
    return {**first, "index": book.tabs.index(tab), **rest, "gridProperties": grid, "sheetId": tab.id}


def required_mask(request: dict[str, Any], message: str) -> masks.Mask:
    mask = masks.parse(request.get("fields") or "", message)
    if not mask:
        raise BadRequest("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    return mask
