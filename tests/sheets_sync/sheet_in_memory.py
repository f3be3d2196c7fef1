"""The sandbox's spreadsheets without a server between: fast enough for laws of many examples."""

from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.sheets import changes, ranges
from sandbox.sheets.book import Book, blank_tab
from sandbox.sheets.cells import Cell
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import Tab
from sandbox.sheets.reading import read
from sandbox.sheets.resource import sheet
from sheets_sync import sync
from sheets_sync.destinations.sheets.current.document import parse_document
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet
from sheets_sync.errors import Invalid
from sheets_sync.export import Export
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.progress import silent_progress
from sheets_sync.warehouse import Mart

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = {name: {"header": name.title()} for name in ("day", "baskets", "revenue")}
FILE = {"table": "t", "tab": "Ours", "mode": "mirror", "key": ["day"], "audit": False, "shrink": 100}
TYPES = {"day": "INTEGER", "baskets": "STRING", "revenue": "FLOAT"}
ORDERED = {"order": ["day"]}
OLD = [(1, "a", 1.5), (2, "b", 2.5), (3, "c", 3.5)]


def declared(*names: str, **more: Any) -> Export:
    columns = {name: COLUMNS[name] for name in names or COLUMNS}
    return parse_export("t", "t.yaml", FILE | {"columns": columns} | more)


class SheetInMemory(Spreadsheet):
    """A spreadsheet in memory with the methods of sheets_sync's: what they do, the sandbox's API does."""

    id, calls, identity = "sheet", 0, "job@example.com"

    def __init__(self):
        self.book = Book("sheet", {"title": "x", "timeZone": "Etc/GMT"}, [blank_tab(0, "Sheet1")])
        self.batches, self.progress, self.version = [], silent_progress(), 1

    @property
    def tab(self):
        return self.book.titled("Ours")

    def read_version(self):
        return str(self.version)

    def titled(self, title: str) -> Tab:
        """A tab that is known to exist."""
        tab = self.book.titled(title)
        assert tab is not None, title
        return tab

    def read_document(self):
        sheets = [sheet(self.book, tab, [], False) for tab in self.book.tabs]
        resource = {"spreadsheetId": self.id, "properties": self.book.properties, "sheets": sheets}
        return parse_document(resource)

    def read_cells(self, tab, width, state_tab=None):
        visible = [row[:width] for row in self.all(tab.title)]
        while visible and not any(value != "" for value in visible[-1]):
            visible.pop()
        return visible, (self.all(tab.title) or [[]])[0], self.all(state_tab.title) if state_tab else []

    def all(self, title):
        query = QueryParams({"valueRenderOption": "UNFORMATTED_VALUE"})
        return read(self.book, ranges.quoted(title), Call("", {}, query)).get("values", [])

    def read_formulas(self, tab):
        query = QueryParams({"valueRenderOption": "FORMULA"})
        return read(self.book, ranges.quoted(tab.title), Call("", {}, query)).get("values", [])

    def read_values(self, titles):
        return [self.all(title.strip("'")) for title in titles]

    def apply_batch(self, batch):
        self.batches.append(batch)
        try:
            self.book, _ = changes.apply(self.book, batch, self.identity)
            self.version += 1
        except BadRequest as error:
            raise Invalid(error.message) from error

    def write_values(self, title, rows):
        tab = self.titled(title)
        for row, line in enumerate(rows):
            for column, value in enumerate(line):
                tab.put(row, column, Cell(value))

    def person(self, *requests):
        self.book, _ = changes.apply(self.book, list(requests), "owner")
        self.version += 1

    def visible(self, width):
        """Values of the first columns below the header, blank rows at the end left out."""
        rows = [
            [self.tab.at(row, column).value for column in range(width)] for row in range(1, self.tab.rows)
        ]
        while rows and not any(value is not None for value in rows[-1]):
            rows.pop()
        return rows


def sync_rows(sheet, export, rows, types=TYPES, **options):
    """What became of it: the comparison."""
    place = SheetsDestination(sheet, "p", Options(**options), lambda: NOW)
    return sync.sync_until_known(export, Mart(types, rows), place)


def count_rows(done):
    counts = done.counts
    return {
        name: getattr(counts, name).count
        for name in ("inserted", "updated", "deleted", "rejected", "drift")
        if getattr(counts, name).count
    }
