"""The chart that an export declares, over a helper tab beside the synced one. All other charts are people's.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/charts
"""

import hashlib
import json
from dataclasses import dataclass

from sheets_sync.destinations.sheets.current.document import CHART, CHART_SPEC, Document, Tab
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.grid import MIN_ROWS, Grid
from sheets_sync.export import Chart

ROWS, COLUMNS = 24, 12  # of the tab: the chart covers it
SIZE = {"widthPixels": 1000, "heightPixels": 450}


@dataclass(frozen=True)
class ChartRecord:
    """What the metadata of the chart's tab records: the chart's id, and a digest of its specification."""

    id: int
    digest: str

    def to_json(self) -> str:
        return json.dumps([self.id, self.digest])


def read_record(tab: Tab | None) -> ChartRecord | None:
    """None for a value that sheets_sync did not write."""
    try:
        chart_id, digest = json.loads(tab.chart_spec if tab else "")
        return ChartRecord(int(chart_id), str(digest))
    except (ValueError, TypeError):
        return None


def chart_requests(
    desired: DesiredTable, document: Document, synced: Tab | None, grid: Grid, bottom: int, has_content: bool
) -> list[Request]:
    """What makes the chart as declared; none if it is.

    bottom: rows of the tab that are used, header included. has_content: whether people wrote into the cells of
    the chart's tab.
    """
    tab = document.find_helper(CHART, desired.owner)
    if desired.export.chart is None:
        return remove_chart(tab, document, has_content) if tab else []
    spec = chart_spec(desired, desired.export.chart, grid, bottom)
    return draw_chart(desired, desired.export.chart, document, tab, synced, spec)


def draw_chart(
    desired: DesiredTable,
    chart: Chart,
    document: Document,
    tab: Tab | None,
    synced: Tab | None,
    spec: Request,
) -> list[Request]:
    """Written again whenever the rows or the declaration changed, so that it ends at the last row."""
    digest = hashlib.sha256(json.dumps(spec).encode()).hexdigest()[:16]
    old = read_record(tab)
    exists = old is not None and old.id in document.charts  # wherever people moved it
    if exists and old and old.digest == digest:
        return []
    tab_id = tab.id if tab else document.free_tab_id(desired.owner, CHART)
    if exists and old:
        chart_id, requests = old.id, [batch.update_chart(old.id, spec)]
    else:
        chart_id = document.free_id(f"{desired.owner}/chart")
        requests = [batch.add_chart(chart_id, spec, tab_id, SIZE)]
    created = [] if tab else create_tab(desired, chart, document, synced, tab_id)
    replaced = [batch.delete_metadata(tab.chart_spec_id)] if tab and tab.chart_spec_id is not None else []
    record = batch.create_metadata(tab_id, CHART_SPEC, ChartRecord(chart_id, digest).to_json())
    return [*created, *requests, *replaced, record]


def create_tab(
    desired: DesiredTable, chart: Chart, document: Document, synced: Tab | None, tab_id: int
) -> list[Request]:
    """Right of the synced tab; a new synced tab is the last one."""
    index = document.tabs.index(synced) + 1 if synced else None
    title = document.free_title(chart.tab)
    return [
        batch.add_tab(tab_id, title, ROWS, COLUMNS, index=index),
        batch.create_metadata(tab_id, CHART, desired.owner),
    ]


def remove_chart(tab: Tab, document: Document, has_content: bool) -> list[Request]:
    """Delete the chart and its tab; a tab with cells or charts of people is theirs from now on."""
    record = read_record(tab)
    exists = record is not None and record.id in document.charts
    requests = [batch.delete_chart(record.id)] if exists and record else []
    others = [chart for chart in tab.charts if record is None or chart != record.id]
    if not (others or has_content):
        return [*requests, batch.delete_tab(tab.id)]
    ids = (tab.helper_ids[CHART], tab.chart_spec_id)
    return [*requests, *(batch.delete_metadata(number) for number in ids if number is not None)]


def chart_spec(desired: DesiredTable, chart: Chart, grid: Grid, bottom: int) -> Request:
    """Ranges begin at the header, from which Sheets takes the names of the series."""
    bottom = max(MIN_ROWS, bottom)  # the header has at least one cell below it

    def source(name: str) -> Request:
        column = desired.names.index(name)
        place = batch.grid_range(grid.tab, 0, bottom, column + 1, column)
        return {"sourceRange": {"sources": [place]}}

    basic = {
        "chartType": chart.type.upper(),
        "legendPosition": "BOTTOM_LEGEND",
        "headerCount": 1,
        "domains": [{"domain": source(chart.x)}],
        "series": [{"series": source(name)} for name in chart.y],
    }
    return {"title": chart.title, "basicChart": basic}
