"""spreadsheets: made, read, and changed in one piece."""

from typing import Any

from sandbox.sheets import changes, masks
from sandbox.sheets.book import Book
from sandbox.sheets.changes import metadata, names, tabs
from sandbox.sheets.errors import NotFound, Unsupported
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import Tab
from sandbox.sheets.ranges import Area, from_grid_range
from sandbox.sheets.resource import present, sheet, without_default_sheet
from sandbox.sheets.store import Store

# Google always returns the format of cells without one (read-only). Its values here are unverified; clients
# only need the field.
DEFAULT_FORMAT = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {"fontFamily": "Arial", "fontSize": 10},
}


class Spreadsheets:
    """The methods: from a Call to a response. `address` is the sandbox's."""

    def __init__(self, store: Store, address: str) -> None:
        self.store = store
        self.address = address

    def create(self, call: Call) -> dict[str, Any]:
        book = self.store.create(call.caller, call.body.get("properties") or {})
        requested = call.body.get("sheets") or []
        if requested:
            book.tabs = []
            for number, sheet in enumerate(requested):
                sheet_properties = sheet.get("properties") or {}
                tabs.add(book, {"properties": {"sheetId": number, **sheet_properties}})
        book.measure()
        self.store.save(book)
        return self.resource(book, {})

    def get(self, call: Call) -> dict[str, Any]:
        """Cells are returned if the field mask contains them; without a mask if includeGridData is true."""
        book = self.store.find(call.path["id"], call.caller)
        mask = masks.parse(call.query.get("fields") or "", "Spreadsheet")
        cells = call.flag("includeGridData") if not mask else includes_cells(mask)
        return self.resource(book, self.areas(book, call.query.getlist("ranges")), cells)

    def get_by_data_filter(self, call: Call) -> dict[str, Any]:
        """The tabs and cells that filters by range select; all without a filter."""
        book = self.store.find(call.path["id"], call.caller)
        areas_by_tab: dict[int, list[Area]] = {}
        for data_filter in call.body.get("dataFilters") or []:
            tab, area = self.filtered(book, data_filter)
            areas_by_tab.setdefault(tab.id, []).append(area)
        mask = masks.parse(call.query.get("fields") or "", "Spreadsheet")
        cells = bool(call.body.get("includeGridData")) if not mask else includes_cells(mask)
        return self.resource(book, areas_by_tab, cells)

    def filtered(self, book: Book, data_filter: dict[str, Any]) -> tuple[Tab, Area]:
        if "a1Range" in data_filter:
            return book.range(data_filter["a1Range"])
        if "gridRange" in data_filter:
            tab = book.tab(data_filter["gridRange"].get("sheetId"))
            return tab, tab.inside(from_grid_range(data_filter["gridRange"]))
        raise Unsupported("A DataFilter by developer metadata: not in this sandbox.")

    def areas(self, book: Book, texts: list[str]) -> dict[int, list[Area]]:
        areas_by_tab: dict[int, list[Area]] = {}
        for text in texts:
            tab, area = book.range(text)
            areas_by_tab.setdefault(tab.id, []).append(area)
        return areas_by_tab

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
        tab = tabs.find_tab(source, int(call.path["sheet"]))
        target = self.store.find(
            call.body.get("destinationSpreadsheetId") or "", call.caller, write=True
        ).copy()
        copied = tab.copy()
        title = tabs.free_title(target, f"Copy of {tab.title}", first="")
        copied.properties = tab.properties | {"sheetId": target.fresh_id(), "title": title}
        copied.protected = []
        tabs.renumber(target, copied)
        target.tabs.append(copied)
        target.measure()
        self.store.save(target)
        return tabs.properties(target, copied)

    def metadata_get(self, call: Call) -> dict[str, Any]:
        book = self.store.find(call.path["id"], call.caller)
        for item in book.metadata:
            if str(item["metadataId"]) == call.path["metadata"]:
                return item
        raise NotFound(f"No developer metadata with id: {call.path['metadata']}")

    def metadata_search(self, call: Call) -> dict[str, Any]:
        book = self.store.find(call.path["id"], call.caller)
        matched = [
            {"developerMetadata": item, "dataFilters": [data_filter]}
            for data_filter in call.body.get("dataFilters") or []
            for item in metadata.find_metadata(book, data_filter)
        ]
        return {"matchedDeveloperMetadata": matched} if matched else {}

    def resource(self, book: Book, areas: dict[int, list[Area]], cells: bool = False) -> dict[str, Any]:
        """A Spreadsheet; with `areas`, of the tabs they are in."""
        shown_tabs = [tab for tab in book.tabs if not areas or tab.id in areas]
        whole: dict[str, Any] = {
            "spreadsheetId": book.id,
            "properties": book.properties | {"defaultFormat": DEFAULT_FORMAT},
            "sheets": [sheet(book, tab, areas.get(tab.id) or [Area()], cells) for tab in shown_tabs],
            "spreadsheetUrl": f"{self.address}/sheets/view/{book.id}",
        }
        top = [item for item in book.metadata if names.sheet_of(item) is None]
        return whole | present(
            namedRanges=[without_default_sheet(item) for item in book.names], developerMetadata=top
        )


def includes_cells(mask: masks.Mask) -> bool:
    """Whether a field mask reaches cells."""
    sheets = mask.get("sheets")
    if "*" in mask:
        return True
    return sheets is not None and (not sheets or "data" in sheets or "*" in sheets)
