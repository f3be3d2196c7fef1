"""Reads the tab of an export: which tab it is, and whether it may be written."""

from collections.abc import Sequence
from dataclasses import replace

from sheets_sync.destinations.sheets.current.column_positions import (
    find_positions,
    plan_column_moves,
    reorder,
)
from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import CHART, STAGING, STATE, Document, Tab
from sheets_sync.destinations.sheets.current.header_checks import (
    check_key_columns,
    check_places,
    has_known_keys,
    has_other_values,
    is_data_row,
)
from sheets_sync.destinations.sheets.current.sync_state import SyncState
from sheets_sync.destinations.sheets.current.takeover import describe_owner
from sheets_sync.destinations.sheets.desired.cells import Rows
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet
from sheets_sync.errors import Refused
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.seen import digest


def read_current_tab(
    desired: DesiredTable, document: Document, spreadsheet: Spreadsheet, options: Options
) -> CurrentTab:
    """Refused if the tab belongs to others, or if the synced columns are no longer where they were."""
    tab = find_marked_tab(desired, document)
    if tab is None or tab.mark is None:
        tab = document.find_by_title(desired.export.tab)
        return read_adoptable_tab(desired, tab, spreadsheet, options) if tab else CurrentTab(None, [], None)
    state_tab = document.find_helper(STATE, desired.owner)
    rows, first_row, log = spreadsheet.read_cells(tab, len(tab.mark.headers), state_tab)
    state = SyncState.parse(log)
    # The digests of another key identify no row of this one.
    state = state if state and state.key == desired.export.key else None
    content = content_digest(document, desired.owner, tab, rows, log)
    current = CurrentTab(tab, rows, tab.mark.columns, state, content=content)
    check_key_columns(desired, tab, tab.mark.columns)
    try:
        check_places(desired, current, tab.mark.headers, first_row)
    except Refused:
        # Only now are all columns read: usually the synced ones are where they were.
        followed = follow_columns(desired, current, spreadsheet, tab.mark.headers)
        if followed is None:
            raise
        check_places(desired, followed, tab.mark.headers, followed.rows[0])
        return followed
    return current


def read_content(project: str, export: Export, document: Document, spreadsheet: Spreadsheet) -> str:
    """Digest of what `read_current_tab` reads, without the mart; "" if there is not exactly one tab."""
    owner, marked = f"{project}/{export.name}", document.marked_tabs(project, export.name)
    if len(marked) != 1 or marked[0].mark is None:
        return ""
    [tab], mark = marked, marked[0].mark
    rows, _, log = spreadsheet.read_cells(tab, len(mark.headers), document.find_helper(STATE, owner))
    return content_digest(document, owner, tab, rows, log)


def content_digest(document: Document, owner: str, tab: Tab, rows: Rows, log: Rows) -> str:
    """Of all that a comparison uses: the time zone, the mark, the chart, the synced cells, the last synced
    state."""
    chart = document.find_helper(CHART, owner)
    helpers = [
        document.find_helper(STAGING, owner) is not None,
        chart and [chart.chart_spec, *document.charts],
    ]
    return digest([document.zone, tab.mark.to_json() if tab.mark else "", helpers, rows, log])


def follow_columns(
    desired: DesiredTable, current: CurrentTab, spreadsheet: Spreadsheet, headers: Sequence[str]
) -> CurrentTab | None:
    """The tab with moves that bring the synced columns back to the left; None if they are not all recognised.

    Users move columns, and insert their own between the synced ones.
    """
    tab, columns, state = current.tab, current.columns or (), current.state
    if tab is None:
        return None
    rows, _, _ = spreadsheet.read_cells(tab, tab.columns)
    positions = find_positions(headers, columns, desired.export.key, rows, state)
    places = [place for place in positions if place is not None]
    if len(places) < len(positions) or places == list(range(len(places))):
        return None
    moved = replace(current, rows=reorder(rows, places), moves=tuple(plan_column_moves(places, tab.columns)))
    # Headers that users swapped without the values below them do not identify a column.
    has_our_values = has_known_keys(desired, moved) and not any(
        has_other_values(desired, moved, index) for index in range(len(columns))
    )
    return moved if has_our_values and not is_data_row(desired, moved) else None


def find_marked_tab(desired: DesiredTable, document: Document) -> Tab | None:
    """Refused if several tabs have the export's mark: users may be reading either of them."""
    marked = document.marked_tabs(desired.project, desired.export.name)
    if len(marked) > 1:
        titles = ", ".join(repr(tab.title) for tab in marked)
        raise Refused(
            f"Tabs {titles} are all marked as the tab of export {desired.export.name}, so at least one is a "
            "copy. Delete the copies; to keep one, paste its values into a new tab first."
        )
    return marked[0] if marked else None


def read_adoptable_tab(
    desired: DesiredTable, tab: Tab, spreadsheet: Spreadsheet, options: Options
) -> CurrentTab:
    """An empty tab with the export's title is used without --adopt: a user may have created it for that."""
    export = desired.export
    where = f"Tab {tab.title!r} of spreadsheet {spreadsheet.id}"
    if tab.mark or tab.helper_of:
        raise Refused(f"{where} is kept by {describe_owner(tab, desired, options.declared)}")
    rows, _, _ = spreadsheet.read_cells(tab, tab.columns)
    if not rows:
        return CurrentTab(tab, rows, None)
    has_header = list(rows[0][: desired.width]) == desired.headers
    if not options.adopt:
        effect = (
            "then matches its rows by key"
            if has_header
            else f"then overwrites its first {desired.width} columns, as its first row is not our header"
        )
        raise Refused(
            f"{where} was not created by sheets_sync, and it is not empty. Rename it, or run with --adopt: "
            f"export {export.name} {effect}."
        )
    columns = desired.names if has_header else None
    return CurrentTab(tab, [row[: desired.width] for row in rows], columns)
