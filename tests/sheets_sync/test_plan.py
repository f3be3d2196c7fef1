"""Plans carried out on the sandbox's spreadsheets without a server between: the law of the mirror."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from sandbox.sheets import changes
from sandbox.sheets.book import Book, blank_tab
from sandbox.sheets.cells import Cell, Formula
from sandbox.sheets.gate import Call
from sandbox.sheets.reading import read
from sandbox.sheets.resource import sheet
from sheets_sync import exports, sync
from sheets_sync.destinations.sheets import document
from sheets_sync.destinations.sheets.destination import Sheets
from sheets_sync.destinations.sheets.diff import Changes
from sheets_sync.errors import Refused, SheetError

COLUMNS = {name: {"header": name.title()} for name in ("day", "baskets", "revenue")}
FILE = {"table": "t", "tab": "Daily sales", "mode": "mirror", "key": ["day"], "order": ["day"]}
TYPES = {"day": "INTEGER", "baskets": "STRING", "revenue": "FLOAT"}
CELLS = st.one_of(
    st.none(), st.integers(-3, 3), st.booleans(), st.sampled_from(["=1+1", "+a", "@b", "2017-01-01", "x"])
)
MARTS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=7)
# What people put right of our columns: (row, column beyond ours) -> cell.
PEOPLE = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(0, 4)),
    st.sampled_from([Cell(1), Cell("mine"), Cell(Formula('=""')), Cell(None, note="remember")]),
    max_size=4,
)


def declared(*names):
    return exports.read("t", "t.yaml", FILE | {"columns": {name: COLUMNS[name] for name in names}})


class Held:
    """A spreadsheet in memory with the methods of sheets_sync's: what they do, the sandbox's API does."""

    id, calls = "held", 0

    def __init__(self):
        self.book = Book("held", {"title": "x", "timeZone": "Etc/GMT"}, [blank_tab(0, "Sheet1")])
        self.batches = []

    @property
    def tab(self):
        return self.book.titled("Daily sales")

    def read(self):
        sheets = [sheet(self.book, tab, [], False) for tab in self.book.tabs]
        return document.read({"properties": self.book.properties, "sheets": sheets})

    def cells(self, tab, width):
        return self.values(tab.title, width), (self.values(tab.title, tab.columns) or [[]])[0]

    def values(self, title, width):
        query = QueryParams({"valueRenderOption": "UNFORMATTED_VALUE"})
        rows = read(self.book, f"'{title}'", Call("", {}, query)).get("values", [])
        kept = [row[:width] for row in rows]
        while kept and not any(value != "" for value in kept[-1]):
            kept.pop()
        return kept

    def rows_beside(self, tab, top, left):
        found = self.book.tab(tab.id)
        return max((row + 1 for row, column in found.cells if row >= top and column >= left), default=0)

    def change(self, batch, resend):
        self.batches.append(batch)
        self.book, _ = changes.apply(self.book, batch, "owner")


def mirror(held, export, rows, adopt=False):
    mart = SimpleNamespace(types=TYPES, rows=rows)
    counts = sync.settle(export, mart, Sheets(held, "p", adopt)).counts
    return Changes(counts.inserted.count, counts.updated.count, counts.deleted.count)


def people(tab, width):
    return {
        (row, column - width): (cell.value, cell.note)
        for (row, column), cell in tab.cells.items()
        if column >= width and (cell.value is not None or cell.note)
    }


def shown(tab, width):
    """Values of our columns, blank rows at the end left out."""
    rows = [[tab.at(row, column).value for column in range(width)] for row in range(tab.rows)]
    while rows and not any(value is not None for value in rows[-1]):
        rows.pop()
    return rows


def expected(export, rows):
    wanted = [export.headers, *([None if value == "" else value for value in row] for row in rows)]
    while not any(value is not None for value in wanted[-1]):
        wanted.pop()
    return wanted


@settings(max_examples=150, deadline=None)
@given(MARTS, PEOPLE, MARTS, PEOPLE)
def test_the_tab_shows_the_mart_and_people_keep_what_is_theirs(first, beside, second, later):
    export, held = declared("day", "baskets", "revenue"), Held()
    mirror(held, export, first)
    for more, rows in ((beside, second), (later, first)):
        for (row, column), cell in more.items():
            if row < held.tab.rows:
                held.tab.put(row, 3 + column, cell)
        kept = people(held.tab, 3)
        mirror(held, export, rows)
        assert shown(held.tab, 3) == expected(export, rows)
        assert people(held.tab, 3) == kept
        sent = len(held.batches)
        assert mirror(held, export, rows) == Changes()
        assert len(held.batches) == sent  # nothing to do, nothing sent


@settings(max_examples=60, deadline=None)
@given(MARTS, PEOPLE, st.permutations(["day", "baskets", "revenue"]), st.integers(1, 3))
def test_columns_come_and_go_and_people_keep_theirs(rows, beside, order, width):
    """An export that gets other columns: people's move aside, nothing of theirs is overwritten."""
    before, held = declared("day", "baskets"), Held()
    mirror(held, before, [row[:2] for row in rows])
    for (row, column), cell in beside.items():
        if row < held.tab.rows:
            held.tab.put(row, 2 + column, cell)
    kept = people(held.tab, 2)
    names = sorted(set(order[:width]) | {"day"}, key=order.index)
    after = declared(*names)
    picked = [tuple(row[list(COLUMNS).index(name)] for name in names) for row in rows]
    mirror(held, after, picked)
    assert shown(held.tab, len(names)) == expected(after, picked)
    assert people(held.tab, len(names)) == kept


