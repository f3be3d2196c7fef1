"""A spreadsheet as an HTML page, as it appears in a browser."""

from html import escape
from pathlib import Path
from string import Template
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, Failure, Formula
from sandbox.sheets.changes.charts import source_ranges
from sandbox.sheets.formats import format_value
from sandbox.sheets.formulas import value_at
from sandbox.sheets.grid import COLUMNS, ROWS, Tab
from sandbox.sheets.ranges import column_letters, from_grid_range, written
from sandbox.sheets.store import Store, load

TEMPLATE = Template((Path(__file__).parent / "page.html").read_text())
MOST_ROWS = 1000  # of a tab, on the page
# A grid is shown a little beyond its content, as a window would, but no further than it goes.
ROWS_SHOWN, COLUMNS_SHOWN = 40, 12
ALIGN = {"LEFT": "left", "CENTER": "center", "RIGHT": "right"}


def route(store: Store) -> Route:
    async def view(request: Request) -> Response:
        book = store.books.get(request.path_params["id"])
        if book is None:
            return HTMLResponse("<p>There is no such spreadsheet.", 404)
        return HTMLResponse(render(book))

    return Route("/sheets/view/{id}", view)


def write_page(root: Path, spreadsheet: str, path: Path) -> None:
    """Save the page of a spreadsheet of the sandbox in `root` as one file."""
    book = load((root / "sheets" / f"{spreadsheet}.json").read_bytes())
    path.write_text(render(book))


def render(book: Book) -> str:
    tabs = [tab for tab in book.tabs if not tab.properties.get("hidden")]
    # Not the empty tab that every new spreadsheet has.
    first = next((tab for tab in tabs if tab.cells), tabs[0])
    when = f"{book.modified[:16].replace('T', ' ')} UTC"
    people = [escape(item["emailAddress"]) for item in book.permissions if item["role"] != "owner"]
    return TEMPLATE.substitute(
        title=escape(book.properties["title"]),
        facts=f"{escape(book.properties['timeZone'])} · last change {escape(when)}",
        people="".join(f"<span>{person}</span>" for person in people),
        tabs="".join(section(book, tab) for tab in tabs),
        buttons="".join(f'<button data-tab="{tab.id}">{escape(tab.title)}</button>' for tab in tabs),
        first=first.id,
    )


def section(book: Book, tab: Tab) -> str:
    filled = [place for place, cell in tab.cells.items() if not cell.empty]
    rows = min(max([ROWS_SHOWN, *(row + 6 for row, _ in filled)]), tab.rows)
    columns = min(max([COLUMNS_SHOWN, *(column + 3 for _, column in filled)]), tab.columns)
    cut = min(rows, MOST_ROWS)
    head = "".join(f"<th{width(tab, column)}>{column_letters(column)}</th>" for column in range(columns))
    body = "".join(line(book, tab, row, columns) for row in range(cut))
    more = f'<p class="more">… and {rows - cut:,} rows more</p>' if rows > cut else ""
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    figures = "".join(chart_html(book, chart) for chart in tab.objects.get("charts", []))
    return f'<section data-tab="{tab.id}">{figures}{table}{more}</section>'


def chart_html(book: Book, chart: dict[str, Any]) -> str:
    """Title and ranges: what the chart is of, not how it looks."""
    spec = chart["spec"]
    kind = str(spec["basicChart"].get("chartType", "")).lower().replace("_", " ")
    rows = "".join(f"<li>{escape(range_text(book, item))}</li>" for item in source_ranges(spec))
    title = escape(spec.get("title") or "Chart")
    return f"<figure><figcaption>{title}</figcaption><p>{kind} chart of<ul>{rows}</ul></figure>"


def range_text(book: Book, grid_range: dict[str, Any]) -> str:
    tab = book.tab(grid_range.get("sheetId"))
    return written(tab.title, tab.inside(from_grid_range(grid_range)))


def width(tab: Tab, column: int) -> str:
    pixels = tab.dimensions[COLUMNS].get(column, {}).get("pixelSize")
    return f' style="min-width:{int(pixels)}px"' if pixels else ""


def line(book: Book, tab: Tab, row: int, columns: int) -> str:
    if tab.dimensions[ROWS].get(row, {}).get("hiddenByUser"):
        return ""
    frozen = tab.properties["gridProperties"].get("frozenRowCount", 0)
    # Only the first row sticks: where the second would go depends on heights that the browser decides.
    names = [name for name, holds in (("frozen", row == 0 < frozen), ("edge", row + 1 == frozen)) if holds]
    cells = "".join(cell_html(book, tab, row, column) for column in range(columns))
    kind = f' class="{" ".join(names)}"' if names else ""
    return f"<tr{kind}><th>{row + 1}</th>{cells}</tr>"


def cell_html(book: Book, tab: Tab, row: int, column: int) -> str:
    cell = tab.cells.get((row, column))
    if cell is None:
        return "<td></td>"
    value = value_at(book, tab, row, column)
    kinds = [kind(value)] if kind(value) else []
    attributes = ""
    if cell.note:
        kinds.append("note")
        attributes += f' title="{escape(cell.note)}"'
    if isinstance(cell.value, Formula):
        attributes += f' data-formula="{escape(cell.value.text)}"'
    if kinds:
        attributes += f' class="{" ".join(kinds)}"'
    look = style(cell)
    attributes += f' style="{look}"' if look else ""
    return f"<td{attributes}>{escape(format_value(value, cell.format))}</td>"


def kind(value: object) -> str:
    """The class that aligns it: numbers and dates right, booleans in the middle, text left."""
    match value:
        case bool():
            return "b"
        case int() | float():
            return "n"
        case Failure():
            return "e"
    return ""


def style(cell: Cell) -> str:
    fields = cell.format or {}
    text = fields.get("textFormat") or {}
    parts = {
        "font-weight": "600" if text.get("bold") else None,
        "font-style": "italic" if text.get("italic") else None,
        "text-align": ALIGN.get(fields.get("horizontalAlignment", "")),
        "background-color": color(fields.get("backgroundColorStyle"), fields.get("backgroundColor")),
        "color": color(text.get("foregroundColorStyle"), text.get("foregroundColor")),
    }
    return ";".join(f"{name}:{value}" for name, value in parts.items() if value)


def color(chosen: dict[str, dict[str, float]] | None, older: dict[str, float] | None) -> str | None:
    """A ColorStyle, or the Color that came before it; parts between 0 and 1, black where absent."""
    parts = (chosen or {}).get("rgbColor") or older
    if not parts:
        return None
    return "#" + "".join(f"{round(parts.get(name, 0) * 255):02x}" for name in ("red", "green", "blue"))
