"""Values too many for one batch: written to a hidden tab first, copied from there by the batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.diff import Block, Rows, blocks
from sheets_sync.destinations.sheets.document import STAGING_KEY, Document
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.values import Cell

# https://developers.google.com/sheets/api/limits recommends requests of 2 MB at most.
LARGEST_REQUEST = 2_000_000
CELL_BYTES = 48  # around a value in an updateCells request


@dataclass(frozen=True)
class Staging:
    """The requests that make the tab, and the rows to write there before the batch."""

    requests: list[Request]
    title: str
    rows: Rows


def needed(differing: Sequence[Block]) -> bool:
    cells = (cell for block in differing for row in block.cells for cell in row)
    size = sum(CELL_BYTES + (len(cell.encode()) if isinstance(cell, str) else 8) for cell in cells)
    return size > LARGEST_REQUEST


def stage(goal: Goal, document: Document) -> Staging:
    """A hidden tab of exactly our size."""
    made = place(goal, document)
    title = f"{goal.export.name} (being written, {made})"
    grid = {"rowCount": len(goal.wanted), "columnCount": goal.width}
    requests = [
        *clean(goal, document),
        batch.add_tab(made, title, grid, hidden=True),
        batch.create_metadata(made, STAGING_KEY, goal.name),
    ]
    return Staging(requests, title, goal.wanted)


def clean(goal: Goal, document: Document) -> list[Request]:
    """The tab that an earlier run left behind goes."""
    leftover = document.leftover(goal.project, goal.export.name)
    return [batch.delete_tab(leftover.id)] if leftover else []


def place(goal: Goal, document: Document) -> int:
    """The hidden tab's id."""
    return document.free_id(f"{goal.name}/staging")


def swap(goal: Goal, document: Document, tab: int, rows: int) -> list[Request]:
    """Values onto the tab, our columns cleared from there to the end of the grid, the hidden tab gone."""
    made, height = place(goal, document), len(goal.wanted)
    source, destination = batch.area(made, 0, height, goal.width), batch.area(tab, 0, height, goal.width)
    below = [batch.clear(batch.area(tab, height, rows, goal.width))] if rows > height else []
    typed = [batch.update(tab, block) for block in formula_like(goal)]
    return [batch.copy_values(source, destination), *typed, *below, batch.delete_tab(made)]


def formula_like(goal: Goal) -> list[Block]:
    """Texts that begin as a formula does: written once more as typed cells, so that nothing rests on how a
    copied text is read."""
    others = [[None if begins_a_formula(cell) else cell for cell in row] for row in goal.wanted]
    return blocks(others, goal.wanted, goal.width)


def begins_a_formula(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.startswith(("=", "+", "-", "@"))
