"""spreadsheets.batchUpdate, by the real gspread: what each request does, and that a batch is one thing."""

import pytest
from gspread.exceptions import APIError


@pytest.fixture
def sheet(book):
    """A tab of 6 × 4 with numbers, their doubles by formula, and texts."""
    book.sheet1.resize(6, 4)
    rows = [["n", "twice", "text"], *[[n, f"=A{n + 1}*2", f"t{n}"] for n in (1, 2, 3, 4)]]
    book.sheet1.update(rows, "A1", raw=False)
    return book.sheet1


def do(sheet, *requests):
    return sheet.spreadsheet.batch_update({"requests": list(requests)})


def formulas(sheet, place):
    return sheet.get(place, value_render_option="FORMULA")


def span(dimension, start, end, tab=0):
    return {"sheetId": tab, "dimension": dimension, "startIndex": start, "endIndex": end}


def area(top, bottom, first_column, end_column, tab=0):
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": tab, **rows, "startColumnIndex": first_column, "endColumnIndex": end_column}


def test_a_batch_happens_whole_or_not_at_all(sheet):
    before = sheet.get_all_values()
    with pytest.raises(APIError, match=r"Invalid requests\[2\].deleteSheet: No sheet with id: 99"):
        do(
            sheet,
            {"addSheet": {"properties": {"title": "New"}}},
            {"updateCells": {"range": area(0, 6, 0, 4), "fields": "userEnteredValue"}},
            {"deleteSheet": {"sheetId": 99}},
        )
    assert sheet.get_all_values() == before
    assert [tab.title for tab in sheet.spreadsheet.worksheets()] == ["Sheet1"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"makeCoffee": {}}, "Unknown name \"makeCoffee\" at 'requests\\[0\\]': Cannot find field"),
        ({"addSheet": {"title": "x"}}, "Unknown name \"title\" at 'requests\\[0\\].add_sheet'"),
        ({"appendDimension": {"dimension": "ROW", "length": 1}}, "Invalid value at"),
        ({"deleteSheet": {"sheetId": "0"}}, "Invalid value at"),
        ({}, "exactly one kind"),
        ({"deleteSheet": {"sheetId": 0}}, "You can't remove all the sheets in a document"),
        ({"addSheet": {"properties": {"title": "SHEET1"}}}, "already exists. Please enter another name"),
        ({"addSheet": {"properties": {"sheetId": 0}}}, "A sheet with the id 0 already exists"),
        (
            {"addSheet": {"properties": {"gridProperties": {"rowCount": 400_000}}}},
            "above the limit of 10000000 cells",
        ),
        (
            {"appendDimension": {"dimension": "ROWS", "length": 2_500_000}},
            "above the limit of 10000000 cells",
        ),
        (
            {"updateSheetProperties": {"properties": {"hidden": True}, "fields": "hidden"}},
            "all the visible sheets",
        ),
        ({"updateSheetProperties": {"properties": {"title": "x"}}}, "At least one field must be listed"),
        ({"updateSheetProperties": {"properties": {}, "fields": "titel"}}, "Invalid field: titel"),
        (
            {
                "updateSheetProperties": {
                    "properties": {"gridProperties": {"frozenRowCount": 6}},
                    "fields": "gridProperties.frozenRowCount",
                }
            },
            "You can't freeze all visible rows",
        ),
        ({"deleteDimension": {"range": span("ROWS", 0, 6)}}, "You can't delete all the rows"),
        ({"deleteDimension": {"range": span("ROWS", 5, 7)}}, "outside the grid"),
        ({"updateCells": {"fields": "userEnteredValue"}}, "Exactly one of 'start' and 'range'"),
        (
            {"updateCells": {"start": {"rowIndex": 6}, "rows": [{"values": [{}]}], "fields": "note"}},
            "exceeds grid limits",
        ),
        ({"repeatCell": {"range": {}, "cell": {}, "fields": "effectiveValue"}}, "read-only"),
        ({"addNamedRange": {"namedRange": {"name": "A1", "range": {"sheetId": 0}}}}, "no name for a range"),
        (
            {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 5}}}},
            "No developer metadata",
        ),
    ],
)
def test_what_google_refuses_is_refused(sheet, request_, message):
    with pytest.raises(APIError, match=message) as refused:
        do(sheet, request_)
    assert refused.value.response.status_code == 400


