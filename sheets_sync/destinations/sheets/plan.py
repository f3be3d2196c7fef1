"""What to ask of Sheets so that a tab becomes what it should be: one batch, atomic. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sheets_sync import shrink
from sheets_sync.destinations.sheets import batch, layout, serving, staging
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import GAP, Block, Rows, blocks
from sheets_sync.destinations.sheets.diff import Diff
from sheets_sync.destinations.sheets.document import BEFORE, KEY, MEMORY, MOST_CELLS, Document, Mark, Tab
from sheets_sync.destinations.sheets.find import Found
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.memory import Writing, write
from sheets_sync.destinations.sheets.rows import rearranged
from sheets_sync.destinations.sheets.staging import Staging
from sheets_sync.destinations.sheets.values import Cell
from sheets_sync.errors import SheetError

ROOM = 26  # columns of a new tab, so that people find some to the right of ours
MOST_LINES = 50  # of rejected and of drifted rows in the sync log, a run


@dataclass(frozen=True)
class Plan:
    """`requests` is the batch; there are none where the tab is already what it should be. `revision` is what
    the tab's mark said when we looked: another one means that somebody wrote meanwhile."""

    requests: list[Request]
    tab: int
    revision: int
    staging: Staging | None = None


@dataclass(frozen=True)
class Grid:
    """Requests that give the tab its rows and columns; what our cells hold then, header first; its size."""

    tab: int
    requests: list[Request]
    have: list[Sequence[Cell]]
    rows: int
    columns: int


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
        *(serving.audit(goal, document, audited(goal, diff, moment)) if goal.export.audit else []),
        *([batch.delete_tab(large.id)] if large else leftover),
        *fenced(goal, document, grid.tab, tab, marked),
    ]
    return Plan(requests, grid.tab, marked.revision - 1, large)


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


def marking(goal: Goal, mark: Mark | None, document: Document) -> Mark:
    rejected = [(example.key, example.detail) for example in goal.rejected]
    return Mark(
        goal.project,
        goal.export.name,
        tuple(goal.headers),
        goal.names,
        mark.layout if mark and goal.exact else layout.fingerprint(goal),
        (mark.revision if mark else 0) + 1,
        goal.total,
        hashlib.sha256(json.dumps(rejected).encode()).hexdigest()[:16] if rejected else "",
        None
        if goal.export.protect == "none"
        else (mark and mark.protected) or document.free_id(f"{goal.name}/header"),
    )


def dressed(
    goal: Goal, document: Document, found: Found, grid: Grid, marked: Mark, editors: list[str]
) -> list[Request]:
    """Formats and protection where the layout is new; formats alone where no row is left to give them."""
    before = found.tab.mark if found.tab else None
    if before and before.layout == marked.layout:
        bare = len(found.rows) < 2 and len(grid.have) > 1
        return layout.columns(grid.tab, goal, grid.rows) if bare else []
    old = before.protected if before else None
    gone = [batch.unprotect(old)] if old is not None and old in document.taken else []
    requests = [*layout.header(grid.tab, goal), *layout.columns(grid.tab, goal, grid.rows), *gone]
    requests += [] if before else [batch.fit(grid.tab, goal.width)]  # later widths are people's
    if marked.protected is None:
        return requests
    why = f"Written by sheets_sync, export {goal.export.name}."
    allowed = editors if goal.export.protect == "owner" else None
    header = batch.area(grid.tab, 0, 1, goal.width)
    return [*requests, batch.protect(marked.protected, header, why, allowed)]


def fenced(goal: Goal, document: Document, made: int, tab: Tab | None, marked: Mark) -> list[Request]:
    """The mark of this revision. Its id is that of no other: a batch that was planned from the same revision
    and comes later fails as a whole, whether another run sent it or a lost connection held it back."""
    number = document.free_id(f"{goal.name}/{marked.revision}")
    old = [batch.delete_metadata(tab.mark_id)] if tab and tab.mark_id is not None else []
    return [*old, batch.create_metadata(made, KEY, marked.text(), number)]


def audited(goal: Goal, diff: Diff, moment: Cell) -> list[list[Cell]]:
    """A line of counts, and one for each row that a person should know of."""
    counts = diff.counts
    parts = [
        (counts.inserted.count, "inserted"),
        (counts.updated.count, "updated"),
        (counts.deleted.count, "deleted"),
        (counts.rejected.count, "rejected"),
        (counts.drift.count, "changed by people"),
    ]
    said = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    lines: list[list[Cell]] = [[moment, goal.export.tab, said or "layout", None, None]]
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


def check_shrink(goal: Goal, found: Found) -> None:
    """Refused where more rows are gone than the export allows."""
    mark = found.tab.mark if found.tab else None
    if found.tab and mark and goal.export.removed.how != "keep":
        shrink.check(goal.export, mark.rows, mark.rows - goal.total, f"tab {found.tab.title!r}")
