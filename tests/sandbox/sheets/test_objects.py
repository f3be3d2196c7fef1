"""Merges, Tables, conditional formats, validation, pivot tables and filters: stored, returned, refused."""

import pytest
from gspread.exceptions import APIError


def do(book, *requests):
    return book.batch_update({"requests": list(requests)})["replies"]


def place(top, bottom, first_column, end_column, tab=0):
    rows = {"sheetId": tab, "startRowIndex": top, "endRowIndex": bottom}
    return rows | {"startColumnIndex": first_column, "endColumnIndex": end_column}


def table(table_id="t1", name="Sales", **area):
    return {"addTable": {"table": {"tableId": table_id, "name": name, "range": place(0, 3, 0, 2) | area}}}


def tab(book, fields="merges,tables,conditionalFormats"):
    [sheet] = book.fetch_sheet_metadata({"fields": f"sheets({fields})"})["sheets"]
    return sheet


def rows(start, end):
    return {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}


RULE = {"ranges": [place(1, 3, 0, 1)], "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {}}}


def test_each_object_is_returned_and_removed(book):
    [reply, *_] = do(
        book,
        table(),
        {"mergeCells": {"range": place(5, 7, 0, 2), "mergeType": "MERGE_ALL"}},
        {"addConditionalFormatRule": {"rule": RULE, "index": 0}},
    )
    assert reply["addTable"]["table"]["tableId"] == "t1"
    returned = tab(book)
    assert (returned["merges"], returned["conditionalFormats"]) == ([place(5, 7, 0, 2)], [RULE])
    assert [item["name"] for item in returned["tables"]] == ["Sales"]
    do(
        book,
        {"deleteTable": {"tableId": "t1"}},
        {"unmergeCells": {"range": place(0, 9, 0, 9)}},
        {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}},
    )
    assert tab(book) == {}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"deleteTable": {"tableId": "t9"}}, "No table with id: t9"),
        (table(name="Other"), "A table with the tableId t1 already exists"),
        (table("t2"), "A table with the name Sales already exists"),
        (table("t2", "Other", startRowIndex=2, endRowIndex=5), "The range overlaps table t1"),
        ({"deleteConditionalFormatRule": {"sheetId": 0, "index": 3}}, "No conditional format on sheet: 0"),
        ({"addConditionalFormatRule": {"rule": {}, "index": 0}}, "A conditional format needs ranges"),
        ({"mergeCells": {"range": place(6, 8, 0, 2)}}, "You must select all cells in a merged range"),
        ({"unmergeCells": {"range": place(6, 8, 0, 2)}}, "You must select all cells in a merged range"),
        ({"moveDimension": {"source": rows(6, 7), "destinationIndex": 1}}, "part of a merged range"),
        ({"moveDimension": {"source": rows(1, 2), "destinationIndex": 6}}, "part of a merged range"),
        (
            {"sortRange": {"range": place(4, 8, 0, 2), "sortSpecs": [{"dimensionIndex": 0}]}},
            "Cannot sort a range with merged cells",
        ),
        ({"mergeCells": {"range": place(0, 1, 0, 2), "mergeType": "MERGE_SOME"}}, "Invalid value"),
        ({"addTable": {"table": {"title": "x"}}}, 'Unknown name "title"'),
    ],
)
def test_what_google_refuses_is_refused(book, request_, message):
    do(book, table(), {"mergeCells": {"range": place(5, 7, 0, 2), "mergeType": "MERGE_ALL"}})
    before = tab(book)
    with pytest.raises(APIError, match=message):
        do(book, request_)
    assert tab(book) == before


def test_a_merge_moves_whole_and_goes_with_its_rows(book):
    do(book, {"mergeCells": {"range": place(5, 7, 0, 2), "mergeType": "MERGE_ALL"}})
    do(book, {"moveDimension": {"source": rows(5, 7), "destinationIndex": 1}})
    assert tab(book)["merges"] == [place(1, 3, 0, 2)]
    do(book, {"deleteDimension": {"range": rows(1, 3)}})
    assert tab(book) == {}


def test_a_filter_hides_rows_by_value(book):
    book.sheet1.update([["n"], ["a"], ["b"], ["a"]], "A1")
    spec = {"columnIndex": 0, "filterCriteria": {"hiddenValues": ["a"]}}
    do(book, {"setBasicFilter": {"filter": {"range": place(0, 4, 0, 1), "filterSpecs": [spec]}}})
    [data] = tab(book, "data(rowMetadata(hiddenByFilter))")["data"]
    assert [index for index, row in enumerate(data["rowMetadata"]) if row] == [1, 3]


def test_cells_show_their_validation_and_pivot_table(book):
    rule = {"condition": {"type": "BOOLEAN"}}
    pivot = {"source": place(0, 4, 0, 2), "rows": [{"sourceColumnOffset": 0}]}
    start = {"sheetId": 0, "rowIndex": 8, "columnIndex": 1}
    cells = [{"values": [{"pivotTable": pivot}]}]
    do(
        book,
        {"setDataValidation": {"range": place(1, 3, 0, 1), "rule": rule}},
        {"updateCells": {"start": start, "rows": cells, "fields": "pivotTable"}},
    )
    [data] = tab(book, "data(rowData(values(dataValidation,pivotTable)))")["data"]
    returned = {
        (row, column): cell
        for row, line in enumerate(data["rowData"])
        for column, cell in enumerate(line.get("values", []))
        if cell
    }
    assert returned == {
        (1, 0): {"dataValidation": rule}, (2, 0): {"dataValidation": rule}, (8, 1): {"pivotTable": pivot}
    }  # fmt: skip
    do(book, {"insertDimension": {"range": rows(2, 4)}})
    [data] = tab(book, "data(rowData(values(pivotTable)))")["data"]
    assert data["rowData"][10]["values"][1]["pivotTable"]["source"]["endRowIndex"] == 6
