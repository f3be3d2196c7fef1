"""What to ask of Sheets so that a tab becomes what it should be: one batch, atomic. Pure."""

from dataclasses import dataclass

from sheets_sync.destinations.sheets import batch, serving, staging
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import GAP, Rows, blocks
from sheets_sync.destinations.sheets.diff import Diff
from sheets_sync.destinations.sheets.document import BEFORE, MEMORY, MOST_CELLS, Document
from sheets_sync.destinations.sheets.find import Found
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.grid import Grid, cleared, clipped, shaped
from sheets_sync.destinations.sheets.marking import dressed, fenced, marking
from sheets_sync.destinations.sheets.memory import Writing, write
from sheets_sync.destinations.sheets.staging import Staging
from sheets_sync.destinations.sheets.values import Cell
from sheets_sync.errors import SheetError

MOST_LINES = 50  # of rejected and of drifted rows in the sync log, a run


@dataclass(frozen=True)
class Plan:
    """`requests` is the batch; there are none where the tab is already what it should be. `revision` is what
    the tab's mark said when we looked: another one means that somebody wrote meanwhile."""

    requests: list[Request]
    tab: int
    revision: int
    staging: Staging | None = None


def make(goal: Goal, document: Document, found: Found, diff: Diff, moment: Cell, editors: list[str]) -> Plan:
    """`moment` is now, as a cell; `editors` may change a header that only its owner may."""
    tab, mark = found.tab, found.tab.mark if found.tab else None
    grid = shaped(goal, document, found, diff)
    wanted: Rows = [goal.headers, *(line.cells for line in diff.lines)]
    # What people keep between two of our cells is not to be touched.
    gap = 0 if goal.export.drift == "keep" else GAP
    differing = [clipped(block, grid.rows) for block in blocks(grid.have, wanted, goal.width, gap)]
    differing = [block for block in differing if block.cells]
    marked = marking(goal, mark, document)
    look = dressed(goal, document, found, grid, marked, editors)
    log = write(found.memory, goal.export.key, goal.names, diff.entries)
    shown = bool(grid.requests or differing or look)
    leftover = staging.clean(goal, document)
    if not (shown or log or leftover or marked.rejects != (mark.rejects if mark else "")):
        return Plan([], grid.tab, marked.revision - 1)
    large = staging.stage(goal, document, wanted, log) if staging.needed(differing, log) else None
    size = sized(goal, document, found, grid, diff, log, large)
    values = (
        staging.pasted(large, grid.tab, wanted, differing, goal.export.drift == "keep")
        + cleared(grid, wanted, goal.width)
        if large
        else [batch.update(grid.tab, block) for block in differing]
    )
    old = len(mark.headers) if mark else goal.width
    keeps = tab is not None and shown and found.rows and size + len(found.rows) * old <= MOST_CELLS
    stale = document.serving(BEFORE, goal.name)
    requests = [
        *(serving.version(goal, document, tab, len(found.rows), old) if tab and keeps else []),
        *([batch.delete_tab(stale.id)] if shown and not keeps and stale else []),
        *(serving.archive(goal, document, tab, diff.archived) if tab else []),
        *grid.requests,
        *values,
        *look,
        *(serving.remember(goal, document, log, large) if log else []),
        *(serving.audit(goal, document, audited(goal, diff, moment, shown)) if goal.export.audit else []),
        *([batch.delete_tab(large.id)] if large else leftover),
        *fenced(goal, document, grid.tab, tab, marked),
    ]
    return Plan(requests, grid.tab, marked.revision - 1, large)


def audited(goal: Goal, diff: Diff, moment: Cell, shown: bool) -> list[list[Cell]]:
    """A line of counts, and one for each row that a person should know of; none where nobody sees a
    difference."""
    counts = diff.counts
    parts = [
        (counts.inserted.count, "inserted"),
        (counts.updated.count, "updated"),
        (counts.deleted.count, "deleted"),
        (counts.rejected.count, "rejected"),
        (counts.drift.count, "changed by people"),
    ]
    said = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    if not (said or shown):
        return []
    lines: list[list[Cell]] = [[moment, goal.export.tab, said or "columns or formats", None, None]]
    for what, rows in (("rejected", goal.rejected), ("changed by people", diff.drifted)):
        for row in rows[:MOST_LINES]:
            lines.append([moment, goal.export.tab, what, row.key[:1000], row.detail[:1000]])
    return lines


def sized(
    goal: Goal,
    document: Document,
    found: Found,
    grid: Grid,
    diff: Diff,
    log: Writing | None,
    large: Staging | None,
) -> int:
    """Cells in all grids afterwards, the version before left out. SheetError where they are too many."""
    memory, before = document.serving(MEMORY, goal.name), document.serving(BEFORE, goal.name)
    others = sum(tab.size for tab in document.tabs if tab not in (found.tab, memory, before))
    remembered = log.height if log else memory.size if memory else 0
    told = (1 + 2 * MOST_LINES) * len(serving.AUDIT_HEADER) if goal.export.audit else 0
    own = grid.rows * grid.columns + remembered + told + len(diff.archived) * grid.columns
    own += large.size if large else 0
    if others + own > MOST_CELLS:
        raise SheetError(
            f"Export {goal.export.name} has {len(goal.rows):,} rows and needs {own:,} cells; with the "
            f"{others:,} of the other tabs that is more than the {MOST_CELLS:,} a spreadsheet can hold. "
            "Give it a spreadsheet of its own, or fewer rows."
        )
    return others + own
