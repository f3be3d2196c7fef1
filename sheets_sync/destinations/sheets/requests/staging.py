"""Staging of values that are too large for one batch: written to a hidden tab, from which the batch copies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sheets_sync.destinations.sheets.current.document import STAGING, Document
from sheets_sync.destinations.sheets.current.sync_state import StateWrite
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.diff.blocks import Block, find_blocks
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.formatting import TEXT_FORMAT

# Recommended maximum: https://developers.google.com/sheets/api/limits
MAX_REQUEST_BYTES = 2_000_000
CELL_OVERHEAD = 48  # bytes around a value in an updateCells request
# It is not documented how a pasted text such as =1+1 or +49… is parsed.
FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Staging:
    """requests: create the tab. rows: values to write there before the batch, those of the synced columns
    and, in one more column, those of the last synced state. size: cells of its grid."""

    requests: list[Request]
    id: int
    title: str
    rows: Rows
    size: int


def is_staging_needed(blocks: Sequence[Block], state: StateWrite | None) -> bool:
    return request_size(blocks) + sum(map(len, state.cells if state else [])) > MAX_REQUEST_BYTES


def stage_values(
    desired: DesiredTable, document: Document, desired_rows: Rows, state: StateWrite | None
) -> Staging:
    """A hidden tab of exactly the needed size."""
    tab = document.free_tab_id(desired.owner, STAGING)
    title = document.free_title(f"{desired.export.name} (being written)")
    log = state.cells if state else []
    height, width = max(len(desired_rows), len(log)), desired.width + bool(log)
    rows = [list(desired_rows[at]) if at < len(desired_rows) else [] for at in range(height)]
    for row, cell in zip(rows, log, strict=False):
        row += [*[None] * (desired.width - len(row)), cell]
    requests = [
        *delete_leftover(desired, document),
        batch.add_tab(tab, title, height, width, hidden=True),
        batch.create_metadata(tab, STAGING, desired.owner),
    ]
    return Staging(requests, tab, title, rows, height * width)


def delete_leftover(desired: DesiredTable, document: Document) -> list[Request]:
    """Delete the staging tab that a killed run left."""
    leftover = document.find_helper(STAGING, desired.owner)
    return [batch.delete_tab(leftover.id)] if leftover else []


def paste_staged(
    staging: Staging, tab: int, desired_rows: Rows, blocks: Sequence[Block], only_blocks: bool
) -> list[Request]:
    """Copy from the staging tab: everything at once, or only the differing blocks, if cells between them
    contain users' edits that are kept."""
    areas = (
        [(block.row, block.column, block.cells) for block in blocks]
        if only_blocks
        else [(0, 0, desired_rows)]
    )
    requests, formula_like = list[Request](), list[Block]()
    for row, column, cells in areas:
        width = max(map(len, cells))
        source = batch.grid_range(staging.id, row, row + len(cells), column + width, column)
        requests.append(batch.copy_cells(source, source | {"sheetId": tab}))
        # Of the written cells only: a user's formula that is kept may display such a text.
        for part in formula_like_blocks(cells, width):
            formula_like.append(replace(part, row=row + part.row, column=column + part.column))
    return [
        *text_formats(tab, formula_like, desired_rows),
        *requests,
        *([] if is_many(formula_like) else [batch.update_cells(tab, block) for block in formula_like]),
    ]


def is_many(blocks: Sequence[Block]) -> bool:
    """Whether typed cells for `blocks` would not leave the batch below the recommended size."""
    return request_size(blocks) > MAX_REQUEST_BYTES // 2


def text_formats(tab: int, formula_like: Sequence[Block], desired_rows: Rows) -> list[Request]:
    """Many texts such as +49… are pasted into cells with the format TEXT, which are not parsed."""
    if not is_many(formula_like):
        return []
    columns = sorted({block.column + at for block in formula_like for at in range(block.width)})
    return [
        batch.set_format(
            batch.grid_range(tab, 1, len(desired_rows), column + 1, column),
            {"numberFormat": TEXT_FORMAT},
            "userEnteredFormat.numberFormat",
        )
        for column in columns
    ]


def request_size(blocks: Sequence[Block]) -> int:
    """Bytes of an updateCells request, approximately."""
    cells = (cell for block in blocks for row in block.cells for cell in row)
    return sum(CELL_OVERHEAD + (len(cell.encode()) if isinstance(cell, str) else 8) for cell in cells)


def formula_like_blocks(written: Rows, width: int) -> list[Block]:
    """Texts that begin like a formula. They are written again as typed cells, because it is not documented
    how a pasted text is parsed."""
    others = [[None if is_formula_like(cell) else cell for cell in row] for row in written]
    return find_blocks(others, written, width)


def is_formula_like(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.startswith(FORMULA_STARTS)
