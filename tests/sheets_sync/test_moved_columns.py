"""Users move synced columns and insert their own between them: values still land under their headers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sheets.cells import Cell
from sheets_sync.destinations.sheets.current.column_positions import plan_column_moves
from sheets_sync.errors import Refused
from sheets_sync.export import Export
from tests.sheets_sync.sheet_in_memory import OLD, ORDERED, SheetInMemory, count_rows, declared, sync_rows

NEW = [(0, "z", 0.5), *OLD[:2], (4, "d", 4.5)]


def synced_sheet(**declaration: object) -> tuple[Export, SheetInMemory]:
    export, sheet = declared(**ORDERED | declaration), SheetInMemory()
    sync_rows(sheet, export, OLD)
    return export, sheet


def insert_column(sheet: SheetInMemory, at: int, name: str) -> None:
    place = {"sheetId": sheet.tab.id, "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
    sheet.person({"insertDimension": {"range": place}})
    for row in range(sheet.tab.rows):
        sheet.tab.put(row, at, Cell(name if row == 0 else f"{name} of row {row}"))


def move_column(sheet: SheetInMemory, start: int, target: int) -> None:
    source = {"sheetId": sheet.tab.id, "dimension": "COLUMNS", "startIndex": start, "endIndex": start + 1}
    sheet.person({"moveDimension": {"source": source, "destinationIndex": target}})


def cells(sheet: SheetInMemory, row: int, width: int) -> list[object]:
    return [sheet.tab.at(row, column).value for column in range(width)]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_a_column_that_users_insert_keeps_its_cells(place: int, mode: str) -> None:
    export, sheet = synced_sheet(mode=mode, removed="delete")
    insert_column(sheet, place, "Mine")
    comparison = sync_rows(sheet, export, NEW)
    assert count_rows(comparison) == {"inserted": 2, "deleted": 1}
    assert cells(sheet, 0, 4) == ["Day", "Baskets", "Revenue", "Mine"]
    rows = {row[0]: row for row in (cells(sheet, row, 4) for row in range(1, 5))}
    assert rows[1] == [1, "a", 1.5, "Mine of row 1"]
    assert rows[2] == [2, "b", 2.5, "Mine of row 2"]
    assert rows[4] == [4, "d", 4.5, None]
    assert comparison.notes == (
        "Users moved synced columns, or inserted columns between them. The synced columns are at the left "
        "edge again, the users' columns follow them with all that is in them.",
    )
    sent = len(sheet.batches)
    assert (count_rows(sync_rows(sheet, export, NEW)), len(sheet.batches)) == ({}, sent)


def test_moved_columns_are_moved_back_with_edits_and_notes() -> None:
    export, sheet = synced_sheet()
    sheet.tab.put(2, 5, Cell("note"))
    move_column(sheet, 0, 3)  # Baskets, Revenue, Day
    sheet.tab.put(1, 0, Cell("edited"))
    comparison = sync_rows(sheet, export, OLD)
    assert count_rows(comparison) == {"updated": 1, "drift": 1}
    assert cells(sheet, 0, 3) == ["Day", "Baskets", "Revenue"]
    assert sheet.visible(3) == [list(row) for row in OLD]
    assert sheet.tab.at(2, 5).value == "note"


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_column_that_was_moved_and_renamed_is_recognised_by_its_values(renamed: int) -> None:
    export, sheet = synced_sheet()
    sheet.tab.put(0, renamed, Cell("Umbenannt"))
    insert_column(sheet, 0, "Mine")
    sync_rows(sheet, export, NEW)
    assert cells(sheet, 0, 4) == ["Day", "Baskets", "Revenue", "Mine"]
    assert cells(sheet, 2, 4) == [1, "a", 1.5, "Mine of row 1"]


def test_headers_that_users_swapped_without_the_values_are_refused() -> None:
    export, sheet = synced_sheet()
    sheet.tab.put(0, 0, Cell("Baskets"))
    sheet.tab.put(0, 1, Cell("Day"))
    before = dict(sheet.tab.cells)
    with pytest.raises(Refused, match="Column 'Day' of tab 'Ours' is number 2, it was 1"):
        sync_rows(sheet, export, NEW)
    assert sheet.tab.cells == before


def test_a_copy_of_a_column_beside_ours_is_theirs() -> None:
    export, sheet = synced_sheet()
    for row in range(sheet.tab.rows):
        sheet.tab.put(row, 4, sheet.tab.at(row, 2))
    insert_column(sheet, 1, "Mine")
    with pytest.raises(Refused, match="'Baskets' of tab 'Ours' is number 3"):
        sync_rows(sheet, export, NEW)  # two columns are headed Revenue: which one is ours is unknown


def test_the_version_before_is_restored_after_columns_were_moved() -> None:
    export, sheet = synced_sheet()
    insert_column(sheet, 1, "Mine")
    sync_rows(sheet, export, NEW)
    sync_rows(sheet, export, [], restore=True)
    assert sheet.visible(3) == [list(row) for row in OLD]


@settings(max_examples=100)
@given(st.permutations(range(7)), st.integers(1, 7))
def test_moves_bring_the_columns_to_the_left_in_order(order: list[int], count: int) -> None:
    positions, columns = order[:count], list(range(7))
    for move in plan_column_moves(positions, 7):
        block = columns[move.start : move.end]
        del columns[move.start : move.end]
        columns[move.target : move.target] = block
    assert columns == positions + [place for place in range(7) if place not in positions]
