"""How a tab is known as ours, and how it looks: the mark of each revision, formats, a protected header."""

import hashlib
import json

from sheets_sync import shrink
from sheets_sync.destinations.sheets import batch, layout
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.document import KEY, Document, Mark, Tab
from sheets_sync.destinations.sheets.find import Found
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.grid import Grid


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


def check_shrink(goal: Goal, found: Found) -> None:
    """Refused where more rows are gone than the export allows."""
    mark = found.tab.mark if found.tab else None
    if found.tab and mark and goal.export.removed.how != "keep":
        shrink.check(goal.export, mark.rows, mark.rows - goal.total, f"tab {found.tab.title!r}")
