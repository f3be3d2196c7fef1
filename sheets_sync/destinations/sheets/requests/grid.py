"""Rows and columns of the tab, prepared before its cells are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import METADATA_KEY, Document, Tab
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.diff.blocks import Block
from sheets_sync.destinations.sheets.diff.compare import Diff
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.row_requests import rearrange_rows

# Right of the synced columns of a new tab, for users. Each one takes a cell per row of the 10 million that a
# spreadsheet can hold; users can add more.
SPARE_COLUMNS = 5
MIN_ROWS = 2  # Sheets does not freeze the only row


@dataclass(frozen=True)
class Grid:
    """requests: give the tab its rows and columns. cells: content of the synced columns after them, header
    first. rows, columns: size of the grid after them."""

    tab: int
    requests: list[Request]
    cells: list[Sequence[Cell]]
    rows: int
    columns: int


def shape_grid(desired: DesiredTable, document: Document, current: CurrentTab, diff: Diff) -> Grid:
    if current.tab and current.columns is not None:
        return rearrange_grid(desired, current.tab, current, diff)
    height = max(MIN_ROWS, 1 + len(diff.rows))
    if current.tab is None:
        tab, columns = document.free_tab_id(desired.owner, METADATA_KEY), desired.width + SPARE_COLUMNS
        request = batch.add_tab(tab, desired.export.tab, height, columns, frozen=1)
        return Grid(tab, [request], [], height, columns)
    rows = max(height, current.tab.rows) if current.rows else height
    columns = max(current.tab.columns, desired.width)
    resize = batch.resize_grid(current.tab.id, rows, columns)
    return Grid(current.tab.id, [resize], list(current.rows), rows, columns)


def rearrange_grid(desired: DesiredTable, tab: Tab, current: CurrentTab, diff: Diff) -> Grid:
    """A tab whose rows are identified by key: they are moved whole."""
    old_width, row_count = len(current.columns or ()), max(0, len(current.rows) - 1)
    columns = tab.columns + desired.width - old_width
    rows = max(MIN_ROWS, tab.rows - row_count + len(diff.rows))
    resized = replace(tab, columns=columns)
    requests = [
        # Sheets rejects a batch that leaves only frozen rows, and users may have frozen more than the header.
        *([batch.freeze_rows(tab.id, 1)] if 1 < tab.frozen_rows >= rows else []),
        *batch.change_width(tab.id, old_width, desired.width),
        *rearrange_rows(resized, desired.width, row_count, diff.rows, diff.deleted),
    ]
    body = current.rows[1:]
    cells = [[] if row.origin is None else body[row.origin][:old_width] for row in diff.rows]
    header = current.rows[0][:old_width] if current.rows else []
    return Grid(tab.id, requests, [header, *cells], rows, columns)


def clip_block(block: Block, rows: int) -> Block:
    """Without the rows that the grid no longer has."""
    return Block(block.row, block.column, block.cells[: max(0, rows - block.row)])


def clear_below(grid: Grid, desired_rows: Rows, width: int) -> list[Request]:
    """Clear what an adopted tab contains below the synced rows."""
    bottom = min(len(grid.cells), grid.rows)
    if bottom <= len(desired_rows):
        return []
    return [batch.clear_values(batch.grid_range(grid.tab, len(desired_rows), bottom, width))]
