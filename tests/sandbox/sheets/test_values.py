"""Cells by the real gspread: what is written, what is read."""

import gspread
import pytest
from gspread.exceptions import APIError

from sandbox.sheets.entered import understood
from sandbox.sheets.formats import format_value


@pytest.fixture
def sheet(sheets):
    """A new spreadsheet's only tab, 1000 × 26."""
    return sheets.client().create("Book").sheet1


def unformatted(sheet, place):
    return sheet.get(place, value_render_option="UNFORMATTED_VALUE")


def test_raw_makes_nothing_out_of_a_text(sheet):
    texts = ["=1+1", "+1", "@a", "2017-01-02", "1,234.5", "12%", "TRUE", "'quoted"]
    sheet.update([texts], "A1", raw=True)
    assert unformatted(sheet, "A1:H1") == [texts]
    assert sheet.get("A1:H1", value_render_option="FORMULA") == [texts]


def test_user_entered_reads_what_a_person_means(sheet):
    texts = ["=1+1", "+1", "2017-01-02", "1,234.5", "12%", "TRUE", "'=1", "$3", "1/2/2017 18:00", "plain"]
    sheet.update([texts], "A1", raw=False)
    assert unformatted(sheet, "A1:J1") == [[2, 1, 42737, 1234.5, 0.12, True, "=1", 3, 42737.75, "plain"]]
    assert sheet.get("A1:J1")[0][2:5] == ["2017-01-02", "1234.5", "12.00%"]


def test_numbers_and_booleans_stay_what_they_are(sheet):
    sheet.update([[1, 2.5, True, -0.1]], "A1", raw=True)
    assert unformatted(sheet, "A1:D1") == [[1, 2.5, True, -0.1]]
    assert sheet.get("A1:D1") == [["1", "2.5", "TRUE", "-0.1"]]


def test_null_skips_a_cell_and_an_empty_text_blanks_it(sheet):
    sheet.update([["a", "b", "c"]], "A1")
    sheet.update([[None, "", "C"]], "A1")
    assert sheet.get("A1:C1") == [["a", "", "C"]]


def test_what_is_blank_at_the_end_is_not_answered(sheet):
    sheet.update([["a", "", ""], ["", "b", ""], ["", "", ""]], "B2")
    assert sheet.get("A1:F9") == [[], ["", "a"], ["", "", "b"]]
    assert sheet.spreadsheet.values_get("Sheet1!F1:G9") == {"range": "Sheet1!F1:G9", "majorDimension": "ROWS"}


def test_columns_may_be_the_lines(sheet):
    sheet.spreadsheet.values_update(
        "A1", {"valueInputOption": "RAW"}, {"majorDimension": "COLUMNS", "values": [[1, 2], [3]]}
    )
    assert unformatted(sheet, "A1:B2") == [[1, 3], [2]]
    columns = sheet.spreadsheet.values_get("A1:B2", {"majorDimension": "COLUMNS"})
    assert columns["values"] == [["1", "2"], ["3"]]


def test_tabs_with_spaces_and_quotes_are_found(sheet):
    book = sheet.spreadsheet
    other = book.add_worksheet("It's 1/2 & done", 3, 3)
    other.update([["x"]], "B2")
    assert book.values_get("'It''s 1/2 & done'!B2:B3")["values"] == [["x"]]
    assert book.values_get("It's 1/2 & done!B2")["values"] == [["x"]]
    assert book.values_get("'It''s 1/2 & done'")["range"] == "'It''s 1/2 & done'!A1:C3"


@pytest.mark.parametrize(
    ("requested", "answered"),
    [
        ("B2", "Sheet1!B2"),
        ("$B$2:c3", "Sheet1!B2:C3"),
        ("C3:B2", "Sheet1!B2:C3"),
        ("B:C", "Sheet1!B1:C1000"),
        ("2:3", "Sheet1!A2:Z3"),
        ("B2:C", "Sheet1!B2:C1000"),
        ("sheet1!A999:B2000", "Sheet1!A999:B1000"),
        ("Sheet1", "Sheet1!A1:Z1000"),
    ],
)
def test_ranges(sheet, requested, answered):
    assert sheet.spreadsheet.values_get(requested)["range"] == answered


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("A1001", "exceeds grid limits. Max rows: 1000, max columns: 26"),
        ("AA1", "exceeds grid limits"),
        ("Nowhere!A1", "Unable to parse range: Nowhere!A1"),
        ("A0", "Unable to parse range: A0"),
        ("", "Unable to parse range"),
    ],
)
def test_invalid_ranges(sheet, place, message):
    with pytest.raises(APIError, match=message) as refused:
        sheet.spreadsheet.values_batch_get([place])
    assert refused.value.response.status_code == 400


def test_writing_never_makes_the_grid_grow(sheet):
    with pytest.raises(APIError, match=r"Range \(Sheet1!A1000:A1001\) exceeds grid limits"):
        sheet.update([["x"], ["y"]], "A1000")
    assert sheet.get("A1000") == [[]]


