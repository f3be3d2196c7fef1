"""The page that shows a spreadsheet."""

from html.parser import HTMLParser

import pytest
import requests

from sandbox.sheets.page import write_page


class Cells(HTMLParser):
    """Texts of the cells of each tab, by row; and addresses that the page would fetch."""

    def __init__(self, text):
        super().__init__()
        self.tabs, self.fetched, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href")]
        if tag == "section":
            self.tabs.append([])
        elif tag == "tr":
            self.tabs[-1].append([])
        elif tag == "td":
            self.tabs[-1][-1].append("")
        self.inside = tag == "td"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.tabs[-1][-1][-1] += data


@pytest.fixture
def page(sheets, book):
    return lambda: requests.get(f"{sheets.state.address}/sheets/view/{book.id}", timeout=10).text


def test_it_shows_what_a_person_sees(book, page):
    book.sheet1.update([["Day", "Sales"], ["2017-01-02", "=SUM(1,2)"]], "A1", raw=False)
    book.sheet1.format("B2", {"numberFormat": {"type": "NUMBER", "pattern": "0.00"}})
    [tab] = Cells(page()).tabs
    assert [row[:2] for row in tab[1:3]] == [["Day", "Sales"], ["2017-01-02", "3.00"]]
    assert 'data-formula="=SUM(1,2)"' in page()


def test_hostile_text_is_text(book, page):
    book.update_title("<b>Book</b>")
    book.sheet1.update([["<script>alert(1)</script>", '"&']], "A1")
    [tab] = Cells(page()).tabs
    assert tab[1][:2] == ["<script>alert(1)</script>", '"&']
    assert "<b>Book" not in page()


def test_it_fetches_nothing(page):
    assert Cells(page()).fetched == []
    assert "@import" not in page()
    assert "url(" not in page()


def test_hidden_tabs_are_hidden(book, page):
    book.add_worksheet("Secret", 5, 5).hide()
    assert "Secret" not in page()


def test_the_header_looks_frozen_and_bold(book, page):
    book.sheet1.update([["Day"]], "A1")
    assert 'class="frozen' not in page()
    book.sheet1.freeze(1)
    book.sheet1.format("A1", {"textFormat": {"bold": True}, "backgroundColor": {"red": 1}})
    assert '<tr class="frozen edge">' in page()
    assert 'style="font-weight:600;background-color:#ff0000"' in page()


def test_a_long_tab_is_cut_with_a_note(book, page):
    book.sheet1.resize(1500, 2)
    book.sheet1.update([[n] for n in range(1500)], "A1")
    [tab] = Cells(page()).tabs
    assert len(tab) == 1001  # and the row of letters
    assert "… and 500 rows more" in page()


def test_it_can_be_saved(sheets, book, page, tmp_path):
    book.sheet1.update([["kept"]], "A1")
    write_page(sheets.state.root, book.id, tmp_path / "sheet.html")
    assert (tmp_path / "sheet.html").read_text() == page()


def test_what_is_not_there_is_not_shown(sheets):
    assert requests.get(f"{sheets.state.address}/sheets/view/nowhere", timeout=10).status_code == 404
