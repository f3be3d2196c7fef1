"""A tab as the API describes it: properties, and cells if they are requested."""

from typing import Any

from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, to_extended
from sandbox.sheets.changes import names, tabs
from sandbox.sheets.changes.objects import PIVOTS, VALIDATIONS, cell_fields, hidden_rows
from sandbox.sheets.formats import format_value
from sandbox.sheets.formulas import value_at
from sandbox.sheets.grid import COLUMNS, ROWS, Tab
from sandbox.sheets.ranges import Area, from_grid_range

WIDTH, HEIGHT = 100, 21  # pixels of a column and a row without a size of its own


def sheet(book: Book, tab: Tab, areas: list[Area], cells: bool) -> dict[str, Any]:
    on_tab = [
        item
        for item in book.metadata
        if names.sheet_of(item) == tab.id and "dimensionRange" not in item["location"]
    ]
    return {
        "properties": tabs.properties(book, tab),
        **({"data": [grid_data(book, tab, tab.inside(area)) for area in areas]} if cells else {}),
        **present(
            protectedRanges=[without_default_sheet(item) for item in tab.protected],
            developerMetadata=on_tab,
            **{kind: items for kind, items in tab.objects.items() if kind not in (VALIDATIONS, PIVOTS)},
            basicFilter=tab.basic_filter and without_default_sheet(tab.basic_filter),
        ),
    }


def grid_data(book: Book, tab: Tab, area: Area) -> dict[str, Any]:
    lines: dict[int, dict[int, Any]] = {}
    for (row, column), cell in tab.occupied(area):
        lines.setdefault(row - area.first_row, {})[column - area.first_column] = cell_data(
            book, tab, row, column, cell
        )
    for place in overlaid(tab, area):
        line = lines.setdefault(place[0] - area.first_row, {})
        line.setdefault(place[1] - area.first_column, {}).update(cell_fields(tab, *place))
    rows = [lines.get(place, {}) for place in range(max(lines, default=-1) + 1)]
    data = {
        "rowData": [
            present(values=[row.get(at, {}) for at in range(max(row, default=-1) + 1)]) for row in rows
        ],
        "rowMetadata": dimension(book, tab, ROWS, area.first_row, area.end_row or 0, HEIGHT),
        "columnMetadata": dimension(book, tab, COLUMNS, area.first_column, area.end_column or 0, WIDTH),
    }
    return present(startRow=area.first_row, startColumn=area.first_column, **data)


def overlaid(tab: Tab, area: Area) -> list[tuple[int, int]]:
    """Cells of the area with a validation rule or a pivot table."""
    items = [item for kind in (VALIDATIONS, PIVOTS) for item in tab.objects.get(kind, [])]
    places = [place for item in items for place in from_grid_range(item["range"]).addresses()]
    return [place for place in places if area.holds(*place)]


def filtered_rows(book: Book, tab: Tab) -> set[int]:
    if not tab.basic_filter:
        return set()
    displayed = {
        (row, column): format_value(value_at(book, tab, row, column), cell.format)
        for (row, column), cell in tab.cells.items()
        if cell.value is not None
    }
    return hidden_rows(tab, displayed)


def dimension(book: Book, tab: Tab, kind: str, start: int, end: int, pixels: int) -> list[dict[str, Any]]:
    properties: list[dict[str, Any]] = [
        {"pixelSize": pixels} | tab.dimensions[kind].get(index, {}) for index in range(start, end)
    ]
    for index in filtered_rows(book, tab) & set(range(start, end)) if kind == ROWS else ():
        properties[index - start] |= {"hiddenByFilter": True}
    for item in book.metadata:
        span = item["location"].get("dimensionRange")
        on_tab = span and span["dimension"] == kind and names.sheet_of(item) == tab.id
        if on_tab and start <= span["startIndex"] < end:
            properties[span["startIndex"] - start].setdefault("developerMetadata", []).append(item)
    return properties


def cell_data(book: Book, tab: Tab, row: int, column: int, cell: Cell) -> dict[str, Any]:
    fields = present(userEnteredFormat=cell.format, effectiveFormat=cell.format, note=cell.note)
    if cell.value is None:
        return fields
    value = value_at(book, tab, row, column)
    return fields | {
        "userEnteredValue": to_extended(cell.value),
        "effectiveValue": to_extended(value),
        "formattedValue": format_value(value, cell.format),
    }


def without_default_sheet(item: dict[str, Any]) -> dict[str, Any]:
    """A range of the tab with id 0 has no sheetId in a response."""
    place = item.get("range") or {}
    return item | {"range": {key: value for key, value in place.items() if key != "sheetId" or value}}


def present(**fields: Any) -> dict[str, Any]:
    """Fields with their empty lists left out, as Google does."""
    return {name: value for name, value in fields.items() if value}
