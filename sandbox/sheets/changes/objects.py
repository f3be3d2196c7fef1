"""What people lay over cells: merges, Tables, conditional formats, validation, pivot tables.

Their ranges follow rows and columns. Reference of the requests:
https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/request
"""

from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.book import Book
from sandbox.sheets.changes.tabs import find_tab
from sandbox.sheets.errors import BadRequest, Unsupported
from sandbox.sheets.grid import ROWS, Tab
from sandbox.sheets.ranges import Area

MERGES, TABLES, RULES = "merges", "tables", "conditionalFormats"
# Of cells, not of the tab: shown in grid data.
VALIDATIONS, PIVOTS = "validations", "pivots"


def area_of(book: Book, grid_range: dict[str, Any] | None) -> tuple[Tab, Area, dict[str, Any]]:
    """The tab, the area, and the range with all of its bounds."""
    place = grid_range or {}
    tab = book.tab(place.get("sheetId"))
    area = tab.inside(ranges.from_grid_range(place))
    return tab, area, bounded(tab, area)


def bounded(tab: Tab, area: Area) -> dict[str, Any]:
    rows = {"startRowIndex": area.first_row, "endRowIndex": area.end_row}
    columns = {"startColumnIndex": area.first_column, "endColumnIndex": area.end_column}
    return {"sheetId": tab.id, **rows, **columns}


def add_object(tab: Tab, kind: str, item: dict[str, Any]) -> None:
    tab.objects[kind] = [*tab.objects.get(kind, []), item]


def merge(book: Book, request: dict[str, Any]) -> None:
    """The first cell keeps its value, the others lose theirs (unverified)."""
    if request.get("mergeType", "MERGE_ALL") != "MERGE_ALL":
        raise Unsupported(f"mergeCells {request['mergeType']}: not in this sandbox.")
    tab, area, place = area_of(book, request.get("range"))
    tab.objects[MERGES] = [*outside(tab, area), place]
    for row, column in area.addresses():
        if (row, column) != (area.first_row, area.first_column):
            tab.put(row, column, tab.at(row, column).holding(None))


def unmerge(book: Book, request: dict[str, Any]) -> None:
    tab, area, _ = area_of(book, request.get("range"))
    tab.objects[MERGES] = outside(tab, area)


def outside(tab: Tab, area: Area) -> list[dict[str, Any]]:
    """The merges that do not touch an area; BadRequest if it contains a part of one."""
    remaining = []
    for item in tab.objects.get(MERGES, []):
        merged = ranges.from_grid_range(item)
        inside = [area.holds(*place) for place in merged.addresses()]
        if any(inside) and not all(inside):
            raise BadRequest("You must select all cells in a merged range to merge or unmerge them.")
        remaining += [] if any(inside) else [item]
    return remaining


def check_move(tab: Tab, dimension: str, start: int, end: int, to: int) -> None:
    """BadRequest if a move cuts through merged cells."""
    first, last = (
        ("startRowIndex", "endRowIndex") if dimension == ROWS else ("startColumnIndex", "endColumnIndex")
    )
    for item in tab.objects.get(MERGES, []):
        top, bottom = item[first], item[last]
        overlaps, contains = top < end and start < bottom, start <= top and bottom <= end
        if (overlaps and not contains) or top < to < bottom:
            raise BadRequest(f"Cannot move {dimension.lower()} that contain a part of a merged range.")


def check_sort(tab: Tab, area: Area) -> None:
    if any(area.holds(*place) for item in tab.objects.get(MERGES, []) for place in
           ranges.from_grid_range(item).addresses()):  # fmt: skip
        raise BadRequest("Cannot sort a range with merged cells.")


