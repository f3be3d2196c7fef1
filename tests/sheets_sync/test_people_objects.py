"""Merges, Tables, filters, conditional formats, validation and pivot tables of people: a sync writes the right
rows and keeps them, or is refused with the remedy."""

from typing import Any

import pytest

from sandbox.sheets.cells import Cell
from sandbox.sheets.resource import sheet as describe_tab
from sheets_sync.destinations.sheets.requests import row_requests
from sheets_sync.errors import Refused
from tests.sheets_sync.sheet_in_memory import OLD, ORDERED, SheetInMemory, count_rows, declared, sync_rows

MIRROR = declared(**ORDERED)
MORE = [(0, "z", 0.5), *OLD, (4, "d", 4.5)]
BOOLEAN = {"condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "2"}]}, "format": {}}


def place(sheet: SheetInMemory, top: int, bottom: int, first_column: int, end_column: int) -> dict[str, int]:
    rows = {"sheetId": sheet.tab.id, "startRowIndex": top, "endRowIndex": bottom}
    return rows | {"startColumnIndex": first_column, "endColumnIndex": end_column}


def objects(sheet: SheetInMemory, kind: str) -> list[Any]:
    returned: list[Any] = describe_tab(sheet.book, sheet.tab, [], False).get(kind, [])
    return returned


def basic_filter(sheet: SheetInMemory) -> dict[str, Any]:
    described: dict[str, Any] = describe_tab(sheet.book, sheet.tab, [], False)["basicFilter"]
    return described


@pytest.fixture
def sheet() -> SheetInMemory:
    new_sheet = SheetInMemory()
    sync_rows(new_sheet, MIRROR, OLD)
    return new_sheet


def merge(sheet: SheetInMemory, *area: int) -> None:
    sheet.person({"mergeCells": {"range": place(sheet, *area), "mergeType": "MERGE_ALL"}})


@pytest.mark.parametrize(
    ("area", "text"),
    [((1, 3, 0, 1), "A2:A3"), ((2, 3, 0, 3), "A3:C3"), ((0, 1, 1, 3), "B1:C1"), ((3, 4, 2, 5), "C4:E4")],
)
def test_merged_cells_that_hide_values_are_refused(sheet: SheetInMemory, area: Any, text: str) -> None:
    merge(sheet, *area)
    before = sheet.visible(8)
    with pytest.raises(Refused, match=f"Users merged cells {text} of tab 'Ours', which belong to export t"):
        sync_rows(sheet, MIRROR, MORE)
    assert sheet.visible(8) == before
    sheet.person({"unmergeCells": {"range": place(sheet, *area)}})
    sync_rows(sheet, MIRROR, MORE)
    assert sheet.visible(3) == [list(row) for row in MORE]


def test_merged_cells_of_people_in_one_row_follow_their_row(sheet: SheetInMemory) -> None:
    sheet.tab.put(2, 4, Cell("of 2"))
    merge(sheet, 2, 3, 4, 6)
    sync_rows(sheet, MIRROR, MORE)
    assert sheet.visible(3) == [list(row) for row in MORE]
    assert objects(sheet, "merges") == [place(sheet, 3, 4, 4, 6)]
    assert sheet.tab.at(3, 4).value == "of 2"


def test_cells_that_are_merged_across_rows_do_not_prevent_a_change_in_place(sheet: SheetInMemory) -> None:
    merge(sheet, 1, 3, 4, 5)
    sync_rows(sheet, MIRROR, [(1, "changed", 1.5), *OLD[1:]])
    assert sheet.visible(3)[0] == [1, "changed", 1.5]
    assert objects(sheet, "merges") == [place(sheet, 1, 3, 4, 5)]


def test_a_row_is_not_moved_through_merged_cells(sheet: SheetInMemory) -> None:
    merge(sheet, 1, 3, 4, 5)
    before = sheet.visible(3)
    with pytest.raises(
        Refused, match="Users merged cells E2:E3 of tab 'Ours', and Sheets does not move or sort"
    ):
        sync_rows(sheet, MIRROR, [OLD[2], OLD[0], (9, "x", 1.0), OLD[1]][::-1])
    assert sheet.visible(3) == before


def test_a_merged_total_below_the_rows_of_an_upsert_stays() -> None:
    new_sheet, upsert = SheetInMemory(), declared(mode="upsert", removed=None)
    sync_rows(new_sheet, upsert, OLD)
    new_sheet.person({"appendDimension": {"sheetId": new_sheet.tab.id, "dimension": "ROWS", "length": 1}})
    new_sheet.tab.put(4, 0, Cell("Total"))
    merge(new_sheet, 4, 5, 0, 2)
    sync_rows(new_sheet, upsert, [(1, "new", 1.5), *OLD[1:]])
    assert new_sheet.visible(3) == [[1, "new", 1.5], *map(list, OLD[1:]), ["Total", None, None]]
    assert objects(new_sheet, "merges") == [place(new_sheet, 4, 5, 0, 2)]


def test_new_rows_join_a_table(sheet: SheetInMemory) -> None:
    table = {"name": "Sales", "tableId": "t1", "range": place(sheet, 0, 4, 0, 3)}
    sheet.person({"addTable": {"table": table}})
    sync_rows(sheet, MIRROR, MORE)
    assert sheet.visible(3) == [list(row) for row in MORE]
    assert [item["range"] for item in objects(sheet, "tables")] == [place(sheet, 0, 6, 0, 3)]
    sync_rows(sheet, MIRROR, MORE[1:2])
    [item] = objects(sheet, "tables")
    assert (item["name"], item["range"]) == ("Sales", place(sheet, 0, 2, 0, 3))


def test_conditional_formats_and_validation_cover_new_rows(sheet: SheetInMemory) -> None:
    rule = {"ranges": [place(sheet, 1, 4, 2, 3)], "booleanRule": BOOLEAN}
    allowed = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "a"}]}, "strict": True}
    sheet.person({"addConditionalFormatRule": {"rule": rule, "index": 0}})
    sheet.person({"setDataValidation": {"range": place(sheet, 1, 4, 1, 2), "rule": allowed}})
    sync_rows(sheet, MIRROR, MORE)
    assert sheet.visible(3) == [list(row) for row in MORE]
    assert objects(sheet, "conditionalFormats") == [rule | {"ranges": [place(sheet, 1, 6, 2, 3)]}]
    data = describe_tab(sheet.book, sheet.tab, [sheet.book.range("Ours")[1]], True)["data"][0]["rowData"]
    assert [row["values"][1].get("dataValidation") for row in data] == [None, *[allowed] * 5]
    sent = len(sheet.batches)
    sync_rows(sheet, MIRROR, MORE)
    assert len(sheet.batches) == sent


