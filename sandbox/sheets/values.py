"""spreadsheets.values: cells as lists of lists."""

from typing import Any

from sandbox.sheets import entered, ranges
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Cell, Failure, Formula
from sandbox.sheets.changes.protection import writable
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.formats import shown, temporal
from sandbox.sheets.formulas import value_at
from sandbox.sheets.gate import Call
from sandbox.sheets.grid import ROWS, Tab
from sandbox.sheets.ranges import Area
from sandbox.sheets.store import Store

RENDER = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
MOMENTS = ("SERIAL_NUMBER", "FORMATTED_STRING")
MAJOR = ("ROWS", "COLUMNS")
INPUT = ("RAW", "USER_ENTERED")


class Values:
    """The methods; each takes a Call and gives the answer."""

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
        answers = [write(book, one.get("range") or "", one, chosen, call.caller) for one in data]
        self.store.save(book)
        wanted = bool(call.body.get("includeValuesInResponse"))
        return total(book, answers) | {"responses": [with_values(book, one, wanted, call) for one in answers]}

    def append(self, call: Call) -> dict[str, Any]:
        """After the last row of the table that the range touches; the grid grows as needed."""
        book = self.book(call)
        chosen = option(call.query.get("valueInputOption"))
        inserting = call.choice("insertDataOption", ("OVERWRITE", "INSERT_ROWS")) == "INSERT_ROWS"
        tab, area = book.range(call.path["range"])
        found = table(tab, area)
        rows = len(call.body.get("values") or [])
        top = found.bottom or 0 if found else area.top
        if inserting and top < tab.rows:
            tab.resize(ROWS, tab.rows + rows)
            tab.cells = {
                (row + rows if row >= top else row, column): cell for (row, column), cell in tab.cells.items()
            }
        elif top + rows > tab.rows:
            tab.resize(ROWS, top + rows)
        book.measure()
        start = ranges.written(tab.title, Area(top, (found or area).left, top + 1, (found or area).left + 1))
        updates = write(book, start, call.body, chosen, call.caller)
        self.store.save(book)
        touched = {"tableRange": ranges.written(tab.title, found)} if found else {}
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
        """A copy to write on: saved only when the whole call went well."""
        return self.store.find(call.path["id"], call.caller, write=True).copy()


def read(book: Book, text: str, call: Call) -> dict[str, Any]:
    """A ValueRange. Trailing blank cells and rows are left out, and `values` where nothing is left."""
    render, moments = call.choice("valueRenderOption", RENDER), call.choice("dateTimeRenderOption", MOMENTS)
    major = call.choice("majorDimension", MAJOR)
    tab, area = book.range(text)
    lines: dict[int, dict[int, Any]] = {}
    for (row, column), cell in tab.occupied(area):
        if cell.value is not None:
            value = rendered(book, tab, row, column, cell, render, moments)
            across, along = (
                (row - area.top, column - area.left)
                if major == "ROWS"
                else (column - area.left, row - area.top)
            )
            lines.setdefault(across, {})[along] = value
    answer = {"range": ranges.written(tab.title, area), "majorDimension": major}
    if not lines:
        return answer
    dense = [lines.get(place, {}) for place in range(max(lines) + 1)]
    return answer | {
        "values": [[line.get(at, "") for at in range(max(line, default=-1) + 1)] for line in dense]
    }


def rendered(book: Book, tab: Tab, row: int, column: int, cell: Cell, render: str, moments: str) -> Any:
    if render == "FORMULA" and isinstance(cell.value, Formula):
        return cell.value.text
    value = value_at(book, tab, row, column)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if render == "FORMATTED_VALUE" or (moments == "FORMATTED_STRING" and number and temporal(cell.format)):
        return shown(value, cell.format)
    return value.code if isinstance(value, Failure) else value


def write(book: Book, text: str, body: dict[str, Any], chosen: str, caller: str) -> dict[str, Any]:
    """Write a ValueRange from the range's first cell on; an UpdateValuesResponse."""
    tab, area = book.range(text)
    rows = body.get("values") or []
    if body.get("majorDimension") == "COLUMNS":
        longest = max(map(len, rows), default=0)
        rows = [[line[at] if at < len(line) else None for line in rows] for at in range(longest)]
    width = max(map(len, rows), default=0)
    block = Area(area.top, area.left, area.top + max(len(rows), 1), area.left + max(width, 1))
    fits(tab, area, block)
    writable(book, tab, block, caller)
    touched = 0
    for down, row in enumerate(rows):
        for right, value in enumerate(row):
            place = (block.top + down, block.left + right)
            cell = entered.write(tab.at(*place), value, chosen, f"values[{down}][{right}]")
            if cell is not None:
                tab.put(*place, cell)
                touched += 1
    return {
        "spreadsheetId": book.id,
        "updatedRange": ranges.written(tab.title, block),
        "updatedRows": len(rows),
        "updatedColumns": width,
        "updatedCells": touched,
    }


def fits(tab: Tab, area: Area, block: Area) -> None:
    """Data may go on from a single cell; a larger range must hold all of it. The grid never grows here."""
    if not area.single and (
        (block.bottom or 0) > (area.bottom or 0) or (block.right or 0) > (area.right or 0)
    ):
        what = (
            f"row [{(area.bottom or 0) + 1}]"
            if (block.bottom or 0) > (area.bottom or 0)
            else f"column [{ranges.column_letters(area.right or 0)}]"
        )
        raise BadRequest(
            f"Requested writing within range [{ranges.written(tab.title, area)}], but tried writing to {what}"
        )
    if (block.bottom or 0) > tab.rows or (block.right or 0) > tab.columns:
        raise tab.beyond(block)


def erase(book: Book, text: str, caller: str) -> str:
    """Values go; formats and notes stay."""
    tab, area = book.range(text)
    writable(book, tab, area, caller)
    for place, cell in list(tab.occupied(area)):
        tab.put(*place, cell.holding(None))
    return ranges.written(tab.title, area)


def table(tab: Tab, area: Area) -> Area | None:
    """The block of filled cells around the range's first cell, as far as it goes without a blank row."""
    rows: dict[int, list[int]] = {}
    for (row, column), cell in tab.cells.items():
        if cell.value is not None and row >= area.top:
            rows.setdefault(row, []).append(column)
    top = min((row for row in rows if row < (area.bottom or 0)), default=None)
    if top is None:
        return None
    bottom = top
    while bottom + 1 in rows:
        bottom += 1
    columns = [column for row in range(top, bottom + 1) for column in rows[row]]
    return Area(top, min(columns), bottom + 1, max(columns) + 1)


def option(value: str | None) -> str:
    if value not in INPUT:
        raise BadRequest("'valueInputOption' is required but not specified")
    return str(value)


def with_values(book: Book, answer: dict[str, Any], wanted: bool, call: Call) -> dict[str, Any]:
    return answer | {"updatedData": read(book, answer["updatedRange"], call)} if wanted else answer


def total(book: Book, answers: list[dict[str, Any]]) -> dict[str, Any]:
    tabs = {ranges.split(answer["updatedRange"])[0] for answer in answers}
    return {
        "spreadsheetId": book.id,
        "totalUpdatedRows": sum(answer["updatedRows"] for answer in answers),
        "totalUpdatedColumns": sum(answer["updatedColumns"] for answer in answers),
        "totalUpdatedCells": sum(answer["updatedCells"] for answer in answers),
        "totalUpdatedSheets": len(tabs),
    }
