"""What to ask of Sheets so that a tab becomes what it should be: one batch, atomic. Pure."""

from dataclasses import dataclass, field

from sheets_sync.destinations.sheets import batch, layout, staging
from sheets_sync.destinations.sheets.batch import ONCE, Request
from sheets_sync.destinations.sheets.diff import Block, Changes, Rows, blocks, changes
from sheets_sync.destinations.sheets.document import KEY, Document, Tab
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.staging import Staging
from sheets_sync.errors import SheetError

MOST_CELLS = 10_000_000  # in all grids of a spreadsheet, empty ones counted
ROOM = 26  # columns of a new tab, so that people find some to the right of ours


@dataclass(frozen=True)
class Plan:
    """`requests` is the batch; there are none where the tab is already what it should be."""

    requests: list[Request]
    changes: Changes
    staging: Staging | None = None

    @property
    def resend(self) -> bool:
        """Whether the batch may be sent again when nobody knows if it was done."""
        return not any(kind in ONCE for request in self.requests for kind in request)


@dataclass
class Draft:
    """The batch in the making. `rows` is the height of the grid after it."""

    tab: int
    rows: int
    requests: list[Request] = field(default_factory=list)


def shrinks(goal: Goal, tab: Tab, now: Rows) -> bool:
    """Whether rows at the end of the grid are no longer needed, and were ours or nobody's."""
    return tab.rows > goal.height and (len(now) > len(goal.wanted) or not now)


def make(goal: Goal, document: Document, tab: Tab | None, now: Rows, kept: int) -> Plan:
    """`now` is what our columns hold, header first; `kept` rows at least stay, for what people have there."""
    draft = begin(goal, document, tab, now, kept)
    check_size(goal, document, tab, draft.rows)
    have = [row[: goal.width] for row in now]
    differing = [clipped(block, draft.rows) for block in blocks(have, goal.wanted, goal.width)]
    large = staging.stage(goal, document) if staging.needed(differing) else None
    if large:
        draft.requests += staging.swap(goal, document, draft.tab, draft.rows)
    else:
        draft.requests += [batch.update(draft.tab, block) for block in differing if block.cells]
        draft.requests += staging.clean(goal, document)
    draft.requests += dress(goal, tab, draft)
    return Plan(draft.requests, changes(have[1:], goal.wanted[1:], goal.key, goal.width), large)


def begin(goal: Goal, document: Document, tab: Tab | None, now: Rows, kept: int) -> Draft:
    """The tab, and a grid of the right size."""
    if tab is None:
        made = document.free_id(goal.name)
        grid = {"rowCount": goal.height, "columnCount": max(ROOM, goal.width), "frozenRowCount": 1}
        return Draft(made, goal.height, [batch.add_tab(made, goal.export.tab, grid)])
    rows = max(goal.height, kept) if shrinks(goal, tab, now) else max(goal.height, tab.rows)
    before = len(tab.mark.headers) if tab.mark else goal.width
    draft = Draft(tab.id, rows, batch.reshape(tab.id, before, goal.width))
    columns = tab.columns + goal.width - before
    if rows != tab.rows or columns < goal.width:
        draft.requests.append(batch.resize(tab.id, rows, max(columns, goal.width)))
    return draft


def dress(goal: Goal, tab: Tab | None, draft: Draft) -> list[Request]:
    """Formats and the mark, where the layout is new; formats alone for rows that are."""
    if tab and tab.mark == goal.mark:
        grown = draft.rows > tab.rows
        return layout.columns(tab.id, goal.export, goal.types, tab.rows, draft.rows) if grown else []
    known = tab.mark_id if tab else None
    text = goal.mark.text()
    return [
        *layout.header(draft.tab, goal.export, goal.types),
        *layout.columns(draft.tab, goal.export, goal.types, 1, draft.rows),
        batch.create_metadata(draft.tab, KEY, text) if known is None else batch.update_metadata(known, text),
    ]


def clipped(block: Block, rows: int) -> Block:
    """Without the rows that the grid no longer has."""
    return Block(block.row, block.column, block.cells[: max(0, rows - block.row)])


def check_size(goal: Goal, document: Document, tab: Tab | None, rows: int) -> None:
    others = sum(other.rows * other.columns for other in document.tabs if tab is None or other.id != tab.id)
    own = rows * max(tab.columns if tab else ROOM, goal.width)
    if others + own > MOST_CELLS:
        raise SheetError(
            f"Export {goal.export.name} has {len(goal.wanted) - 1:,} rows, a grid of {own:,} cells; with the "
            f"{others:,} of the other tabs that is more than the {MOST_CELLS:,} a spreadsheet can hold. "
            "Give it a spreadsheet of its own, or fewer rows."
        )
