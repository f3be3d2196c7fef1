"""The tabs that serve an export: what was last synced, the version before, what was removed, the sync log."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import Block
from sheets_sync.destinations.sheets.document import AUDIT, BEFORE, MEMORY, REMOVED, Document, Tab
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.layout import HEADER, USUAL
from sheets_sync.destinations.sheets.memory import Writing
from sheets_sync.destinations.sheets.order import runs
from sheets_sync.destinations.sheets.rows import ROWS
from sheets_sync.destinations.sheets.staging import Staging
from sheets_sync.destinations.sheets.values import Cell

AUDIT_HEADER = ("When", "Tab", "What", "Row", "Detail")
AUDIT_WIDTHS = (150, 150, 300, 200, 500)  # pixels
MOST_AUDITED = 1_000  # rows of the sync log; older ones go
type Batch = list[Request]


def made(
    document: Document, role: str, owner: str, title: str, rows: int, columns: int, **more: bool
) -> Batch:
    tab = document.free_tab(owner, role)
    frozen = 0 if more.get("hidden") else 1
    return [
        batch.add_tab(tab, document.free_title(title), rows, columns, frozen, **more),
        batch.create_metadata(tab, role, owner),
    ]


def tab_id(document: Document, role: str, owner: str) -> int:
    known = document.serving(role, owner)
    return known.id if known else document.free_tab(owner, role)


def remember(goal: Goal, document: Document, writing: Writing, staged: Staging | None) -> Batch:
    """The hidden tab of what was last synced."""
    known, tab = document.serving(MEMORY, goal.name), tab_id(document, MEMORY, goal.name)
    title = f"{goal.export.name} (last synced)"
    requests = (
        [batch.resize(tab, writing.height, 1)]
        if known
        else made(document, MEMORY, goal.name, title, writing.height, 1, hidden=True)
    )
    if staged:
        source = batch.area(staged.id, 0, len(writing.cells), goal.width + 1, goal.width)
        return [*requests, batch.copy(source, batch.area(tab, writing.start, writing.height, 1))]
    cells = tuple((cell,) for cell in writing.cells)
    return [*requests, batch.update(tab, Block(writing.start, 0, cells))]


def version(goal: Goal, document: Document, tab: Tab, rows: int, width: int) -> Batch:
    """Our columns as they are, to the hidden tab that --restore reads."""
    known, before = document.serving(BEFORE, goal.name), tab_id(document, BEFORE, goal.name)
    title = f"{goal.export.name} (version before)"
    place = batch.area(before, 0, rows, width)
    return [
        *(
            [batch.resize(before, rows, width), batch.clear(place)]
            if known
            else made(document, BEFORE, goal.name, title, rows, width, hidden=True)
        ),
        batch.copy(place | {"sheetId": tab.id}, place),
    ]


def archive(goal: Goal, document: Document, tab: Tab, places: Sequence[int]) -> Batch:
    """Rows that go, with all that people have beside them, to the top of the tab of removed rows."""
    if not places:
        return []
    known, target = document.serving(REMOVED, goal.name), tab_id(document, REMOVED, goal.name)
    height, width = len(places), max(tab.columns, known.columns if known else 0)
    requests = []
    if known:
        requests += [batch.resize(target, known.rows, width)] if width > known.columns else []
        requests.append(batch.insert(target, ROWS, 1, 1 + height, like_before=False))
    else:
        title = goal.export.removed.title
        requests += made(document, REMOVED, goal.name, title, 1 + height, width)
        head = batch.area(tab.id, 0, 1, tab.columns)
        requests.append(batch.copy(head, head | {"sheetId": target}, "PASTE_NORMAL"))
    top = 1
    for start, end in runs(sorted(places)):
        source = batch.area(tab.id, 1 + start, 1 + end, tab.columns)
        placed = batch.area(target, top, top + end - start, tab.columns)
        requests.append(batch.copy(source, placed, "PASTE_NORMAL"))
        top += end - start
    return requests


def audit(goal: Goal, document: Document, lines: Sequence[Sequence[Cell]]) -> Batch:
    """A run's lines on top of the sync log, which all exports of a spreadsheet share."""
    if not lines:
        return []
    known, tab = document.serving(AUDIT, goal.project), tab_id(document, AUDIT, goal.project)
    width, height = len(AUDIT_HEADER), len(lines)
    requests = []
    if known:
        # A person may have moved or deleted its columns: it is theirs to read, and written as it was.
        requests += [batch.resize(tab, known.rows, width)] if known.columns < width else []
        requests.append(batch.insert(tab, ROWS, 1, 1 + height, like_before=False))
        over = known.rows + height - 1 - MOST_AUDITED
        requests += [batch.delete(tab, ROWS, 1 + MOST_AUDITED, 1 + MOST_AUDITED + over)] if over > 0 else []
    else:
        title = goal.export.audit or ""
        requests += made(document, AUDIT, goal.project, title, 1 + height, width)
        requests.append(batch.update(tab, Block(0, 0, (AUDIT_HEADER,))))
        requests.append(batch.repeat(batch.area(tab, 0, 1, width), HEADER, "userEnteredFormat"))
        requests += batch.widths(tab, AUDIT_WIDTHS)
    look = {"numberFormat": {"type": "DATE_TIME", "pattern": USUAL["DATE_TIME"]}}
    return [
        *requests,
        batch.update(tab, Block(1, 0, tuple(tuple(line) for line in lines))),
        batch.repeat(batch.area(tab, 1, 1 + height, 1), look, "userEnteredFormat.numberFormat"),
    ]
