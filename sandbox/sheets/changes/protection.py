"""Protected ranges and their editors."""

from collections.abc import Iterator
from typing import Any

from sandbox.sheets import masks, ranges
from sandbox.sheets.book import Book
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import Tab
from sandbox.sheets.ranges import Area

REFUSED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner "
    "to remove protection if you need to edit."
)
WRITING = {"updateCells", "repeatCell", "sortRange"}
MOVING = {"deleteDimension", "moveDimension", "insertDimension"}


def add(book: Book, request: dict[str, Any], caller: str) -> dict[str, Any]:
    """The requester becomes an editor of what is protected. Fields that are null, false or 0 are left out."""
    item = dict(request.get("protectedRange") or {})
    item.setdefault("protectedRangeId", book.fresh_id())
    if any(
        item["protectedRangeId"] == other["protectedRangeId"] for tab in book.tabs for other in tab.protected
    ):
        raise BadRequest(f"A protected range with the id {item['protectedRangeId']} already exists.")
    grid_range = item.get("range") or {}
    tab = book.tab(grid_range.get("sheetId"))
    tab.inside(ranges.from_grid_range(grid_range))
    if not item.get("warningOnly"):
        editors = dict(item.get("editors") or {})
        editors["users"] = list(dict.fromkeys([*editors.get("users", []), caller]))
        item |= {"editors": editors, "requestingUserCanEdit": True}
    tab.protected.append({name: value for name, value in item.items() if value})
    return {"protectedRange": tab.protected[-1]}


def update(book: Book, request: dict[str, Any]) -> None:
    requested = request.get("protectedRange") or {}
    tab, before = find_protected(book, requested.get("protectedRangeId"))
    mask = masks.parse(request.get("fields") or "*", "ProtectedRange")
    tab.protected.remove(before)
    after = masks.assign(before, requested, mask, "ProtectedRange")
    tab.protected.append(after | {"protectedRangeId": before["protectedRangeId"]})


def delete(book: Book, request: dict[str, Any]) -> None:
    tab, item = find_protected(book, request.get("protectedRangeId"))
    tab.protected.remove(item)


def find_protected(book: Book, range_id: int | None) -> tuple[Tab, dict[str, Any]]:
    for tab in book.tabs:
        for item in tab.protected:
            if item["protectedRangeId"] == range_id:
                return tab, item
    raise BadRequest(f"No protected range with id: {range_id}")


def guard(book: Book, kind: str, request: dict[str, Any], caller: str) -> None:
    """Refuse a request that changes, removes or releases cells that the caller may not edit."""
    # To release a range one must be allowed to edit its cells.
    if kind in ("deleteProtectedRange", "updateProtectedRange"):
        item = request.get("protectedRange") or request
        tab, protected = find_protected(book, item.get("protectedRangeId"))
        writable(book, tab, ranges.from_grid_range(protected.get("range") or {}), caller)
    elif kind in MOVING:
        span = request.get("range") or request.get("source") or {}
        tab = book.tab(span.get("sheetId"))
        if kind == "insertDimension":
            insertable(book, tab, span, caller)
        else:
            writable(book, tab, moved_area(span), caller)
    elif kind == "copyPaste" or kind in WRITING:
        target = request.get("destination") or request.get("range") or request.get("start")
        if target is not None:
            area = written_area(request) if "start" in request else ranges.from_grid_range(target)
            writable(book, book.tab(target.get("sheetId")), area, caller)


def written_area(request: dict[str, Any]) -> Area:
    """The cells of an updateCells request with `start`."""
    start, rows = request["start"], request.get("rows") or []
    row, column = start.get("rowIndex") or 0, start.get("columnIndex") or 0
    width = max((len(row.get("values") or []) for row in rows), default=0)
    return Area(row, column, row + max(len(rows), 1), column + max(width, 1))


def moved_area(span: dict[str, Any]) -> Area:
    """Rows or columns that a request deletes or moves."""
    start, end = span.get("startIndex") or 0, span.get("endIndex")
    return Area(start, 0, end) if span.get("dimension") == "ROWS" else Area(0, start, None, end)


def insertable(book: Book, tab: Tab, span: dict[str, Any], caller: str) -> None:
    """Refuse an insertion inside a protected range; at its edges the range does not change."""
    at, is_rows = span.get("startIndex") or 0, span.get("dimension") == "ROWS"
    for area in protected_areas(book, tab, caller):
        start, end = (area.first_row, area.end_row) if is_rows else (area.first_column, area.end_column)
        if start < at < (end or 0):
            raise BadRequest(REFUSED)


def writable(book: Book, tab: Tab, area: Area, caller: str) -> None:
    changed = area.within(tab.rows, tab.columns)
    for protected in protected_areas(book, tab, caller):
        rows = max(protected.first_row, changed.first_row) < min(protected.end_row or 0, changed.end_row or 0)
        columns = max(protected.first_column, changed.first_column) < min(
            protected.end_column or 0, changed.end_column or 0
        )
        if rows and columns:
            raise BadRequest(REFUSED)


def protected_areas(book: Book, tab: Tab, caller: str) -> Iterator[Area]:
    """Areas that `caller` may not edit."""
    # No protection applies to the owner: https://support.google.com/docs/answer/1218656
    if book.role(caller) == "owner":
        return
    for item in tab.protected:
        if not item.get("warningOnly") and caller not in (item.get("editors") or {}).get("users", []):
            yield ranges.from_grid_range(item.get("range") or {}).within(tab.rows, tab.columns)
