"""Charts over the cells of a tab: added, given another specification, deleted.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/charts
"""

from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.book import Book
from sandbox.sheets.changes.tabs import find_tab
from sandbox.sheets.errors import BadRequest, Unsupported
from sandbox.sheets.grid import Tab

WIDTH, HEIGHT = 600, 371  # pixels: OverlayPosition
CHARTS = "charts"


def add(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    chart = dict(request.get("chart") or {})
    chart_id = chart["chartId"] if chart.get("chartId") is not None else book.fresh_id()
    if any(item["chartId"] == chart_id for tab in book.tabs for item in tab.objects.get(CHARTS, [])):
        raise BadRequest(f"An embedded object with the id {chart_id} already exists.")
    tab, position = place_chart(book, chart.get("position") or {})
    added = chart | {
        "chartId": chart_id,
        "spec": checked(book, chart.get("spec") or {}),
        "position": position,
    }
    tab.objects[CHARTS] = [*tab.objects.get(CHARTS, []), added]
    return {"chart": added}


def place_chart(book: Book, position: dict[str, Any]) -> tuple[Tab, dict[str, Any]]:
    """The tab, and the position with its defaults."""
    if position.get("newSheet") or position.get("sheetId") is not None:
        raise Unsupported("A chart on a sheet of its own: not in this sandbox, only over the cells of a tab.")
    overlay = position.get("overlayPosition") or {}
    anchor = overlay.get("anchorCell") or {}
    tab = find_tab(book, anchor.get("sheetId"))
    row, column = anchor.get("rowIndex") or 0, anchor.get("columnIndex") or 0
    if not (0 <= row < tab.rows and 0 <= column < tab.columns):
        raise BadRequest(f"anchorCell ({row}, {column}) lies outside the grid of sheet {tab.id}.")
    return tab, {"overlayPosition": {"widthPixels": WIDTH, "heightPixels": HEIGHT} | overlay}


def update(book: Book, request: dict[str, Any]) -> None:
    """Replace the whole specification; the position stays."""
    tab, chart = find_chart(book, request.get("chartId"))
    changed = chart | {"spec": checked(book, request.get("spec") or {})}
    tab.objects[CHARTS] = [changed if item is chart else item for item in tab.objects[CHARTS]]


def delete(book: Book, request: dict[str, Any]) -> None:
    tab, chart = find_chart(book, request.get("objectId"))
    tab.objects[CHARTS] = [item for item in tab.objects[CHARTS] if item is not chart]


def find_chart(book: Book, chart_id: int | None) -> tuple[Tab, dict[str, Any]]:
    for tab in book.tabs:
        for chart in tab.objects.get(CHARTS, []):
            if chart["chartId"] == chart_id:
                return tab, chart
    raise BadRequest(f"No embedded object with id: {chart_id}")


def checked(book: Book, spec: dict[str, Any]) -> dict[str, Any]:
    """BadRequest for a range outside its grid, or of more than one row and column."""
    if "basicChart" not in spec:
        raise Unsupported("Charts other than basicChart: not in this sandbox.")
    for grid_range in source_ranges(spec):
        tab = book.tab(grid_range.get("sheetId"))
        area = tab.inside(ranges.from_grid_range(grid_range))
        if 1 not in (area.height, area.width):
            raise BadRequest("Exactly one dimension of a source range must have a length of 1.")
    return spec


def source_ranges(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the domain, then of each series."""
    chart = spec.get("basicChart") or {}
    parts = [item.get("domain") for item in chart.get("domains") or []]
    parts += [item.get("series") for item in chart.get("series") or []]
    return [
        grid_range
        for part in parts
        for grid_range in ((part or {}).get("sourceRange") or {}).get("sources") or []
    ]