def test_data_larger_than_its_range_is_refused(sheet):
    with pytest.raises(
        APIError, match=r"Requested writing within range \[Sheet1!A1:B1\], but tried writing to row \[2\]"
    ):
        sheet.update([[1, 2], [3, 4]], "A1:B1")


def test_a_batch_of_values_is_written_whole_or_not_at_all(sheet):
    with pytest.raises(APIError, match="exceeds grid limits"):
        sheet.batch_update([{"range": "A1", "values": [["x"]]}, {"range": "A1001", "values": [["y"]]}])
    assert sheet.get("A1") == [[]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 50_001, "maximum of 50000 characters in a single cell"),
        ([1], "list_value"),
        ({"a": 1}, "struct_value"),
    ],
)
def test_what_no_cell_holds_is_refused(sheet, value, message):
    with pytest.raises(APIError, match=message):
        sheet.update([[value]], "A1")


def test_append_goes_below_the_table_and_grows_the_grid(sheet):
    sheet.resize(3, 3)
    sheet.update([["a"], ["b"]], "A1")
    sheet.append_rows([["c"], ["d"]])
    assert sheet.get("A1:A4") == [["a"], ["b"], ["c"], ["d"]]
    assert (
        sheet.spreadsheet.fetch_sheet_metadata()["sheets"][0]["properties"]["gridProperties"]["rowCount"] == 4
    )


def test_clear_takes_values_and_leaves_formats(sheet):
    sheet.update([["a", "b"]], "A1")
    sheet.format("A1", {"textFormat": {"bold": True}})
    sheet.batch_clear(["A1"])
    assert sheet.get("A1:B1") == [["", "b"]]
    cell = sheet.spreadsheet.fetch_sheet_metadata({"ranges": "A1", "includeGridData": "true"})["sheets"][0][
        "data"
    ][0]
    assert cell["rowData"][0]["values"][0]["userEnteredFormat"] == {"textFormat": {"bold": True}}


def test_an_option_is_required_and_unknown_ones_are_refused(sheet):
    with pytest.raises(APIError, match="'valueInputOption' is required but not specified"):
        sheet.spreadsheet.values_update("A1", {}, {"values": [["x"]]})
    with pytest.raises(APIError, match="Invalid value at 'valueRenderOption'"):
        sheet.get("A1", value_render_option="PRETTY")
    with pytest.raises(APIError, match='Unknown name "colour": Cannot bind query parameter'):
        sheet.spreadsheet.values_get("A1", {"colour": "red"})


@pytest.mark.parametrize(
    ("value", "kind", "pattern", "text"),
    [
        (1234.5, "NUMBER", "#,##0.00", "1,234.50"),
        (-1234.5, "NUMBER", "#,##0", "-1,234"),
        (0.5, "NUMBER", "0", "0"),
        (-0.001, "NUMBER", "0.00", "0.00"),
        (0.1234, "PERCENT", "0.0%", "12.3%"),
        (3, "CURRENCY", '"$"#,##0.00', "$3.00"),
        (7, "NUMBER", "000", "007"),
        (1.5, "NUMBER", "#.##", "1.5"),
        (-5, "NUMBER", "0;(0)", "(5)"),
        (12345, "SCIENTIFIC", "0.00E+00", "1.23E+04"),
        (42736, "DATE", "yyyy-mm-dd", "2017-01-01"),
        (42736, "DATE", "ddd, d mmm yy", "Sun, 1 Jan 17"),
        (42736.75, "DATE_TIME", "yyyy-mm-dd hh:mm:ss", "2017-01-01 18:00:00"),
        (42736.75, "TIME", "h:mm am/pm", "6:00 PM"),
        (0.1 + 0.2, None, None, "0.3"),
        (1e21, None, None, "1E+21"),
        (2**53, None, None, "9.007199255E+15"),
        (123456789012345, None, None, "123456789012345"),
    ],
)
def test_number_formats(value, kind, pattern, text):
    number_format = {"type": kind, "pattern": pattern} if kind else {}
    assert format_value(value, {"numberFormat": number_format}) == text


@pytest.mark.parametrize("text", ["1.2.3", "--1", "12/31", "e5", "1,23,4", "% 5", "a=1"])
def test_what_a_person_does_not_mean_as_a_number_stays(text):
    value, kind = understood(text)
    assert kind is None
    assert not isinstance(value, float | int)


def test_gspread_reads_records(sheet):
    sheet.update([["day", "sales"], ["2017-01-01", 3]], "A1")
    assert sheet.get_all_records() == [{"day": "2017-01-01", "sales": 3}]
    assert isinstance(sheet, gspread.Worksheet)


def test_a_body_for_another_range_is_refused(sheet):
    with pytest.raises(APIError, match="differs from the body's 'B2'"):
        sheet.spreadsheet.values_update("A1", {"valueInputOption": "RAW"}, {"range": "B2", "values": [["x"]]})
