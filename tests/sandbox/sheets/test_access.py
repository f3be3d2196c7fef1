"""Who may do what; Drive; what is kept over a restart."""

import gspread
import pytest
import requests
from gspread.exceptions import APIError, SpreadsheetNotFound

from sandbox.sheets.store import OWNER
from sandbox.state import SPREADSHEET


def test_a_new_sandbox_has_one_spreadsheet_shared_with_sheets_sync(restartable):
    with restartable() as sheets:
        book = sheets.client("sandbox." + sheets.state.identity("sheets-sync")).open_by_key(SPREADSHEET)
        assert book.title == "Daily sales"
        assert [tab.title for tab in book.worksheets()] == ["Sheet1"]
        assert book.sheet1.get_all_values() == [[]]
        roles = {item["emailAddress"]: item["role"] for item in book.list_permissions()}
        assert roles == {OWNER: "owner", sheets.state.identity("sheets-sync"): "writer"}


def test_what_is_written_is_there_after_a_restart(restartable):
    with restartable() as sheets:
        book = sheets.client().open_by_key(SPREADSHEET)
        book.sheet1.update([["=1+1", "2017-01-02", "text"]], "A1", raw=False)
        book.sheet1.format("C1", {"textFormat": {"bold": True}})
        book.sheet1.freeze(1)
        book.sheet1.insert_note("C1", "remember")
        before = book.fetch_sheet_metadata({"includeGridData": "true"})
    with restartable() as sheets:
        after = sheets.client().open_by_key(SPREADSHEET).fetch_sheet_metadata({"includeGridData": "true"})
    for answer in (before, after):
        del answer["spreadsheetUrl"]  # another port
    assert after == before


def test_a_deleted_spreadsheet_does_not_come_back(restartable):
    with restartable() as sheets:
        sheets.client().del_spreadsheet(SPREADSHEET)
    with restartable() as sheets:
        assert sheets.client().openall() == []


def test_without_a_token_nothing_is_returned(sheets):
    address = f"{sheets.state.address}/sheets/v4/spreadsheets/{SPREADSHEET}"
    answer = requests.get(address, timeout=10)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_stranger_is_refused_until_invited(sheets, book):
    stranger = sheets.client("sandbox.stranger@example.com")
    with pytest.raises(PermissionError):
        stranger.open_by_key(book.id)
    book.share("stranger@example.com", "user", "reader", notify=False)
    theirs = stranger.open_by_key(book.id)
    assert theirs.title == "Book"
    with pytest.raises(APIError, match="The caller does not have permission") as refused:
        theirs.sheet1.update([["x"]], "A1")
    assert refused.value.response.status_code == 403
    book.share("stranger@example.com", "user", "writer", notify=False)
    theirs.sheet1.update([["x"]], "A1")
    book.remove_permissions("stranger@example.com")
    with pytest.raises(PermissionError):
        stranger.open_by_key(book.id)


def test_what_is_not_there_is_not_found(sheets):
    with pytest.raises(SpreadsheetNotFound):
        sheets.client().open_by_key("nowhere")


def test_files_are_listed_to_whom_they_are_shared_with(sheets, book):
    assert sheets.client().open("Book").title == "Book"
    assert book.id in {item.id for item in sheets.client().openall()}
    assert sheets.client("sandbox.stranger@example.com").openall() == []


@pytest.mark.parametrize("title", ["Salt and pepper", "Ada's list and 'others'", 'a "and" b', "and"])
def test_files_are_found_by_any_name(sheets, book, title):
    created = sheets.client().create(title)
    quoted = title.replace("'", "\\'")
    response = sheets.client().http_client.request(
        "get",
        "https://www.googleapis.com/drive/v3/files",
        params={"q": f"mimeType contains 'spreadsheet' and name = '{quoted}' and trashed = false"},
    )
    assert [item["id"] for item in response.json()["files"]] == [created.id]


@pytest.mark.parametrize(
    "term", ["trashed contains true", "name contains true", "trashed = 'no'", "name = false"]
)
def test_a_term_of_another_type_is_refused(sheets, book, term):
    with pytest.raises(APIError, match="Invalid Value"):
        sheets.client().http_client.request(
            "get", "https://www.googleapis.com/drive/v3/files", params={"q": term}
        )


def test_a_copy_is_another_spreadsheet(sheets, book):
    book.sheet1.update([["x"]], "A1")
    copy = sheets.client().copy(book.id, "Second")
    copy.sheet1.update([["y"]], "A1")
    assert (copy.title, copy.sheet1.acell("A1").value) == ("Second", "y")
    assert book.sheet1.acell("A1").value == "x"


def test_a_tab_can_be_copied_to_another_spreadsheet(sheets, book):
    book.sheet1.update([["x"]], "A1")
    other = sheets.client().create("Other")
    copy = book.sheet1.copy_to(other.id)
    assert copy["title"] == "Copy of Sheet1"
    assert other.worksheet("Copy of Sheet1").acell("A1").value == "x"


@pytest.mark.parametrize(
    ("email", "kind", "role", "status"),
    [
        ("nobody", "user", "writer", 400),
        ("a@b.example", "user", "boss", 400),
    ],
)
def test_a_share_that_makes_no_sense_is_refused(book, email, kind, role, status):
    with pytest.raises(APIError) as refused:
        book.share(email, kind, role, notify=False)
    assert refused.value.response.status_code == status


def test_only_the_owner_deletes(sheets, book):
    book.share("editor@example.com", "user", "writer", notify=False)
    with pytest.raises(APIError) as refused:
        sheets.client("sandbox.editor@example.com").del_spreadsheet(book.id)
    assert refused.value.response.status_code == 403
    assert isinstance(sheets.client().open_by_key(book.id), gspread.Spreadsheet)


@pytest.mark.parametrize("kind", ["user", "group", "domain"])
def test_a_permission_without_its_address_is_refused_and_replaces_no_other(restartable, kind):
    with restartable() as sheets:
        book = sheets.client().open_by_key(SPREADSHEET)
        book.share(None, perm_type="anyone", role="reader")
        before = book.list_permissions()
        with pytest.raises(APIError, match="invalid or not applicable"):
            book.share("", perm_type=kind, role="writer")
        assert book.list_permissions() == before
        book.share("example.com" if kind == "domain" else "a@example.com", perm_type=kind, role="writer")
        assert len(book.list_permissions()) == len(before) + 1
