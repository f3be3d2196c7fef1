"""How much is sent: a row that changed costs what it is, whatever the table's size."""

import json
from decimal import Decimal

import pytest

from sheets_sync.destinations.sheets import plan
from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import AUDIT, BEFORE, STATE, Document, Mark, Tab
from sheets_sync.destinations.sheets.current.sync_state import SyncState
from sheets_sync.destinations.sheets.desired.table import build_table
from sheets_sync.destinations.sheets.diff.blocks import Block
from sheets_sync.destinations.sheets.diff.compare import compare_rows
from sheets_sync.destinations.sheets.requests.formatting import format_fingerprint
from sheets_sync.destinations.sheets.requests.staging import Staging, paste_staged
from sheets_sync.destinations.sheets.spreadsheet import compact_json
from sheets_sync.export_parser import parse_export
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sheet_in_memory import SheetInMemory, declared, sync_rows

ROWS = 10_000
NAMES = "abcdefghij"
TYPES = dict(zip(NAMES, ["STRING", "INTEGER", *["NUMERIC"] * 4, *["STRING"] * 4], strict=True))
FIELDS = {
    "table": "t",
    "tab": "Ours",
    "mode": "mirror",
    "key": ["a"],
    "columns": {name: {"header": name.upper()} for name in NAMES},
}


def row(number):
    numbers = (number, Decimal(number) / 100, Decimal(number % 7), Decimal("12.5"), Decimal(1))
    return f"customer-{number:06}", *numbers, f"name {number}", "open", f"note of {number % 97}", "old"


@pytest.fixture(scope="module")
def table():
    return [row(number) for number in range(ROWS)]


@pytest.fixture(scope="module")
def planned(table):
    """The plan of a sync from `table` to other rows."""
    export = parse_export("t", "t.yaml", FIELDS)

    def desired(rows):
        return build_table(export, Mart(TYPES, rows), "p", "Etc/GMT")

    old = desired(table)
    first = compare_rows(old, [], None, 0)
    mark = Mark("p", "t", tuple(old.headers), old.names, format_fingerprint(old), 7, ROWS)
    tab = Tab(1234, "Ours", ROWS + 1, 26, mark, 1)
    roles = {STATE: "p/t", BEFORE: "p/t", AUDIT: "p"}
    others = [
        Tab(at, role, 16, 10, helper_of={role: owner}) for at, (role, owner) in enumerate(roles.items())
    ]
    memory = SyncState(export.key, old.names, first.entries, ROWS, 15)
    result = CurrentTab(tab, [old.headers, *(line.cells for line in first.rows)], old.names, memory)

    def make(rows):
        new = desired(rows)
        document = Document("Etc/GMT", (tab, *others))
        return plan.make_plan(
            new, document, result, compare_rows(new, result.rows_for(new), memory, 0), 0, []
        )

    return make


def test_one_row_of_a_hundred_costs_less_than_a_twentieth_of_a_rewrite(table, planned):
    changed = [
        (*item[:3], item[3] + 1, *item[4:9], "new") if at % 100 == 7 else item
        for at, item in enumerate(table)
    ]
    rewrite = len(compact_json({"values": json.loads(json.dumps(table, default=float))}))
    created = planned(changed)
    assert created.staging is None
    assert 0 < len(compact_json({"requests": created.requests})) < rewrite / 20


def test_nothing_changed_is_nothing_sent(table, planned):
    assert planned(table).requests == []


def test_half_of_the_rows_in_another_place_are_one_move(table, planned):
    moved = planned([*table[ROWS // 2 :], *table[: ROWS // 2]])
    assert len(compact_json({"requests": moved.requests})) < 3_000
    assert [list(request) for request in moved.requests].count(["moveDimension"]) == 1


@pytest.mark.parametrize("prefix", ["+49", "=", "-", "@", "0049"])
def test_texts_like_formulas_do_not_make_requests_larger(prefix):
    sheet, export = SheetInMemory(), declared("day", "baskets", order=["day"])
    rows = [(number, f"{prefix}170{number:07}") for number in range(40_000)]
    sync_rows(sheet, export, rows)
    assert sheet.visible(2) == [list(row) for row in rows]
    assert max(len(compact_json({"requests": batch})) for batch in sheet.batches) <= 2_000_000


def test_a_kept_text_like_a_formula_is_not_written_between_staged_blocks():
    """A user's formula may display such a text; only the differing cells are written."""
    rows = [["Day", "Phone"], ["1", "+49"], ["2", "+50"]]
    staging = Staging([], 7, "staging", rows, 6)
    block = Block(2, 1, (("+50",),))
    requests = paste_staged(staging, 1, rows, [block], only_blocks=True)
    assert [item["updateCells"]["start"] for item in requests if "updateCells" in item] == [
        {"sheetId": 1, "rowIndex": 2, "columnIndex": 1}
    ]
    everything = paste_staged(staging, 1, rows, [block], only_blocks=False)
    starts = [item["updateCells"]["start"] for item in everything if "updateCells" in item]
    assert [start["rowIndex"] for start in starts] == [1]
