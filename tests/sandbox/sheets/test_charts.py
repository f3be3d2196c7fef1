"""Charts: added over cells, changed, deleted; they follow rows; the page names what they show."""

import pytest
import requests
from gspread.exceptions import APIError


def do(book, *requests):
    return book.batch_update({"requests": list(requests)})["replies"]


def source(top, bottom, first_column, end_column, tab=0):
    rows = {"sheetId": tab, "startRowIndex": top, "endRowIndex": bottom}
    place = rows | {"startColumnIndex": first_column, "endColumnIndex": end_column}
    return {"sourceRange": {"sources": [place]}}


def chart(series, title="Sales", tab=0, **fields):
    basic = {"chartType": "LINE", "domains": [{"domain": source(0, 4, 0, 1)}], "series": [{"series": series}]}
    position = {"overlayPosition": {"anchorCell": {"sheetId": tab, "rowIndex": 1, "columnIndex": 2}}}
    spec = {"title": title, "basicChart": basic}
    return {"addChart": {"chart": {"spec": spec, "position": position} | fields}}


def charts(book):
    sheets = book.fetch_sheet_metadata({"fields": "sheets(properties(title),charts)"})["sheets"]
    return {tab["properties"]["title"]: tab.get("charts", []) for tab in sheets}


def ends(book):
    [item] = charts(book)["Sheet1"]
    basic = item["spec"]["basicChart"]
    places = basic["domains"][0]["domain"], basic["series"][0]["series"]
    return [place["sourceRange"]["sources"][0]["endRowIndex"] for place in places]


def test_a_chart_is_added_changed_and_deleted(book):
    [reply] = do(book, chart(source(0, 4, 1, 2)))
    added = reply["addChart"]["chart"]
    overlay = added["position"]["overlayPosition"]
    assert (overlay["widthPixels"], overlay["heightPixels"]) == (600, 371)
    other = {"title": "Other", "basicChart": {"chartType": "BAR", "series": [{"series": source(0, 4, 1, 2)}]}}
    do(book, {"updateChartSpec": {"chartId": added["chartId"], "spec": other}})
    [changed] = charts(book)["Sheet1"]
    assert (changed["spec"], changed["position"]) == (other, added["position"])
    do(book, {"deleteEmbeddedObject": {"objectId": added["chartId"]}})
    assert charts(book) == {"Sheet1": []}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"updateChartSpec": {"chartId": 9, "spec": {}}}, "No embedded object with id: 9"),
        ({"deleteEmbeddedObject": {"objectId": 9}}, "No embedded object with id: 9"),
        (chart(source(0, 4, 1, 2), chartId=5), "An embedded object with the id 5 already exists"),
        (chart(source(0, 4, 1, 2, tab=8)), "No grid with id: 8"),
        (chart(source(0, 4, 1, 3)), "Exactly one dimension of a source range must have a length of 1"),
        (chart(source(0, 4, 1, 2), tab=8), "No sheet with id: 8"),
        (chart(source(0, 4, 1, 2), colour="red"), 'Unknown name "colour"'),
    ],
)
def test_what_google_refuses_is_refused(book, request_, message):
    do(book, chart(source(0, 4, 1, 2), chartId=5))
    with pytest.raises(APIError, match=message):
        do(book, request_)
    assert [item["chartId"] for item in charts(book)["Sheet1"]] == [5]


def test_ranges_follow_rows(book):
    do(book, chart(source(0, 4, 1, 2)))
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 4}
    do(book, {"insertDimension": {"range": rows}})
    assert ends(book) == [6, 6]
    do(book, {"deleteDimension": {"range": rows | {"endIndex": 3}}})
    assert ends(book) == [5, 5]


def test_a_copied_tab_has_a_chart_with_another_id(book):
    do(book, chart(source(0, 4, 1, 2), chartId=5))
    do(book, {"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Copy"}})
    [copied] = charts(book)["Copy"]
    assert copied["chartId"] != 5


def test_the_page_names_title_and_ranges(book, sheets):
    book.sheet1.update_title("Day's <sales>")
    do(book, chart(source(0, 4, 1, 2), title="<b>Sales</b>"))
    page = requests.get(f"{sheets.state.address}/sheets/view/{book.id}", timeout=10).text
    assert "<figcaption>&lt;b&gt;Sales&lt;/b&gt;</figcaption>" in page
    assert "<li>&#x27;Day&#x27;&#x27;s &lt;sales&gt;&#x27;!A1:A4</li>" in page
    assert "B1:B4</li>" in page