def add_table(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    """Names and ids are unique in a spreadsheet; two Tables do not overlap."""
    table = dict(request.get("table") or {})
    tab, area, place = area_of(book, table.get("range"))
    others = [item for each in book.tabs for item in each.objects.get(TABLES, [])]
    table = table | {"tableId": table.get("tableId") or str(book.fresh_id()), "range": place}
    for name in ("tableId", "name"):
        if any(item.get(name) == table.get(name) for item in others):
            raise BadRequest(f"A table with the {name} {table.get(name)} already exists.")
    for item in tab.objects.get(TABLES, []):
        other = ranges.from_grid_range(item["range"])
        if any(other.holds(*address) for address in area.addresses()):
            raise BadRequest(f"The range overlaps table {item['tableId']}.")
    add_object(tab, TABLES, table)
    return {"table": table}


def delete_table(book: Book, request: dict[str, Any]) -> None:
    for tab in book.tabs:
        tables = tab.objects.get(TABLES, [])
        if any(item["tableId"] == request.get("tableId") for item in tables):
            tab.objects[TABLES] = [item for item in tables if item["tableId"] != request["tableId"]]
            return
    raise BadRequest(f"No table with id: {request.get('tableId')}")


def add_rule(book: Book, request: dict[str, Any]) -> None:
    rule = request.get("rule") or {}
    places = [area_of(book, place) for place in rule.get("ranges") or []]
    if not places or len({tab.id for tab, _, _ in places}) > 1:
        raise BadRequest("A conditional format needs ranges, all on the same grid.")
    tab = places[0][0]
    rules = list(tab.objects.get(RULES, []))
    index = request.get("index") or 0
    if not 0 <= index <= len(rules):
        raise BadRequest(f"index {index} is not between 0 and {len(rules)}.")
    rules.insert(index, rule | {"ranges": [place for _, _, place in places]})
    tab.objects[RULES] = rules


def delete_rule(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    tab, index = find_tab(book, request.get("sheetId")), request.get("index") or 0
    rules = list(tab.objects.get(RULES, []))
    if not 0 <= index < len(rules):
        raise BadRequest(f"No conditional format on sheet: {tab.id} at index: {index}")
    removed = rules.pop(index)
    tab.objects[RULES] = rules
    return {"rule": removed}


def set_validation(book: Book, request: dict[str, Any]) -> None:
    """Values that the rule does not allow are accepted from the API (unverified)."""
    tab, area, place = area_of(book, request.get("range"))
    remaining = [item for item in tab.objects.get(VALIDATIONS, []) if item["range"] != place]
    for item in remaining:
        other = ranges.from_grid_range(item["range"])
        if any(other.holds(*address) for address in area.addresses()):
            raise Unsupported("setDataValidation over a part of another rule's range: not in this sandbox.")
    added = [{"range": place, "rule": request["rule"]}] if request.get("rule") else []
    tab.objects[VALIDATIONS] = [*remaining, *added]


def set_pivot(tab: Tab, row: int, column: int, pivot: dict[str, Any] | None) -> None:
    """Stored with its source; its values are not computed."""
    place = bounded(tab, Area(row, column, row + 1, column + 1))
    remaining = [item for item in tab.objects.get(PIVOTS, []) if item["range"] != place]
    tab.objects[PIVOTS] = [*remaining, *([{"range": place, "pivotTable": pivot}] if pivot else [])]


def cell_fields(tab: Tab, row: int, column: int) -> dict[str, Any]:
    """Validation and pivot table of a cell, as fields of its CellData."""
    fields = {}
    for kind, source, name in ((VALIDATIONS, "rule", "dataValidation"), (PIVOTS, "pivotTable", "pivotTable")):
        for item in tab.objects.get(kind, []):
            if ranges.from_grid_range(item["range"]).holds(row, column):
                fields[name] = item[source]
    return fields


def hidden_rows(tab: Tab, values: dict[tuple[int, int], str]) -> set[int]:
    """Rows that the basic filter hides by `hiddenValues`. values: what cells show, by place."""
    basic = tab.basic_filter or {}
    area = tab.inside(ranges.from_grid_range(basic.get("range") or {})) if basic else Area(0, 0, 0, 0)
    hidden = {
        spec.get("columnIndex") or 0: set((spec.get("filterCriteria") or {}).get("hiddenValues") or [])
        for spec in basic.get("filterSpecs") or []
    } | {
        int(column): set(item.get("hiddenValues") or [])
        for column, item in (basic.get("criteria") or {}).items()
    }
    return {
        row
        for row in range(area.first_row + 1, area.end_row or 0)
        if any(values.get((row, column), "") in texts for column, texts in hidden.items())
    }