def test_the_grid_follows_the_rows():
    export, held = declared("day"), Held()
    mirror(held, export, [(number,) for number in range(9)])
    assert (held.tab.rows, held.tab.columns) == (10, 26)
    mirror(held, export, [(number,) for number in range(4)])
    assert held.tab.rows == 5
    mirror(held, export, [])
    assert held.tab.rows == 2  # Sheets cannot freeze the only row


def test_rows_stay_where_people_have_something_beside_them():
    export, held = declared("day"), Held()
    mirror(held, export, [(number,) for number in range(9)])
    held.tab.put(6, 3, Cell("mine"))
    mirror(held, export, [(0,)])
    assert held.tab.rows == 7
    assert shown(held.tab, 1) == [["Day"], [0]]
    assert held.tab.at(6, 3).value == "mine"


def test_new_rows_get_the_formats_of_their_columns():
    columns = {"day": {"header": "Day", "format": "yyyy-mm-dd"}}
    export = exports.read("t", "t.yaml", FILE | {"columns": columns})
    held = Held()
    mart = SimpleNamespace(types={"day": "DATE"}, rows=[(1,)])
    sync.settle(export, mart, Sheets(held, "p"))
    mart.rows = [(1,), (2,), (3,)]
    sync.settle(export, mart, Sheets(held, "p"))
    formats = [held.tab.at(row, 0).format["numberFormat"] for row in (1, 2, 3)]
    assert formats == [{"type": "DATE", "pattern": "yyyy-mm-dd"}] * 3


def test_a_format_that_people_chose_stays():
    export, held = declared("day"), Held()
    mirror(held, export, [(1,), (2,)])
    mine = {"numberFormat": {"type": "NUMBER", "pattern": "0.000"}}
    held.tab.put(1, 0, Cell(1, mine))
    mirror(held, export, [(5,), (2,)])
    assert held.tab.at(1, 0) == Cell(5, mine)


def test_an_empty_tab_of_the_name_is_taken():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "daily sales"))
    mirror(held, export, [(1,)])
    assert shown(held.book.tab(7), 1) == [["Day"], [1]]
    assert held.book.tab(7).rows == 2


def test_a_tab_of_the_name_with_something_in_it_is_refused_until_adopted():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "Daily sales"))
    held.tab.put(3, 1, Cell("mine"))
    with pytest.raises(
        Refused, match="was not made by sheets_sync, and it is not empty. Rename it, or run with --adopt"
    ):
        mirror(held, export, [(1,)])
    assert held.tab.cells == {(3, 1): Cell("mine")}
    mirror(held, export, [(1,)], adopt=True)
    assert shown(held.tab, 1) == [["Day"], [1]]
    assert held.tab.at(3, 1).value == "mine"


def test_a_renamed_tab_is_still_ours():
    export, held = declared("day"), Held()
    mirror(held, export, [(1,)])
    held.tab.properties = held.tab.properties | {"title": "Umsatz"}
    mirror(held, export, [(2,)])
    assert held.tab is None
    assert shown(held.book.titled("Umsatz"), 1) == [["Day"], [2]]


def test_a_tab_of_another_project_is_refused():
    export, held = declared("day"), Held()
    mirror(held, export, [(1,)])
    mart = SimpleNamespace(types=TYPES, rows=[(2,)])
    with pytest.raises(Refused, match="kept by export t of project p"):
        sync.settle(export, mart, Sheets(held, "another", True))
    assert shown(held.tab, 1) == [["Day"], [1]]


def insert(dimension, at):
    span = {"sheetId": 0, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
    return lambda tab: [{"insertDimension": {"range": span | {"sheetId": tab}}}]


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        (insert("COLUMNS", 1), "Column 'Baskets' of tab 'Daily sales' is number 3, it was 2"),
        (insert("ROWS", 0), "The header of tab 'Daily sales' is in row 2, it was in row 1"),
    ],
)
def test_columns_that_people_moved_are_not_written_over(moved, said):
    export, held = declared("day", "baskets"), Held()
    mirror(held, export, [(1, "a")])
    held.book, _ = changes.apply(held.book, moved(held.tab.id), "owner")
    before = dict(held.tab.cells)
    with pytest.raises(Refused, match=said):
        mirror(held, export, [(2, "b")])
    assert held.tab.cells == before


def test_a_header_that_people_renamed_is_written_again():
    export, held = declared("day", "baskets"), Held()
    mirror(held, export, [(1, "a")])
    held.tab.put(0, 1, Cell("Körbe"))
    mirror(held, export, [(1, "a")])
    assert shown(held.tab, 2) == [["Day", "Baskets"], [1, "a"]]


def test_a_spreadsheet_that_would_be_too_large_is_refused_before_anything_is_written():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "Large", 399_990, 25))
    with pytest.raises(SheetError, match="more than the 10,000,000 a spreadsheet can hold"):
        mirror(held, export, [(1,)])
    assert held.batches == []