def test_what_only_google_has_is_reported(sheet):
    with pytest.raises(APIError, match="addSlicer: Google has it, this sandbox has not") as refused:
        do(sheet, {"addSlicer": {"slicer": {}}})
    assert refused.value.response.status_code == 501


def test_tabs_are_made_renamed_moved_copied_and_deleted(sheet):
    book = sheet.spreadsheet
    added = do(sheet, {"addSheet": {"properties": {"sheetId": 7, "title": "New", "index": 0}}})
    assert added["replies"][0]["addSheet"]["properties"]["gridProperties"] == {
        "rowCount": 1000,
        "columnCount": 26,
    }
    copied = do(sheet, {"duplicateSheet": {"sourceSheetId": 0, "insertSheetIndex": 1}})["replies"][0]
    assert copied["duplicateSheet"]["properties"]["title"] == "Copy of Sheet1"
    assert book.worksheet("Copy of Sheet1").get_all_values() == sheet.get_all_values()
    do(
        sheet,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 7, "title": "Last", "index": 3},
                "fields": "title,index",
            }
        },
    )
    assert [tab.title for tab in book.worksheets()] == ["Copy of Sheet1", "Sheet1", "Last"]
    do(sheet, {"deleteSheet": {"sheetId": 7}})
    assert [tab.title for tab in book.worksheets()] == ["Copy of Sheet1", "Sheet1"]


def test_a_string_value_is_never_a_formula(sheet):
    cells = [{"userEnteredValue": {"stringValue": "=1+1"}}, {"userEnteredValue": {"formulaValue": "=1+1"}}]
    do(
        sheet,
        {
            "updateCells": {
                "start": {"rowIndex": 5},
                "rows": [{"values": cells}],
                "fields": "userEnteredValue",
            }
        },
    )
    assert sheet.get("A6:B6", value_render_option="UNFORMATTED_VALUE") == [["=1+1", 2]]


def test_update_cells_clears_what_the_rows_do_not_cover(sheet):
    rows = [{"values": [{"userEnteredValue": {"numberValue": 9}}]}]
    do(sheet, {"updateCells": {"range": area(1, 3, 0, 2), "rows": rows, "fields": "userEnteredValue"}})
    assert sheet.get("A1:C4") == [["n", "twice", "text"], ["9", "", "t1"], ["", "", "t2"], ["3", "6", "t3"]]


def test_repeat_cell_touches_only_the_masked_fields(sheet):
    number_format = {"numberFormat": {"type": "NUMBER", "pattern": "0.00"}}
    do(
        sheet,
        {
            "repeatCell": {
                "range": area(1, 5, 0, 1),
                "cell": {"userEnteredFormat": number_format},
                "fields": "userEnteredFormat.numberFormat",
            }
        },
    )
    do(
        sheet,
        {
            "repeatCell": {
                "range": area(1, 2, 0, 1),
                "cell": {"userEnteredFormat": {"textFormat": {"bold": True}}},
                "fields": "userEnteredFormat.textFormat.bold",
            }
        },
    )
    assert sheet.get("A2:B3") == [["1.00", "2"], ["2.00", "4"]]
    data = sheet.spreadsheet.fetch_sheet_metadata(
        {"fields": "sheets.data.rowData.values.userEnteredFormat", "ranges": "A2"}
    )
    assert data["sheets"][0]["data"][0]["rowData"][0]["values"][0]["userEnteredFormat"] == number_format | {
        "textFormat": {"bold": True}
    }


def test_rows_inserted_and_deleted_take_formulas_names_and_metadata_along(sheet):
    book = sheet.spreadsheet
    location = {"dimensionRange": span("ROWS", 3, 4)}
    item = {"metadataKey": "row", "metadataValue": "3", "location": location, "visibility": "DOCUMENT"}
    do(
        sheet,
        {"addNamedRange": {"namedRange": {"name": "numbers", "range": area(1, 5, 0, 1)}}},
        {"createDeveloperMetadata": {"developerMetadata": item}},
    )
    do(sheet, {"insertDimension": {"range": span("ROWS", 2, 4)}})
    assert formulas(sheet, "A2:B6") == [[1, "=A2*2"], [], [], [2, "=A5*2"], [3, "=A6*2"]]
    assert book.values_get("numbers")["range"] == "Sheet1!A2:A7"
    do(sheet, {"deleteDimension": {"range": span("ROWS", 1, 5)}})
    assert formulas(sheet, "A1:B3") == [["n", "twice"], [3, "=A2*2"], [4, "=A3*2"]]
    matches = do_search(book, {"metadataKey": "row"})
    assert matches["location"]["dimensionRange"]["startIndex"] == 1
    do(sheet, {"deleteDimension": {"range": span("ROWS", 1, 2)}})
    assert do_search(book, {"metadataKey": "row"}) is None