def test_checkboxes_of_people_beside_the_rows_follow_them(sheet: SheetInMemory) -> None:
    for row in (1, 2, 3):
        sheet.tab.put(row, 4, Cell(row == 2))
    box = {"condition": {"type": "BOOLEAN"}}
    sheet.person({"setDataValidation": {"range": place(sheet, 1, 4, 4, 5), "rule": box}})
    sync_rows(sheet, MIRROR, [OLD[1], OLD[0], OLD[2]])
    sync_rows(sheet, declared(order=["baskets"]), OLD)
    assert [sheet.tab.at(row, 4).value for row in (1, 2, 3)] == [False, True, False]


def pivot(sheet: SheetInMemory, tab: int, row: int = 0, column: int = 0) -> None:
    source = place(sheet, 0, 4, 0, 3)
    new_sheet = {"source": source, "rows": [{"sourceColumnOffset": 1}], "values": [{"sourceColumnOffset": 2}]}
    start = {"sheetId": tab, "rowIndex": row, "columnIndex": column}
    rows = [{"values": [{"pivotTable": new_sheet}]}]
    sheet.person({"updateCells": {"start": start, "rows": rows, "fields": "pivotTable"}})


def pivots(sheet: SheetInMemory) -> list[tuple[int, int]]:
    """Row of the anchor, and last row of the source."""
    items = [item for tab in sheet.book.tabs for item in tab.objects.get("pivots", [])]
    return [(item["range"]["startRowIndex"], item["pivotTable"]["source"]["endRowIndex"]) for item in items]


