"""Protected ranges, and who may write into them."""

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
WRITING = {"updateCells", "repeatCell", "deleteRange", "insertRange", "sortRange"}


def add(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    item = dict(request.get("protectedRange") or {})
    item.setdefault("protectedRangeId", book.fresh_id())
    if any(
        item["protectedRangeId"] == other["protectedRangeId"] for tab in book.tabs for other in tab.protected
    ):
        raise BadRequest(f"A protected range with the id {item['protectedRangeId']} already exists.")
    grid_range = item.get("range") or {}
    tab = book.tab(grid_range.get("sheetId"))
    tab.inside(ranges.from_grid_range(grid_range))
    tab.protected.append(item)
    return {"protectedRange": item}


def update(book: Book, request: dict[str, Any]) -> None:
    wanted = request.get("protectedRange") or {}
    tab, before = known(book, wanted.get("protectedRangeId"))
    mask = masks.parse(request.get("fields") or "*", "ProtectedRange")
    tab.protected.remove(before)
    after = masks.assign(before, wanted, mask, "ProtectedRange")
    tab.protected.append(after | {"protectedRangeId": before["protectedRangeId"]})


def delete(book: Book, request: dict[str, Any]) -> None:
    tab, item = known(book, request.get("protectedRangeId"))
    tab.protected.remove(item)


def known(book: Book, range_id: int | None) -> tuple[Tab, dict[str, Any]]:
    for tab in book.tabs:
        for item in tab.protected:
            if item["protectedRangeId"] == range_id:
                return tab, item
    raise BadRequest(f"No protected range with id: {range_id}")


def guard(book: Book, kind: str, request: dict[str, Any], caller: str) -> None:
    """Refuse a request that writes into, takes away or lets go of what the caller may not edit."""
    if kind in ("deleteProtectedRange", "updateProtectedRange"):
        item = request.get("protectedRange") or request
        tab, found = known(book, item.get("protectedRangeId"))
        writable(book, tab, ranges.from_grid_range(found.get("range") or {}), caller)
    elif kind in ("deleteDimension", "moveDimension"):
        span = request.get("range") or request.get("source") or {}
        lines = span.get("startIndex") or 0, span.get("endIndex")
        rows = span.get("dimension") == "ROWS"
        area = Area(lines[0], 0, lines[1]) if rows else Area(0, lines[0], None, lines[1])
        writable(book, book.tab(span.get("sheetId")), area, caller)
    elif kind == "copyPaste" or kind in WRITING:
        target = request.get("destination") or request.get("range") or request.get("start")
        if target is not None:
            area = ranges.from_grid_range(target) if "rowIndex" not in target else Area(target["rowIndex"])
            writable(book, book.tab(target.get("sheetId")), area, caller)


def writable(book: Book, tab: Tab, area: Area, caller: str) -> None:
    if book.role(caller) == "owner":
        return
    for item in tab.protected:
        if not item.get("warningOnly") and caller not in (item.get("editors") or {}).get("users", []):
            protected = ranges.from_grid_range(item.get("range") or {}).within(tab.rows, tab.columns)
            asked = area.within(tab.rows, tab.columns)
            rows = max(protected.top, asked.top) < min(protected.bottom or 0, asked.bottom or 0)
            columns = max(protected.left, asked.left) < min(protected.right or 0, asked.right or 0)
            if rows and columns:
                raise BadRequest(REFUSED)
