"""Cells that users merged: Sheets shows only the first of them, and neither moves nor sorts through them."""

from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import Area, Tab
from sheets_sync.destinations.sheets.current.sync_state import key_digest
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.errors import Refused

REMEDY = "Unmerge them (Format > Merge cells > Unmerge)"


def check_merges(desired: DesiredTable, current: CurrentTab) -> None:
    """Refused if merged cells hide values of the export, in the header or in one of its rows."""
    tab, width = current.tab, len(current.columns or ())
    if tab is None or not tab.merges:
        return
    synced = synced_rows(desired, current)
    hiding = [
        area
        for area in tab.merges
        if area.first_column < width and synced & set(range(area.first_row, area.end_row))
    ]
    if hiding:
        raise Refused(
            f"Users merged cells {describe_areas(hiding)} of tab {tab.title!r}, which belong to export "
            f"{desired.export.name}: Sheets shows only the first of them. {REMEDY}; the next run writes their "
            "values again."
        )


def synced_rows(desired: DesiredTable, current: CurrentTab) -> set[int]:
    """Numbers of the rows that the export wrote, counted from the header, 0."""
    entries = current.state.entries if current.state else None
    rows = current.rows_for(desired)
    return {0} | {
        1 + row.index
        for row in rows
        if row.key is not None and (entries is None or key_digest(row.key) in entries)
    }


def describe_obstacle(tab: Tab, export: str, message: str) -> str:
    """Why a batch was rejected, if the tab has merged cells."""
    return (
        f"Users merged cells {describe_areas(tab.merges)} of tab {tab.title!r}, and Sheets does not move or sort "
        f"rows through merged cells. {REMEDY}, or merge within one row: export {export} is not written before. "
        f"({message})"
    )


def describe_areas(areas: tuple[Area, ...] | list[Area]) -> str:
    more = f" and {len(areas) - 5} more" if len(areas) > 5 else ""
    return ", ".join(map(str, areas[:5])) + more