def do_search(book, lookup):
    url = f"https://sheets.googleapis.com/v4/spreadsheets/{book.id}/developerMetadata:search"
    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    matches = book.client.request("post", url, json=body).json().get("matchedDeveloperMetadata")
    return matches[0]["developerMetadata"] if matches else None


def test_a_formula_whose_cell_is_deleted_is_an_error(sheet):
    sheet.update([["=A2+1"]], "D1", raw=False)
    do(sheet, {"deleteDimension": {"range": span("ROWS", 1, 2)}})
    assert formulas(sheet, "D1") == [["=#REF!+1"]]
    assert sheet.get("D1") == [["#REF!"]]


def test_moved_rows_land_before_the_index_counted_before_the_move(sheet):
    do(sheet, {"moveDimension": {"source": span("ROWS", 1, 2), "destinationIndex": 4}})
    assert formulas(sheet, "A2:B5") == [[2, "=A2*2"], [3, "=A3*2"], [1, "=A4*2"], [4, "=A5*2"]]


@pytest.mark.parametrize(
    ("kind", "pasted"),
    [("PASTE_NORMAL", [[1, "=C5*2"]]), ("PASTE_FORMULA", [[1, "=C5*2"]]), ("PASTE_VALUES", [[1, 2]])],
)
def test_copies_carry_formulas_or_their_values(sheet, kind, pasted):
    sheet.format("A2", {"textFormat": {"bold": True}})
    do(sheet, {"copyPaste": {"source": area(1, 2, 0, 2), "destination": area(4, 5, 2, 4), "pasteType": kind}})
    assert formulas(sheet, "C5:D5") == pasted
    data = sheet.spreadsheet.fetch_sheet_metadata(
        {"fields": "sheets.data.rowData.values.userEnteredFormat", "ranges": "C5"}
    )
    formatted = "rowData" in data["sheets"][0]["data"][0] and data["sheets"][0]["data"][0]["rowData"][0][
        "values"
    ] != [{}]
    assert formatted == (kind == "PASTE_NORMAL")


def test_pasted_blanks_blank_and_texts_stay_texts(sheet):
    sheet.update([["=1+1", ""]], "A6", raw=True)
    do(
        sheet,
        {
            "copyPaste": {
                "source": area(5, 6, 0, 2),
                "destination": area(1, 2, 0, 2),
                "pasteType": "PASTE_VALUES",
            }
        },
    )
    assert sheet.get("A2:C2") == [["=1+1", "", "t1"]]


def test_rows_are_sorted_numbers_first_blanks_last(sheet):
    sheet.update([["b"], [2], [""], [1]], "A2", raw=True)
    spec = {"dimensionIndex": 0, "sortOrder": "ASCENDING"}
    do(sheet, {"sortRange": {"range": area(1, 5, 0, 3), "sortSpecs": [spec]}})
    assert formulas(sheet, "A2:C5") == [
        [1, "=A2*2", "t4"],
        [2, "=A3*2", "t2"],
        ["b", "=A4*2", "t1"],
        ["", "=A5*2", "t3"],
    ]


def test_metadata_is_found_changed_and_deleted(sheet):
    book = sheet.spreadsheet
    item = {
        "metadataId": 5,
        "metadataKey": "k",
        "metadataValue": "1",
        "location": {"sheetId": 0},
        "visibility": "DOCUMENT",
    }
    do(sheet, {"createDeveloperMetadata": {"developerMetadata": item}})
    [tab] = book.fetch_sheet_metadata({"fields": "sheets.developerMetadata"})["sheets"]
    assert tab["developerMetadata"] == [item | {"location": {"locationType": "SHEET", "sheetId": 0}}]
    with pytest.raises(APIError, match="Developer metadata with the id 5 already exists"):
        do(sheet, {"createDeveloperMetadata": {"developerMetadata": item}})
    lookup = {"developerMetadataLookup": {"metadataKey": "k"}}
    do(
        sheet,
        {
            "updateDeveloperMetadata": {
                "dataFilters": [lookup],
                "developerMetadata": {"metadataValue": "2"},
                "fields": "metadataValue",
            }
        },
    )
    assert do_search(book, {"metadataId": 5})["metadataValue"] == "2"
    do(sheet, {"deleteDeveloperMetadata": {"dataFilter": lookup}})
    assert book.fetch_sheet_metadata({"fields": "sheets.developerMetadata"})["sheets"] == [{}]


