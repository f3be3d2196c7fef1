"""Protected ranges: by cell, respected by insertions, and editable for their creators."""

import pytest
from gspread.exceptions import APIError

PROTECTED = "You are trying to edit a protected cell"
COLUMN_F = {"sheetId": 0, "startColumnIndex": 5, "endColumnIndex": 6}
HEADER = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}


def span(dimension, start, end):
    return {"range": {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}}


def write(row, column):
    start = {"sheetId": 0, "rowIndex": row, "columnIndex": column}
    values = [{"userEnteredValue": {"stringValue": "x"}}]
    return {"updateCells": {"start": start, "rows": [{"values": values}], "fields": "userEnteredValue"}}


@pytest.fixture
def writer(sheets, book):
    """A colleague who may edit the spreadsheet, as a function that sends one request."""
    book.share("editor@example.com", "user", "writer", notify=False)
    theirs = sheets.client("sandbox.editor@example.com").open_by_key(book.id)
    return lambda request: theirs.batch_update({"requests": [request]})


def protect(book, place, **fields):
    request = {"addProtectedRange": {"protectedRange": {"range": place, **fields}}}
    [reply] = book.batch_update({"requests": [request]})["replies"]
    return reply["addProtectedRange"]["protectedRange"]


def test_a_request_is_refused_for_the_cells_that_it_writes(book, writer):
    protect(book, COLUMN_F)
    writer(write(1, 1))
    writer(write(1, 4))
    with pytest.raises(APIError, match=PROTECTED):
        writer(write(1, 5))


@pytest.mark.parametrize(("dimension", "at"), [("ROWS", 1), ("ROWS", 500)])
def test_rows_are_not_inserted_inside_a_protected_column(book, writer, dimension, at):
    protect(book, COLUMN_F)
    with pytest.raises(APIError, match=PROTECTED):
        writer({"insertDimension": span(dimension, at, at + 1) | {"inheritFromBefore": True}})


def test_rows_are_inserted_below_a_protected_header(book, writer):
    protect(book, HEADER)
    writer({"insertDimension": span("ROWS", 1, 3)})
    with pytest.raises(APIError, match=PROTECTED):
        writer({"insertDimension": span("COLUMNS", 3, 4)})


def test_the_requester_becomes_an_editor_and_empty_fields_are_omitted(book, writer):
    protected = protect(book, HEADER, description=None, warningOnly=False)
    assert protected["editors"]["users"] == ["owner@example.com"]
    assert protected["requestingUserCanEdit"] is True
    assert not {"description", "warningOnly"} & protected.keys()
    reply = writer({"addProtectedRange": {"protectedRange": {"range": COLUMN_F}}})["replies"][0]
    assert reply["addProtectedRange"]["protectedRange"]["editors"]["users"] == ["editor@example.com"]
    writer(write(3, 5))


def test_a_warning_rejects_no_edit(book, writer):
    protected = protect(book, HEADER, warningOnly=True)
    assert "editors" not in protected
    writer(write(0, 0))
