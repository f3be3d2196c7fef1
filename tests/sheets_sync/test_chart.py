"""`chart`: Sheets' own chart of the synced columns, in a tab beside the synced one."""

from typing import Any

import pytest

from sheets_sync.errors import ExportError
from sheets_sync.export import Export
from tests.sheets_sync.sheet_in_memory import OLD, ORDERED, SheetInMemory, declared, sync_rows

CHART = {"tab": "Sales chart", "type": "column", "x": "day", "y": ["revenue"], "title": "Revenue by day"}
MORE = [*OLD, (4, "d", 4.5), (5, "e", 5.5)]


def charted(**changes: Any) -> Export:
    return declared(**ORDERED, chart=CHART | changes)


class Sheet(SheetInMemory):
    def charts(self) -> dict[str, list[dict[str, Any]]]:
        """The charts by the title of their tab."""
        by_title = {tab.title: tab.objects.get("charts", []) for tab in self.book.tabs}
        return {title: charts for title, charts in by_title.items() if charts}

    def titles(self) -> list[str]:
        return [tab.title for tab in self.book.tabs if not tab.properties.get("hidden")]

    def ends(self) -> list[int]:
        """Last row of each range of the only chart."""
        [[chart]] = self.charts().values()
        basic = chart["spec"]["basicChart"]
        parts = [item["domain"] for item in basic["domains"]] + [item["series"] for item in basic["series"]]
        return [part["sourceRange"]["sources"][0]["endRowIndex"] for part in parts]

    def person_chart(self, tab: int, chart_id: int) -> None:
        place = {"sheetId": self.tab.id, "startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0}
        data = {"sourceRange": {"sources": [place | {"endColumnIndex": 1}]}}
        spec = {"title": "Mine", "basicChart": {"chartType": "BAR", "series": [{"series": data}]}}
        position = {"overlayPosition": {"anchorCell": {"sheetId": tab}}}
        self.person({"addChart": {"chart": {"chartId": chart_id, "spec": spec, "position": position}}})


@pytest.fixture
def sheet() -> Sheet:
    return Sheet()


def test_the_chart_is_in_a_tab_beside_the_synced_one(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    assert sheet.titles() == ["Sheet1", "Ours", "Sales chart"]
    [chart] = sheet.charts()["Sales chart"]
    spec = chart["spec"]
    assert (spec["title"], spec["basicChart"]["chartType"], spec["basicChart"]["headerCount"]) == (
        "Revenue by day", "COLUMN", 1,
    )  # fmt: skip
    [series] = spec["basicChart"]["series"]
    assert series["series"]["sourceRange"]["sources"] == [
        {"sheetId": sheet.tab.id, "startRowIndex": 0, "endRowIndex": 4, "startColumnIndex": 2, "endColumnIndex": 3}
    ]  # fmt: skip


def test_without_a_change_nothing_is_written(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    sent = len(sheet.batches)
    sync_rows(sheet, charted(), OLD)
    assert len(sheet.batches) == sent


@pytest.mark.parametrize("rows", [MORE, OLD[:1], [], [(9, "z", 1.0)], MORE[::-1]])
def test_the_chart_ends_at_the_last_row(sheet: Sheet, rows: list[tuple[Any, ...]]) -> None:
    sync_rows(sheet, charted(), OLD)
    sync_rows(sheet, charted(), rows)
    assert sheet.ends() == [max(2, 1 + len(rows))] * 2
    sent = len(sheet.batches)
    sync_rows(sheet, charted(), rows)
    assert len(sheet.batches) == sent


def test_a_chart_that_is_declared_later_is_beside_the_existing_tab(sheet: Sheet) -> None:
    sync_rows(sheet, declared(**ORDERED), OLD)
    sheet.person({"addSheet": {"properties": {"title": "Last"}}})
    sync_rows(sheet, charted(), OLD)
    assert sheet.titles() == ["Sheet1", "Ours", "Sales chart", "Last"]


def test_renamed_tabs_and_a_moved_chart_are_followed(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    ids = {tab.title: tab.id for tab in sheet.book.tabs}
    for title in ("Ours", "Sales chart"):
        properties = {"sheetId": ids[title], "title": f"My {title}"}
        sheet.person({"updateSheetProperties": {"properties": properties, "fields": "title"}})
    sync_rows(sheet, charted(), MORE)
    assert list(sheet.charts()) == ["My Sales chart"]
    assert sheet.ends() == [6, 6]


def test_columns_that_people_inserted_do_not_change_what_is_charted(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    place = {"sheetId": sheet.tab.id, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    sheet.person({"insertDimension": {"range": place, "inheritFromBefore": True}})
    sync_rows(sheet, charted(), OLD)
    [chart] = sheet.charts()["Sales chart"]
    [series] = chart["spec"]["basicChart"]["series"]
    assert series["series"]["sourceRange"]["sources"][0]["startColumnIndex"] == 2


def test_another_declaration_changes_the_chart_and_keeps_its_id(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    [before] = sheet.charts()["Sales chart"]
    sync_rows(sheet, charted(type="line", title="Other"), OLD)
    [after] = sheet.charts()["Sales chart"]
    assert after["chartId"] == before["chartId"]
    assert (after["spec"]["title"], after["spec"]["basicChart"]["chartType"]) == ("Other", "LINE")


def test_a_chart_that_people_deleted_is_drawn_again(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    [chart] = sheet.charts()["Sales chart"]
    sheet.person({"deleteEmbeddedObject": {"objectId": chart["chartId"]}})
    sync_rows(sheet, charted(), OLD)
    assert len(sheet.charts()["Sales chart"]) == 1
    [tab] = [tab.id for tab in sheet.book.tabs if tab.title == "Sales chart"]
    sheet.person({"deleteSheet": {"sheetId": tab}})
    sync_rows(sheet, charted(), OLD)
    assert len(sheet.charts()["Sales chart"]) == 1


def test_charts_of_people_stay_and_follow_the_rows(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    sheet.person_chart(sheet.tab.id, 77)
    sync_rows(sheet, charted(), MORE)
    [mine] = sheet.charts()["Ours"]
    assert (mine["chartId"], mine["spec"]["title"]) == (77, "Mine")
    sync_rows(sheet, declared(**ORDERED), MORE)
    assert [chart["chartId"] for chart in sheet.charts()["Ours"]] == [77]


def test_the_chart_and_its_tab_go_with_the_declaration(sheet: Sheet) -> None:
    sync_rows(sheet, charted(), OLD)
    sync_rows(sheet, declared(**ORDERED), OLD)
    assert (sheet.titles(), sheet.charts()) == (["Sheet1", "Ours"], {})
    sent = len(sheet.batches)
    sync_rows(sheet, declared(**ORDERED), OLD)
    assert len(sheet.batches) == sent


@pytest.mark.parametrize("theirs", ["a chart", "a cell"])
def test_a_tab_with_something_of_people_stays(sheet: Sheet, theirs: str) -> None:
    sync_rows(sheet, charted(), OLD)
    [tab] = [tab for tab in sheet.book.tabs if tab.title == "Sales chart"]
    if theirs == "a chart":
        sheet.person_chart(tab.id, 77)
    else:
        rows = [{"values": [{"userEnteredValue": {"stringValue": "mine"}}]}]
        start = {"sheetId": tab.id, "rowIndex": 20, "columnIndex": 2}
        sheet.person({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})
    sync_rows(sheet, declared(**ORDERED), OLD)
    assert sheet.titles() == ["Sheet1", "Ours", "Sales chart"]
    assert [chart["chartId"] for chart in sheet.charts().get("Sales chart", [])] == (
        [77] if theirs == "a chart" else []
    )
    sync_rows(sheet, charted(), OLD)
    assert sheet.titles() == ["Sheet1", "Ours", "Sales chart 2", "Sales chart"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": ["units"]}, r"t\.yaml: chart\.y is units, expected columns of: day, baskets, revenue\."),
        ({"x": "hour"}, r"t\.yaml: chart\.x is hour, expected columns of: day, baskets, revenue\."),
        ({"y": []}, r"t\.yaml: chart\.y is \[\], expected a list of 1 to 10 columns of the export\."),
        ({"y": ["day"]}, r"chart has x day and y \['day'\], expected each column once\."),
        ({"y": ["revenue", "revenue"]}, r"expected each column once\."),
        ({"type": "pie"}, r"chart\.type is 'pie', expected one of line, column, bar, area, scatter\."),
        ({"tab": "OURS"}, r"titles of tabs are \['Ours', '', '', 'OURS'\], expected each title once\."),
        ({"tab": " "}, r"chart\.tab is ' ', expected a title of 1 to 90 characters\."),
        ({"colour": "red"}, r"chart: .*unknown field `colour`. Allowed keys: tab, title, type, x, y\."),
    ],
)
def test_a_wrong_declaration_is_an_error(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        charted(**changes)


def test_a_chart_needs_a_sheet() -> None:
    file = {"kind": "file", "path": "a.csv"}
    with pytest.raises(ExportError, match="chart is declared, which only a sheet supports: remove it"):
        declared(chart=CHART, destination=file)
