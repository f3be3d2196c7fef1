"""The basic filter of a tab: its range follows rows and columns. Values and conditions hide nothing here."""

from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.book import Book


def set_basic(book: Book, request: dict[str, Any]) -> None:
    basic_filter = dict(request.get("filter") or {})
    place = basic_filter.get("range") or {}
    tab = book.tab(place.get("sheetId"))
    tab.inside(ranges.from_grid_range(place))
    tab.basic_filter = basic_filter | {"range": place | {"sheetId": tab.id}}


def clear_basic(book: Book, request: dict[str, Any]) -> None:
    book.tab(request.get("sheetId")).basic_filter = None
