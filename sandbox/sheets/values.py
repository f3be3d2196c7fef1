"""spreadsheets.values: cells as lists of lists."""

from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.book import Book
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import ROWS
from sandbox.sheets.ranges import Area
from sandbox.sheets.reading import read
from sandbox.sheets.store import Store
from sandbox.sheets.writing import erase, option, table, write


class Values:
    """The methods: from a Call to a response."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, call: Call) -> dict[str, Any]:
        return read(self.store.find(call.path["id"], call.caller), call.path["range"], call)

    def batch_get(self, call: Call) -> dict[str, Any]:
        book = self.store.find(call.path["id"], call.caller)
        answers = [read(book, text, call) for text in call.query.getlist("ranges")]
        return {"spreadsheetId": book.id, "valueRanges": answers}

    def update(self, call: Call) -> dict[str, Any]:
        text = call.path["range"]
        # https://developers.google.com/sheets/api/reference/rest/v4/spreadsheets.values/update
        if call.body.get("range") not in (None, text):
            raise BadRequest(f"Requested range '{text}' differs from the body's '{call.body['range']}'.")
        book = self.book(call)
        answer = write(book, text, call.body, option(call.query.get("valueInputOption")), call.caller)
        self.store.save(book)
        return with_values(book, answer, call.flag("includeValuesInResponse"), call)

    def batch_update(self, call: Call) -> dict[str, Any]:
        book = self.book(call)
        chosen = option(call.body.get("valueInputOption"))
        data = call.body.get("data") or []
        answers = [write(book, item.get("range") or "", item, chosen, call.caller) for item in data]
        self.store.save(book)
        includes_values = bool(call.body.get("includeValuesInResponse"))
        return total(book, answers) | {
            "responses": [with_values(book, item, includes_values, call) for item in answers]
        }

    def append(self, call: Call) -> dict[str, Any]:
        """After the last row of the table that the range touches; the grid grows as needed."""
        book = self.book(call)
        chosen = option(call.query.get("valueInputOption"))
        inserting = call.choice("insertDataOption", ("OVERWRITE", "INSERT_ROWS")) == "INSERT_ROWS"
        tab, area = book.range(call.path["range"])
        table_area = table(tab, area)
        rows = len(call.body.get("values") or [])
        top = table_area.end_row or 0 if table_area else area.first_row
        if inserting and top < tab.rows:
            tab.resize(ROWS, tab.rows + rows)
            tab.cells = {
                (row + rows if row >= top else row, column): cell for (row, column), cell in tab.cells.items()
            }
        elif top + rows > tab.rows:
            tab.resize(ROWS, top + rows)
        # Before anything is written: the grown grid may exceed the limit of cells.
        book.measure()
        start = ranges.written(
            tab.title,
            Area(top, (table_area or area).first_column, top + 1, (table_area or area).first_column + 1),
        )
        written = write(book, start, call.body, chosen, call.caller)
        updates = with_values(book, written, call.flag("includeValuesInResponse"), call)
        self.store.save(book)
        touched = {"tableRange": ranges.written(tab.title, table_area)} if table_area else {}
        return {"spreadsheetId": book.id, **touched, "updates": updates}

    def clear(self, call: Call) -> dict[str, Any]:
        book = self.book(call)
        cleared = erase(book, call.path["range"], call.caller)
        self.store.save(book)
        return {"spreadsheetId": book.id, "clearedRange": cleared}

    def batch_clear(self, call: Call) -> dict[str, Any]:
        book = self.book(call)
        cleared = [erase(book, text, call.caller) for text in call.body.get("ranges") or []]
        self.store.save(book)
        return {"spreadsheetId": book.id, "clearedRanges": cleared}

    def book(self, call: Call) -> Book:
        """A copy that the call changes; it is saved only if the whole call succeeds."""
        return self.store.find(call.path["id"], call.caller, write=True).copy()


def with_values(book: Book, answer: dict[str, Any], includes_values: bool, call: Call) -> dict[str, Any]:
    return answer | {"updatedData": read(book, answer["updatedRange"], call)} if includes_values else answer


def total(book: Book, answers: list[dict[str, Any]]) -> dict[str, Any]:
    tabs = {ranges.split(answer["updatedRange"])[0] for answer in answers}
    return {
        "spreadsheetId": book.id,
        "totalUpdatedRows": sum(answer["updatedRows"] for answer in answers),
        "totalUpdatedColumns": sum(answer["updatedColumns"] for answer in answers),
        "totalUpdatedCells": sum(answer["updatedCells"] for answer in answers),
        "totalUpdatedSheets": len(tabs),
    }
