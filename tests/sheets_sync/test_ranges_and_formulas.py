"""Named ranges, which charts and pivots follow alike, contain new rows; declared formulas are filled down."""

import pytest

from sandbox.sheets.cells import Cell, Formula
from sheets_sync.destinations.sheets.requests import row_requests
from sheets_sync.errors import ExportError
from tests.sheets_sync.sheet_in_memory import SheetInMemory, declared, sync_rows

ROWS = [(number, f"name {number}", float(number)) for number in range(10, 16)]


@pytest.fixture(params=["steps", "one sort"])
def steps(request):
    limit = row_requests.MAX_STEPS
    row_requests.MAX_STEPS = limit if request.param == "steps" else 0
    yield request.param
    row_requests.MAX_STEPS = limit


def named_range(sheet: SheetInMemory, first: int, last: int) -> None:
    """Rows `first` to `last` of the first three columns, counted from 1, as in A1 notation."""
    place = {"sheetId": sheet.tab.id, "startRowIndex": first - 1, "endRowIndex": last}
    place |= {"startColumnIndex": 0, "endColumnIndex": 3}
    sheet.person({"addNamedRange": {"namedRange": {"name": "Ours_range", "range": place}}})


def range_rows(sheet: SheetInMemory) -> tuple[int, int]:
    [named] = sheet.book.names
    return named["range"]["startRowIndex"] + 1, named["range"]["endRowIndex"]


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("mode", ["mirror", "upsert", "insert", "append"])
@pytest.mark.parametrize("first", [1, 2])
def test_new_rows_at_the_bottom_are_inside_the_range(mode: str, first: int) -> None:
    export, sheet = declared(mode=mode, order=["day"], removed=None), SheetInMemory()
    sync_rows(sheet, export, ROWS[:3])
    for row in range(1, 4):
        sheet.tab.put(row, 4, Cell(f"of {sheet.tab.at(row, 0).value}"))
    named_range(sheet, first, 4)
    sync_rows(sheet, export, ROWS)
    assert sheet.visible(3) == [list(row) for row in ROWS]
    assert range_rows(sheet) == (first, 7)
    assert [sheet.tab.at(row, 4).value for row in range(1, 7)] == [
        "of 10",
        "of 11",
        "of 12",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("first", [1, 2])
def test_new_rows_at_the_top_are_inside_the_range(first: int) -> None:
    """The newest day first: new rows go above the first one."""
    export, sheet = declared(order=["day desc"]), SheetInMemory()
    sync_rows(sheet, export, ROWS[2::-1])
    named_range(sheet, first, 4)
    sync_rows(sheet, export, ROWS[::-1])
    assert sheet.visible(3) == [list(row) for row in reversed(ROWS)]
    assert range_rows(sheet) == (first, 7)


def test_a_rolling_window_stays_inside_the_range() -> None:
    """Each run removes the oldest rows and adds new ones at the end."""
    export, sheet = declared(order=["day"]), SheetInMemory()
    sync_rows(sheet, export, ROWS[:3])
    named_range(sheet, 2, 4)
    sync_rows(sheet, export, ROWS[1:4])
    sync_rows(sheet, export, ROWS[2:6])
    assert range_rows(sheet) == (2, 5)


def test_the_only_row_and_new_ones_are_inside_a_range_with_the_header() -> None:
    export, sheet = declared(order=["day"]), SheetInMemory()
    sync_rows(sheet, export, ROWS[1:2])
    named_range(sheet, 1, 2)
    sync_rows(sheet, export, ROWS[:4])
    assert range_rows(sheet) == (1, 5)
    assert sheet.visible(3) == [list(row) for row in ROWS[:4]]


@pytest.mark.usefixtures("steps")
def test_declared_formulas_are_filled_down() -> None:
    export, sheet = declared(order=["day"], fill_down=["Double", "Missing"]), SheetInMemory()
    sync_rows(sheet, export, ROWS[1:4])
    sheet.tab.put(0, 4, Cell("Double"))
    sheet.tab.put(0, 5, Cell("Note"))
    for row in range(1, 4):
        sheet.tab.put(row, 4, Cell(Formula(f"=C{row + 1}*2")))
        sheet.tab.put(row, 5, Cell(Formula(f"=A{row + 1}")))
    sheet.tab.put(3, 4, Cell("by hand"))
    comparison = sync_rows(sheet, export, ROWS)
    assert comparison.notes == ("fill_down names Missing, which no column of the tab is headed.",)
    doubled = {sheet.tab.at(row, 0).value: sheet.tab.at(row, 4).value for row in range(1, 7)}
    formulas = {key: Formula(f"=C{key - 8}*2") for key in (10, 11, 12, 14, 15)}
    assert doubled == formulas | {13: "by hand"}
    assert sheet.tab.at(6, 5).value is None  # not declared
    sent = len(sheet.batches)
    sync_rows(sheet, export, ROWS)
    assert len(sheet.batches) == sent


def test_a_column_without_a_formula_is_not_filled() -> None:
    export, sheet = declared(order=["day"], fill_down=["Note"]), SheetInMemory()
    sync_rows(sheet, export, ROWS[:2])
    for row, text in enumerate(["Note", "first", "second"]):
        sheet.tab.put(row, 4, Cell(text))
    sync_rows(sheet, export, ROWS[:3])
    assert sheet.tab.at(3, 4).value is None


def test_a_column_of_the_export_cannot_be_filled_down() -> None:
    with pytest.raises(ExportError, match="fill_down has Revenue, a column of the export"):
        declared(fill_down=["Revenue"])
