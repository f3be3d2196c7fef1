"""A tab that people edit, read through the Sheets API of the sandbox."""

import json

import msgspec
import pytest
import requests
from google.auth.credentials import AnonymousCredentials

from connector.errors import RequestRejected
from connector.settings import Settings
from connector.sources import registry
from connector.sources.sheet.config import SheetSource
from connector.sources.sheet.reader import Document, create_reader
from tests.connector.sheet.conftest import HEADER


def rows(page):
    return [json.loads(bytes(item)) for item in page.items]


def test_cells_become_text_by_their_declared_type(person, read):
    person.type(
        [
            HEADER,
            ["2017-01-01", "1234.5", True, "first\nsecond"],
            ["2017-01-02", 0.1, False, 25671],
            ["2017-01-03", "=B2*3", "", "'007"],
        ]
    )
    page = read()
    assert (page.total_pages, page.total_items, page.next) == (1, 3, None)
    assert rows(page) == [
        {"day": "2017-01-01", "revenue": "1234.5", "agreed": "true", "note": "first\nsecond"},
        {"day": "2017-01-02", "revenue": "0.1", "agreed": "false", "note": "25671"},
        {"day": "2017-01-03", "revenue": "3703.5", "agreed": None, "note": "007"},
    ]


def test_cells_of_another_type_are_passed_to_ods(person, read):
    person.type([HEADER, ["soon", "a lot", "maybe", "x"], ["2017-01-01 12:00", "=1/0"]])
    assert rows(read()) == [
        {"day": "soon", "revenue": "a lot", "agreed": "maybe", "note": "x"},
        {"day": "2017-01-01T12:00:00+01:00", "revenue": "#DIV/0!", "agreed": None, "note": None},
    ]


def test_empty_rows_and_unticked_checkboxes_are_skipped(person, read):
    day = ["2017-01-01", 1]
    person.type([HEADER, [], day, ["", "", False], ["", ""], ["2017-01-02", 2, False], ["", "", False]])
    assert [row["day"] for row in rows(read())] == ["2017-01-01", "2017-01-02"]
    person.type([[""] * 4] * 6, "Plan!A2")
    assert rows(read()) == []


def test_columns_may_move_and_new_ones_are_reported(person, read):
    """The name of a new column contains a space, so it cannot be a column of raw: it is reported as drift."""
    person.type([["revenue", " Note ", "Owner", "Day", "", "Agreed", "Revenue"]])
    person.type([["x", "n", "Anna", "2017-01-01", "y", True, 7]], "Plan!A2")
    assert rows(read()) == [
        {
            "day": "2017-01-01",
            "revenue": "7",
            "agreed": "true",
            "note": "n",
            "column revenue": "x",
            "column Owner": "Anna",
        }
    ]


def test_special_characters_in_a_title_are_escaped(person, read, declared):
    title = "Anna's plan / 50% #1 ä"
    renamed = {"sheetId": person.tab, "title": title}
    person.change({"updateSheetProperties": {"properties": renamed, "fields": "title"}})
    person.type([HEADER, ["2017-01-01", 1]], "A1")
    declared["endpoints"]["targets"]["tab"] = title
    assert [row["day"] for row in rows(read())] == ["2017-01-01"]


def test_the_header_may_be_in_another_row(person, read, declared):
    declared["endpoints"]["targets"]["header_row"] = 3
    person.type([["The plan of the year"], [], HEADER, ["2017-01-01", 1]])
    assert [row["day"] for row in rows(read())] == ["2017-01-01"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["Day", "Revenu", "Agreed"], "has no column 'Revenue', 'Note' in row 1, which has: 'Day', 'Revenu'"),
        ([], "has no column 'Day', 'Revenue', 'Agreed', 'Note' in row 1, which has: nothing"),
        ([*HEADER, "Day"], "has 2 columns 'Day'. Rename or delete all but one."),
    ],
)
def test_a_missing_or_ambiguous_header_is_rejected(person, read, header, message):
    person.type([header, ["2017-01-01", 1]])
    with pytest.raises(RequestRejected) as raised:
        read()
    assert str(raised.value).startswith(f"Tab 'Plan' of spreadsheet {person.id} ")
    assert message in str(raised.value)


MERGED = """{"properties": {"timeZone": "Etc/GMT"}, "sheets": [{"properties": {"title": "Plan"}, "merges": [
{"sheetId": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 4},
{"sheetId": 0, "startRowIndex": 4, "endRowIndex": 6, "startColumnIndex": 1, "endColumnIndex": 2}]}]}"""


@pytest.mark.parametrize(("header_row", "row"), [(1, 1), (2, 5), (5, 5), (7, None)])
def test_merged_cells_below_the_header_are_rejected(declared, header_row, row):
    """https://developers.google.com/sheets/api/reference/rest/v4/spreadsheets/sheets"""
    declared["endpoints"]["targets"]["header_row"] = header_row
    source = registry.parse_source(declared, "planning.yaml")
    assert isinstance(source, SheetSource)
    tabs = msgspec.json.decode(MERGED, type=Document).sheets
    settings = Settings("p", "EU", "b", {"SPREADSHEET": "book"})
    reader = create_reader(source, "targets", settings, AnonymousCredentials())
    reader.client.session.close()  # it sends nothing
    if row is None:
        reader._check_tabs(tabs)
        return
    with pytest.raises(RequestRejected, match=f"has merged cells in row {row}, .*Unmerge"):
        reader._check_tabs(tabs)


def test_a_renamed_tab_is_reported_with_the_existing_ones(person, read):
    renamed = {"sheetId": person.tab, "title": "Plan 2017"}
    person.change({"updateSheetProperties": {"properties": renamed, "fields": "title"}})
    with pytest.raises(
        RequestRejected, match="Tab 'Plan' .* does not exist; the spreadsheet has: 'Plan 2017'"
    ):
        read()


def test_a_missing_permission_is_reported_with_the_account(person, read):
    with pytest.raises(RequestRejected, match=r"Share it with .* as a viewer"):
        read(identity="sheets-sync")


def test_a_missing_spreadsheet_is_reported(person, read):
    with pytest.raises(
        RequestRejected, match="spreadsheet nowhere does not exist. Its id is the part after /d/"
    ):
        read(book="nowhere")


def test_a_429_response_is_retried(person, read, sandbox, waits):
    person.type([HEADER, ["2017-01-01", 1]])
    fault = {"kind": "values.get", "answer": "429"}
    answer = requests.post(f"{sandbox.address}/sandbox/sheets/faults", json=fault, timeout=10)
    assert answer.ok, answer.text
    assert len(rows(read())) == 1
    assert len(waits) == 1
