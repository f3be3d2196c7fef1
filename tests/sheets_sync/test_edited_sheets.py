"""What users do to a sheet: copied tabs, translated headers, typed keys, frozen rows; and lost rows."""

import pytest

from sandbox.sheets.book import blank_tab
from sandbox.sheets.cells import Cell
from sheets_sync.errors import Refused
from tests.sheets_sync.sheet_in_memory import (
    OLD,
    ORDERED,
    TYPES,
    SheetInMemory,
    count_rows,
    declared,
    sync_rows,
)

SIX = [(number, f"name {number}", None) for number in range(6)]


def test_regenerated_keys_are_refused_although_the_number_of_rows_is_the_same() -> None:
    export, sheet = declared(shrink=20, **ORDERED), SheetInMemory()
    sync_rows(sheet, export, SIX)
    sheet.tab.put(1, 5, Cell("note"))
    texts = [(str(number), name, value) for number, name, value in SIX]
    with pytest.raises(
        Refused, match="6 of the 6 rows that tab 'Ours' has are gone from dmt.t, .* allows 20 %"
    ):
        sync_rows(sheet, export, texts)
    assert sheet.tab.at(1, 5).value == "note"
    comparison = sync_rows(sheet, export, texts, accept_row_loss=True)
    assert count_rows(comparison) == {"inserted": 6, "deleted": 6}


def test_new_rows_do_not_hide_removed_ones() -> None:
    export, sheet = declared(shrink=50, **ORDERED), SheetInMemory()
    sync_rows(sheet, export, SIX)
    new = [(number, "new", None) for number in range(10, 20)]
    with pytest.raises(Refused, match="4 of the 6 rows"):
        sync_rows(sheet, export, SIX[:2] + new)


def test_adopting_a_tab_does_not_delete_most_of_its_rows() -> None:
    export, sheet = declared("day", "baskets", shrink=50, **ORDERED), SheetInMemory()
    sheet.book.tabs.append(blank_tab(7, "Ours"))
    for index, value in enumerate(
        ["Day", "Baskets", "Mine", 3, None, "of 3", 1, None, "of 1", 5, None, "of 5"]
    ):
        sheet.tab.put(*divmod(index, 3), Cell(value))
    with pytest.raises(Refused, match="2 of the 3 rows that tab 'Ours' has are gone .* --accept-shrink"):
        sync_rows(sheet, export, [(1, "a"), (2, "b")], adopt=True)
    assert sheet.tab.at(1, 2).value == "of 3"
    sync_rows(sheet, export, [(1, "a"), (2, "b")], adopt=True, accept_row_loss=True)
    assert sheet.visible(3) == [[1, "a", "of 1"], [2, "b", None]]


def test_adopting_a_tab_with_repeated_keys_does_not_delete_their_rows() -> None:
    """A repeated key matches no row, so its rows are not rows of the mart."""
    export, sheet = declared("day", shrink=20, **ORDERED), SheetInMemory()
    sheet.book.tabs.append(blank_tab(7, "Ours"))
    values: list[str | int] = ["Day", "Mine", 1, "a", 1, "b", 1, "c", 2, "d"]
    for index, value in enumerate(values):
        sheet.tab.put(*divmod(index, 2), Cell(value))
    with pytest.raises(Refused, match="2 of the 4 rows"):
        sync_rows(sheet, export, [(1,), (2,)], adopt=True)
    assert sheet.tab.at(3, 1).value == "c"


def test_a_copied_tab_with_the_mark_is_refused() -> None:
    export, sheet = declared("day"), SheetInMemory()
    sync_rows(sheet, export, [(1,)])
    marks = [item for item in sheet.batches[-1] if "createDeveloperMetadata" in item]
    mark = marks[-1]["createDeveloperMetadata"]["developerMetadata"]
    sheet.book.tabs.append(blank_tab(77, "Copy of Ours"))
    copy = mark | {"location": {"sheetId": 77}, "metadataId": 4711}
    sheet.person({"createDeveloperMetadata": {"developerMetadata": copy}})
    before = sheet.book
    with pytest.raises(Refused, match="Tabs 'Ours', 'Copy of Ours' are all marked as the tab of export t"):
        sync_rows(sheet, export, [(2,)])
    assert sheet.book is before


def test_translated_headers_are_written_again() -> None:
    export, sheet = declared(**ORDERED), SheetInMemory()
    sync_rows(sheet, export, OLD)
    for column, header in enumerate(["Tag", "Körbe", "Umsatz"]):
        sheet.tab.put(0, column, Cell(header))
    sync_rows(sheet, export, [*OLD, (4, "d", 4.5)])
    assert [sheet.tab.at(0, column).value for column in range(3)] == ["Day", "Baskets", "Revenue"]
    assert sheet.visible(3)[3] == [4, "d", 4.5]


def test_frozen_rows_beyond_the_new_height_are_unfrozen() -> None:
    export, sheet = declared("day", **ORDERED), SheetInMemory()
    sync_rows(sheet, export, [(number,) for number in range(6)])
    frozen = {"sheetId": sheet.tab.id, "gridProperties": {"frozenRowCount": 4}}
    request = {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}}
    sheet.person(request)
    sync_rows(sheet, export, [(1,)])
    assert sheet.visible(1) == [[1]]


def test_string_keys_are_formatted_as_text() -> None:
    export, sheet = declared(key=["baskets"], order=["baskets"]), SheetInMemory()
    sync_rows(sheet, export, [(1, "007", 1.5)])
    assert sheet.tab.at(1, 1).format["numberFormat"] == {"type": "TEXT", "pattern": "@"}
    assert "numberFormat" not in (sheet.tab.at(1, 0).format or {})


def test_typed_keys_that_match_no_row_are_counted_and_listed() -> None:
    """`7` and `12345` were typed for the STRING keys 007 and 12345, before the column was text."""
    export = declared("day", "baskets", mode="update", audit="Sync log", removed=None)
    sheet, types = SheetInMemory(), TYPES | {"day": "STRING"}
    sheet.book.tabs.append(blank_tab(7, "Ours"))
    for index, value in enumerate(["Day", "Baskets", 7, None, 12345, None, "008", None]):
        sheet.tab.put(*divmod(index, 2), Cell(value))
    rows = [("007", "a"), ("12345", "b"), ("008", "c")]
    comparison = sync_rows(sheet, export, rows, types, adopt=True)
    assert comparison.notes == ("2 keys of the tab are not in dmt.t: 7, 12345",)
    assert sheet.visible(2) == [[7, None], [12345, None], ["008", "c"]]
    log = sheet.titled("Sync log")
    assert log.at(1, 2).value == "1 updated, 2 without a match"
    assert log.at(2, 4).value == "2 keys of the tab are not in dmt.t: 7, 12345"
    sent = len(sheet.batches)
    comparison = sync_rows(sheet, export, rows, types)
    assert (len(comparison.notes), len(sheet.batches)) == (1, sent)  # reported by each run, written once
