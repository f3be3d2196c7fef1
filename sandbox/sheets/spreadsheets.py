"""spreadsheets: made, read, and changed in one piece."""

from typing import Any

from sandbox.sheets import changes, masks
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, to_extended
from sandbox.sheets.changes import metadata, names, tabs
from sandbox.sheets.errors import NotFound
from sandbox.sheets.formats import shown
from sandbox.sheets.formulas import value_at
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import COLUMNS, ROWS, Tab
from sandbox.sheets.ranges import Area
from sandbox.sheets.store import Store

WIDTH, HEIGHT = 100, 21  # pixels of a column and a row that nobody touched


class Spreadsheets:
    """The methods; each takes a Call and gives the answer. `address` is the sandbox's."""

    def __init__(self, store: Store, address: str) -> None:
        self.store = store
        self.address = address

    def create(self, call: Call) -> dict[str, Any]:
        book = self.store.create(call.caller, call.body.get("properties") or {})
        wanted = call.body.get("sheets") or []
        if wanted:
            book.tabs = []
            for number, sheet in enumerate(wanted):
                given = sheet.get("properties") or {}
                tabs.add(book, {"properties": {"sheetId": number, **given}})
        book.measure()
        self.store.save(book)
        return self.resource(book, {})

    def get(self, call: Call) -> dict[str, Any]:
        """With a field mask, the mask alone says whether cells are answered; else includeGridData does."""
        book = self.store.find(call.path["id"], call.caller)
        mask = masks.parse(call.query.get("fields") or "", "Spreadsheet")
        cells = call.flag("includeGridData") if not mask else asked(mask)
        return self.resource(book, self.areas(book, call.query.getlist("ranges")), cells)

    def areas(self, book: Book, texts: list[str]) -> dict[int, list[Area]]:
        found: dict[int, list[Area]] = {}
        for text in texts:
            tab, area = book.range(text)
            found.setdefault(tab.id, []).append(area)
        return found

    def batch_update(self, call: Call) -> dict[str, Any]:
        before = self.store.find(call.path["id"], call.caller, write=True)
        book, replies = changes.apply(before, call.body.get("requests") or [], call.caller)
        self.store.save(book)
        answer: dict[str, Any] = {"spreadsheetId": book.id, "replies": replies}
        if call.body.get("includeSpreadsheetInResponse"):
            areas = self.areas(book, call.body.get("responseRanges") or [])
            answer["updatedSpreadsheet"] = self.resource(
                book, areas, bool(call.body.get("responseIncludeGridData"))
            )
        return answer

    def copy_to(self, call: Call) -> dict[str, Any]:
        source = self.store.find(call.path["id"], call.caller)
        tab = tabs.known(source, int(call.path["sheet"]))
        target = self.store.find(
            call.body.get("destinationSpreadsheetId") or "", call.caller, write=True
        ).copy()
        made = tab.copy()
        title = tabs.free_title(target, f"Copy of {tab.title}", first="")
        made.properties = tab.properties | {"sheetId": target.fresh_id(), "title": title}
        made.protected = []
        target.tabs.append(made)
        target.measure()
        self.store.save(target)
        return tabs.properties(target, made)

    def metadata_get(self, call: Call) -> dict[str, Any]:
        book = self.store.find(call.path["id"], call.caller)
        for item in book.metadata:
            if str(item["metadataId"]) == call.path["metadata"]:
                return item
        raise NotFound(f"No developer metadata with id: {call.path['metadata']}")

    def metadata_search(self, call: Call) -> dict[str, Any]:
        book = self.store.find(call.path["id"], call.caller)
        matched = [
            {"developerMetadata": item, "dataFilters": [one]}
            for one in call.body.get("dataFilters") or []
            for item in metadata.found(book, one)
        ]
        return {"matchedDeveloperMetadata": matched} if matched else {}

    def resource(self, book: Book, areas: dict[int, list[Area]], cells: bool = False) -> dict[str, Any]:
        """A Spreadsheet; with `areas`, of the tabs they are in."""
        shown_tabs = [tab for tab in book.tabs if not areas or tab.id in areas]
        whole: dict[str, Any] = {
            "spreadsheetId": book.id,
            "properties": book.properties,
            "sheets": [sheet(book, tab, areas.get(tab.id) or [Area()], cells) for tab in shown_tabs],
            "spreadsheetUrl": f"{self.address}/sheets/view/{book.id}",
        }
        top = [item for item in book.metadata if names.sheet_of(item) is None]
        return whole | present(namedRanges=book.names, developerMetadata=top)


def asked(mask: masks.Mask) -> bool:
    """Whether a field mask reaches cells."""
    sheets = mask.get("sheets")
    if "*" in mask:
        return True
    return sheets is not None and (not sheets or "data" in sheets or "*" in sheets)


def present(**fields: Any) -> dict[str, Any]:
    """Fields with their empty lists left out, as Google does."""
    return {name: value for name, value in fields.items() if value}


def sheet(book: Book, tab: Tab, areas: list[Area], cells: bool) -> dict[str, Any]:
    on_tab = [
        item
        for item in book.metadata
        if names.sheet_of(item) == tab.id and "dimensionRange" not in item["location"]
    ]
    return {
        "properties": tabs.properties(book, tab),
        **({"data": [grid_data(book, tab, tab.inside(area)) for area in areas]} if cells else {}),
        **present(protectedRanges=tab.protected, developerMetadata=on_tab),
    }


def grid_data(book: Book, tab: Tab, area: Area) -> dict[str, Any]:
    lines: dict[int, dict[int, Any]] = {}
    for (row, column), cell in tab.occupied(area):
        lines.setdefault(row - area.top, {})[column - area.left] = cell_data(book, tab, row, column, cell)
    rows = [lines.get(place, {}) for place in range(max(lines, default=-1) + 1)]
    data = {
        "rowData": [
            present(values=[row.get(at, {}) for at in range(max(row, default=-1) + 1)]) for row in rows
        ],
        "rowMetadata": dimension(book, tab, ROWS, area.top, area.bottom or 0, HEIGHT),
        "columnMetadata": dimension(book, tab, COLUMNS, area.left, area.right or 0, WIDTH),
    }
    return present(startRow=area.top, startColumn=area.left, **data)


def dimension(book: Book, tab: Tab, kind: str, start: int, end: int, pixels: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"pixelSize": pixels} | tab.dimensions[kind].get(index, {}) for index in range(start, end)
    ]
    for item in book.metadata:
        span = item["location"].get("dimensionRange")
        on_tab = span and span["dimension"] == kind and names.sheet_of(item) == tab.id
        if on_tab and start <= span["startIndex"] < end:
            made[span["startIndex"] - start].setdefault("developerMetadata", []).append(item)
    return made


def cell_data(book: Book, tab: Tab, row: int, column: int, cell: Cell) -> dict[str, Any]:
    fields = present(userEnteredFormat=cell.format, effectiveFormat=cell.format, note=cell.note)
    if cell.value is None:
        return fields
    value = value_at(book, tab, row, column)
    return fields | {
        "userEnteredValue": to_extended(cell.value),
        "effectiveValue": to_extended(value),
        "formattedValue": shown(value, cell.format),
    }
