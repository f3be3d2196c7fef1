"""Values too many for one batch: written to a hidden tab first, copied from there by the batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import Block, Rows, blocks
from sheets_sync.destinations.sheets.document import STAGING, Document
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.memory import Writing
from sheets_sync.destinations.sheets.values import Cell

# https://developers.google.com/sheets/api/limits recommends requests of 2 MB at most.
LARGEST_REQUEST = 2_000_000
CELL_BYTES = 48  # around a value in an updateCells request


@dataclass(frozen=True)
class Staging:
    """The requests that make the tab, and the rows to write there before the batch: all that is to stand in
    our columns, and, in one column more, what is to be remembered."""

    requests: list[Request]
    id: int
    title: str
    rows: Rows
    size: int  # cells of its grid


def needed(differing: Sequence[Block], memory: Writing | None) -> bool:
    cells = (cell for block in differing for row in block.cells for cell in row)
    size = sum(CELL_BYTES + (len(cell.encode()) if isinstance(cell, str) else 8) for cell in cells)
    return size + sum(map(len, memory.cells if memory else [])) > LARGEST_REQUEST


def stage(goal: Goal, document: Document, wanted: Rows, memory: Writing | None) -> Staging:
    """A hidden tab of exactly our size."""
    made = document.free_tab(goal.name, STAGING)
    title = document.free_title(f"{goal.export.name} (being written)")
    log = memory.cells if memory else []
    height, width = max(len(wanted), len(log)), goal.width + bool(log)
    lines = [list(wanted[at]) if at < len(wanted) else [] for at in range(height)]
    for at, cell in enumerate(log):
        lines[at] += [*[None] * (goal.width - len(lines[at])), cell]
    requests = [
        *clean(goal, document),
        batch.add_tab(made, title, height, width, hidden=True),
        batch.create_metadata(made, STAGING, goal.name),
    ]
    return Staging(requests, made, title, lines, height * width)


def clean(goal: Goal, document: Document) -> list[Request]:
    """The tab that an earlier run left behind goes."""
    leftover = document.serving(STAGING, goal.name)
    return [batch.delete_tab(leftover.id)] if leftover else []


def pasted(
    staging: Staging, tab: int, wanted: Rows, differing: Sequence[Block], exact: bool
) -> list[Request]:
    """What differs, from the hidden tab to the export's: all at once, or, where what people keep between must
    not be touched (`exact`), block by block."""
    width = max(map(len, wanted))
    places = [(block.row, block.height, block.column, block.width) for block in differing]
    whole = [(0, len(wanted), 0, width)]
    requests = []
    for top, height, left, columns in places if exact else whole:
        source = batch.area(staging.id, top, top + height, left + columns, left)
        requests.append(batch.copy(source, source | {"sheetId": tab}))
    return requests + [batch.update(tab, block) for block in formula_like(wanted, width)]


def formula_like(wanted: Rows, width: int) -> list[Block]:
    """Texts that begin as a formula does: written once more as typed cells, so that nothing rests on how a
    copied text is read."""
    others = [[None if begins_a_formula(cell) else cell for cell in row] for row in wanted]
    return blocks(others, wanted, width)


def begins_a_formula(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.startswith(("=", "+", "-", "@"))
