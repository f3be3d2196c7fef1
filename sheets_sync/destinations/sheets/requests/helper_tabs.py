"""Helper tabs of an export: last synced state, version before, removed rows, and the sync log."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets.current.document import AUDIT, BEFORE, REMOVED, STATE, Document, Tab
from sheets_sync.destinations.sheets.current.sync_state import StateWrite
from sheets_sync.destinations.sheets.desired.cells import Cell
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.diff.blocks import Block
from sheets_sync.destinations.sheets.diff.minimal_moves import group_consecutive
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import ROWS, Request
from sheets_sync.destinations.sheets.requests.formatting import DEFAULT_PATTERNS, HEADER_FORMAT
from sheets_sync.destinations.sheets.requests.staging import Staging

AUDIT_HEADER = ("When", "Tab", "What", "Row", "Detail")
AUDIT_WIDTHS = (150, 150, 300, 200, 500)  # pixels
MAX_AUDIT_ROWS = 1_000  # older rows of the sync log are deleted


def create_helper(
    document: Document, role: str, owner: str, title: str, rows: int, columns: int, hidden: bool = False
) -> list[Request]:
    tab = document.free_tab_id(owner, role)
    frozen = 0 if hidden else 1
    return [
        batch.add_tab(tab, document.free_title(title), rows, columns, frozen, hidden),
        batch.create_metadata(tab, role, owner),
    ]


def helper_id(document: Document, role: str, owner: str) -> int:
    """The id of the helper tab, also if it is still to be created."""
    tab = document.find_helper(role, owner)
    return tab.id if tab else document.free_tab_id(owner, role)


def write_state(
    desired: DesiredTable, document: Document, write: StateWrite, staging: Staging | None
) -> list[Request]:
    """Write the last synced state to its hidden tab, from the staging tab if there is one."""
    owner, tab = desired.owner, helper_id(document, STATE, desired.owner)
    if document.find_helper(STATE, owner):
        # Also cuts off the rest of a longer log that is rewritten.
        requests = [batch.resize_grid(tab, write.height, 1)]
    else:
        title = f"{desired.export.name} (last synced)"
        requests = create_helper(document, STATE, owner, title, write.height, 1, hidden=True)
    if staging:
        source = batch.grid_range(staging.id, 0, len(write.cells), desired.width + 1, desired.width)
        target = batch.grid_range(tab, write.start, write.height, 1)
        return [*requests, batch.copy_cells(source, target)]
    cells = tuple((cell,) for cell in write.cells)
    return [*requests, batch.update_cells(tab, Block(write.start, 0, cells))]


def save_version(desired: DesiredTable, document: Document, tab: Tab, rows: int, width: int) -> list[Request]:
    """Copy the synced columns as they are now to the hidden tab that --restore reads."""
    owner, before = desired.owner, helper_id(document, BEFORE, desired.owner)
    place = batch.grid_range(before, 0, rows, width)
    if document.find_helper(BEFORE, owner):
        requests = [batch.resize_grid(before, rows, width), batch.clear_values(place)]
    else:
        title = f"{desired.export.name} (version before)"
        requests = create_helper(document, BEFORE, owner, title, rows, width, hidden=True)
    return [*requests, batch.copy_cells(place | {"sheetId": tab.id}, place)]


def archive_rows(
    desired: DesiredTable, document: Document, tab: Tab, indexes: Sequence[int]
) -> list[Request]:
    """Copy removed rows, with users' cells beside them, to the top of the tab of removed rows."""
    if not indexes:
        return []
    existing, target = (
        document.find_helper(REMOVED, desired.owner),
        helper_id(document, REMOVED, desired.owner),
    )
    height, width = len(indexes), max(tab.columns, existing.columns if existing else 0)
    requests = []
    if existing:
        if width > existing.columns:
            requests.append(batch.resize_grid(target, existing.rows, width))
        # Not like the row before, which is the bold header.
        requests.append(batch.insert_dimension(target, ROWS, 1, 1 + height, like_before=False))
    else:
        title = desired.export.removed.title
        requests += create_helper(document, REMOVED, desired.owner, title, 1 + height, width)
        header = batch.grid_range(tab.id, 0, 1, tab.columns)
        requests.append(batch.copy_cells(header, header | {"sheetId": target}, "PASTE_NORMAL"))
    top = 1
    for start, end in group_consecutive(sorted(indexes)):
        source = batch.grid_range(tab.id, 1 + start, 1 + end, tab.columns)
        place = batch.grid_range(target, top, top + end - start, tab.columns)
        requests.append(batch.copy_cells(source, place, "PASTE_NORMAL"))
        top += end - start
    return requests


def write_audit(desired: DesiredTable, document: Document, lines: Sequence[Sequence[Cell]]) -> list[Request]:
    """Insert a run's lines at the top of the sync log, which all exports of a spreadsheet share."""
    if not lines:
        return []
    existing, tab = document.find_helper(AUDIT, desired.project), helper_id(document, AUDIT, desired.project)
    width, height = len(AUDIT_HEADER), len(lines)
    requests = []
    if existing:
        if existing.columns < width:  # a user deleted columns
            requests.append(batch.resize_grid(tab, existing.rows, width))
        requests.append(batch.insert_dimension(tab, ROWS, 1, 1 + height, like_before=False))
        surplus = existing.rows + height - 1 - MAX_AUDIT_ROWS
        if surplus > 0:
            end = 1 + MAX_AUDIT_ROWS + surplus
            requests.append(batch.delete_dimension(tab, ROWS, 1 + MAX_AUDIT_ROWS, end))
    else:
        title = desired.export.audit or ""
        requests += create_helper(document, AUDIT, desired.project, title, 1 + height, width)
        requests.append(batch.update_cells(tab, Block(0, 0, (AUDIT_HEADER,))))
        header = batch.grid_range(tab, 0, 1, width)
        requests.append(batch.set_format(header, HEADER_FORMAT, "userEnteredFormat"))
        requests += batch.set_column_widths(tab, AUDIT_WIDTHS)
    time_format = {"numberFormat": {"type": "DATE_TIME", "pattern": DEFAULT_PATTERNS["DATE_TIME"]}}
    times = batch.grid_range(tab, 1, 1 + height, 1)
    return [
        *requests,
        batch.update_cells(tab, Block(1, 0, tuple(tuple(line) for line in lines))),
        batch.set_format(times, time_format, "userEnteredFormat.numberFormat"),
    ]