def test_a_protected_range_stops_others_and_not_the_owner(sheets, sheet):
    book = sheet.spreadsheet
    book.share("editor@example.com", "user", "writer", notify=False)
    sheet.add_protected_range("A1:D1")
    theirs = sheets.client("sandbox.editor@example.com").open_by_key(book.id).sheet1
    with pytest.raises(APIError, match="You are trying to edit a protected cell"):
        theirs.update([["x"]], "A1")
    with pytest.raises(APIError, match="You are trying to edit a protected cell"):
        do(theirs, {"repeatCell": {"range": area(0, 2, 0, 1), "cell": {}, "fields": "userEnteredValue"}})
    theirs.update([["x"]], "A2")
    sheet.update([["y"]], "A1")
    assert sheet.get("A1:A2") == [["y"], ["x"]]


@pytest.mark.parametrize(
    "request_",
    [
        {"deleteDimension": {"range": span("ROWS", 0, 2)}},
        {"deleteDimension": {"range": span("COLUMNS", 1, 2)}},
        {"moveDimension": {"source": span("ROWS", 0, 1), "destinationIndex": 3}},
        {"deleteProtectedRange": {"protectedRangeId": 7}},
        {"updateProtectedRange": {"protectedRange": {"protectedRangeId": 7}, "fields": "description"}},
    ],
)
def test_what_is_protected_cannot_be_taken_away_either(sheets, sheet, request_):
    book = sheet.spreadsheet
    book.share("editor@example.com", "user", "writer", notify=False)
    do(sheet, {"addProtectedRange": {"protectedRange": {"protectedRangeId": 7, "range": area(0, 1, 0, 4)}}})
    theirs = sheets.client("sandbox.editor@example.com").open_by_key(book.id).sheet1
    with pytest.raises(APIError, match="You are trying to edit a protected cell"):
        do(theirs, request_)
    do(theirs, {"deleteDimension": {"range": span("ROWS", 3, 4)}})
    do(sheet, request_)


def test_metadata_of_a_sheet_has_a_limit(sheet):
    def item(value, **where):
        fields = {"metadataKey": "key", "metadataValue": value, "visibility": "DOCUMENT", "location": where}
        return {"createDeveloperMetadata": {"developerMetadata": fields}}

    do(sheet, item("x" * 20_000, sheetId=0))
    with pytest.raises(APIError, match="Developer metadata of 30003 characters: 30000 is the most"):
        do(sheet, item("x" * 9_997, dimensionRange=span("ROWS", 1, 2)))
    do(sheet, item("x" * 29_000, spreadsheet=True))


def test_rows_at_the_very_end_are_inserted_as_those_before_them(sheet):
    with pytest.raises(
        APIError, match="must be less than the grid size \\(6\\) if inheritFromBefore is false"
    ):
        do(sheet, {"insertDimension": {"range": span("ROWS", 6, 7)}})
    do(sheet, {"insertDimension": {"range": span("ROWS", 6, 7), "inheritFromBefore": True}})


def test_a_spreadsheet_is_answered_without_cells_unless_requested(sheet):
    book = sheet.spreadsheet
    assert "data" not in book.fetch_sheet_metadata()["sheets"][0]
    mask = {"fields": "properties.title,sheets(properties(sheetId,title))"}
    assert book.fetch_sheet_metadata(mask) == {
        "properties": {"title": "Book"},
        "sheets": [{"properties": {"sheetId": 0, "title": "Sheet1"}}],
    }
    cells = book.fetch_sheet_metadata(
        {"ranges": "A2:B2", "fields": "sheets.data.rowData.values(formattedValue,userEnteredValue)"}
    )
    assert cells["sheets"][0]["data"][0]["rowData"][0]["values"] == [
        {"formattedValue": "1", "userEnteredValue": {"numberValue": 1}},
        {"formattedValue": "2", "userEnteredValue": {"formulaValue": "=A2*2"}},
    ]
    with pytest.raises(APIError, match="Invalid field: colour"):
        book.fetch_sheet_metadata({"fields": "sheets(colour)"})
