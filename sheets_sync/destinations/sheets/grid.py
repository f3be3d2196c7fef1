"""The tab's rows and columns as they are to be, before its cells are written. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import Block, Rows
from sheets_sync.destinations.sheets.diff import Diff
from sheets_sync.destinations.sheets.document import KEY, Document, Tab
from sheets_sync.destinations.sheets.find import Found
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.rows import rearranged
from sheets_sync.destinations.sheets.values import Cell

ROOM = 26  # columns of a new tab, so that people find some to the right of ours


@dataclass(frozen=True)
class Grid:
    """Requests that give the tab its rows and columns; what our cells hold then, header first; its size."""

    tab: int
    requests: list[Request]
    have: list[Sequence[Cell]]
    rows: int
    columns: int


def shaped(goal: Goal, document: Document, found: Found, diff: Diff) -> Grid:
    if found.tab and found.columns is not None:
        return rekeyed(goal, found.tab, found, diff)
    height = max(2, 1 + len(diff.lines))  # Sheets cannot freeze the only row
    if found.tab is None:
        tab, columns = document.free_tab(goal.name, KEY), max(ROOM, goal.width)
        made = batch.add_tab(tab, goal.export.tab, height, columns, frozen=1)
        return Grid(tab, [made], [], height, columns)
    rows = max(height, found.tab.rows) if found.rows else height
    columns = max(found.tab.columns, goal.width)
    resized = [batch.resize(found.tab.id, rows, columns)]
    return Grid(found.tab.id, resized, list(found.rows), rows, columns)


def rekeyed(goal: Goal, tab: Tab, found: Found, diff: Diff) -> Grid:
    """A tab whose rows are known by key: they are moved whole."""
    before, count = len(found.columns or ()), max(0, len(found.rows) - 1)
    columns = tab.columns + goal.width - before
    requests = [
        *batch.reshape(tab.id, before, goal.width),
        *rearranged(replace(tab, columns=columns), goal.width, count, diff.lines, diff.gone),
    ]
    below = found.rows[1:]
    have = [[] if line.origin is None else below[line.origin][:before] for line in diff.lines]
    head = found.rows[0][:before] if found.rows else []
    rows = tab.rows - count + len(diff.lines)
    return Grid(tab.id, requests, [head, *have], max(2, rows), columns)


def clipped(block: Block, rows: int) -> Block:
    """Without the rows that the grid no longer has."""
    return Block(block.row, block.column, block.cells[: max(0, rows - block.row)])


def cleared(grid: Grid, wanted: Rows, width: int) -> list[Request]:
    """What an adopted tab holds below our rows."""
    below = min(len(grid.have), grid.rows)
    return [batch.clear(batch.area(grid.tab, len(wanted), below, width))] if below > len(wanted) else []