def test_a_pivot_table_elsewhere_reads_new_rows(sheet: SheetInMemory) -> None:
    pivot(sheet, tab=0)
    sync_rows(sheet, MIRROR, MORE)
    assert pivots(sheet) == [(0, 6)]


def test_a_pivot_table_beside_the_rows_moves_with_its_row(sheet: SheetInMemory) -> None:
    pivot(sheet, sheet.tab.id, row=2, column=5)
    sync_rows(sheet, MIRROR, MORE)
    assert (pivots(sheet), sheet.visible(3)) == ([(3, 6)], [list(row) for row in MORE])


def hide(sheet: SheetInMemory, *texts: str) -> None:
    criteria = {"columnIndex": 1, "filterCriteria": {"hiddenValues": list(texts)}}
    sheet.person(
        {"setBasicFilter": {"filter": {"range": place(sheet, 0, 4, 0, 3), "filterSpecs": [criteria]}}}
    )


def hidden(sheet: SheetInMemory) -> list[int]:
    [data] = describe_tab(sheet.book, sheet.tab, [sheet.book.range("Ours")[1]], True)["data"]
    return [row for row, item in enumerate(data["rowMetadata"]) if item.get("hiddenByFilter")]


def test_rows_that_a_filter_hides_are_synced_too(sheet: SheetInMemory) -> None:
    hide(sheet, "b")
    assert hidden(sheet) == [2]
    done = sync_rows(sheet, MIRROR, [(0, "b", 0.5), OLD[0], (2, "b", 99.0), OLD[2]])
    assert count_rows(done) == {"inserted": 1, "updated": 1}
    assert sheet.visible(3) == [[0, "b", 0.5], list(OLD[0]), [2, "b", 99.0], list(OLD[2])]
    assert hidden(sheet) == [1, 3]
    assert basic_filter(sheet)["range"]["endRowIndex"] == 5


def test_no_version_is_copied_out_of_a_filtered_tab(sheet: SheetInMemory) -> None:
    sync_rows(sheet, MIRROR, MORE)
    hide(sheet, "b")
    sync_rows(sheet, MIRROR, OLD)
    with pytest.raises(Refused, match="There is no version before of export t"):
        sync_rows(sheet, MIRROR, [], restore=True)


def test_rows_are_not_copied_or_sorted_under_a_filter(sheet: SheetInMemory) -> None:
    hide(sheet, "b")
    before = sheet.visible(3)
    message = "A filter of a user may hide rows of tab 'Ours', and export t has rows to copy or to sort"
    with pytest.raises(Refused, match=message):
        sync_rows(sheet, declared(**ORDERED, removed={"move": "Gone"}), OLD[:1])
    limit, row_requests.MAX_STEPS = row_requests.MAX_STEPS, 0
    try:
        with pytest.raises(Refused, match=message):
            sync_rows(sheet, MIRROR, OLD[::-1] + MORE)
        with pytest.raises(Refused, match=message):
            sync_rows(sheet, declared(order=["day desc"]), OLD[::-1])
    finally:
        row_requests.MAX_STEPS = limit
    assert sheet.visible(3) == before
    sheet.person({"clearBasicFilter": {"sheetId": sheet.tab.id}})
    sync_rows(sheet, declared(**ORDERED, removed={"move": "Gone"}), OLD[:1])
    assert sheet.visible(3) == [list(OLD[0])]


def test_a_filter_that_hides_nothing_does_not_disturb(sheet: SheetInMemory) -> None:
    sheet.person({"setBasicFilter": {"filter": {"range": place(sheet, 0, 4, 0, 3)}}})
    sync_rows(sheet, declared(**ORDERED, removed={"move": "Gone"}), OLD[:1])
    assert sheet.visible(3) == [list(OLD[0])]
