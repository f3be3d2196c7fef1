"""Which tab is an export's, what it holds, and whether it may be written."""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.blocks import Rows
from sheets_sync.destinations.sheets.diff import Held
from sheets_sync.destinations.sheets.document import MEMORY, Document, Tab
from sheets_sync.destinations.sheets.goal import Goal, key_of
from sheets_sync.destinations.sheets.memory import CELL, Memory, cell_digest, key_digest
from sheets_sync.destinations.sheets.sheet import Spreadsheet
from sheets_sync.errors import Refused


@dataclass(frozen=True)
class Found:
    """`rows` are what our columns hold, header first; `tab` is None where it is to be made. `columns` names
    them, in their order; it is None where the rows have no known columns and all is written anew."""

    tab: Tab | None
    rows: Rows
    columns: tuple[str, ...] | None
    memory: Memory | None = None

    def held(self, goal: Goal) -> list[Held]:
        """The rows in the goal's columns, below the header."""
        if self.columns is None:
            return []
        places = [self.columns.index(name) if name in self.columns else None for name in goal.names]
        found = []
        for number, row in enumerate(self.rows[1:]):
            cells = [row[at] if at is not None and at < len(row) and row[at] != "" else None for at in places]
            found.append(Held(number, goal.key_of(cells), cells))
        return found


def find(goal: Goal, document: Document, spreadsheet: Spreadsheet, adopt: bool) -> Found:
    """Refused where the tab is not ours, or where our columns no longer are."""
    tab = document.ours(goal.project, goal.export.name, goal.export.tab)
    if tab and tab.mark:
        memory_tab = document.serving(MEMORY, goal.name)
        rows, first, log = spreadsheet.cells(tab, len(tab.mark.headers), memory_tab)
        memory = Memory.read(log)
        memory = memory if memory and memory.key == goal.export.key else None
        found = Found(tab, rows, tab.mark.columns, memory)
        check_header(tab, tab.mark.headers, rows, first)
        check_key(goal, tab, tab.mark.columns)
        check_columns(goal, found, tab.mark.headers)
        return found
    tab = document.titled(goal.export.tab)
    return Found(None, [], None) if tab is None else adoptable(goal, tab, spreadsheet, adopt)


def adoptable(goal: Goal, tab: Tab, spreadsheet: Spreadsheet, adopt: bool) -> Found:
    """An empty tab of our name is as good as a new one: a person may have made it for us."""
    where = f"Tab {tab.title!r} of spreadsheet {spreadsheet.id}"
    if tab.mark or tab.serves:
        keeper = (
            f"export {tab.mark.export} of project {tab.mark.project}" if tab.mark else "sheets_sync itself"
        )
        raise Refused(
            f"{where} is kept by {keeper}. Give export {goal.export.name} another tab or another spreadsheet."
        )
    rows, _, _ = spreadsheet.cells(tab, tab.columns)
    if not rows:
        return Found(tab, rows, None)
    ours = list(rows[0][: goal.width]) == goal.headers
    fate = (
        "then matches its rows by key"
        if ours
        else f"then overwrites its first {goal.width} columns, as its first row is not our header"
    )
    if not adopt:
        raise Refused(
            f"{where} was not made by sheets_sync, and it is not empty. Rename it, or run with --adopt: "
            f"export {goal.export.name} {fate}."
        )
    return Found(tab, [row[: goal.width] for row in rows], goal.names if ours else None)


def check_header(tab: Tab, headers: Sequence[str], rows: Rows, first: Sequence[object]) -> None:
    """Refuse to write where our columns no longer are; a header that was only renamed is written again."""
    for place, header in enumerate(headers):
        if header in first and (place >= len(first) or first[place] != header):
            raise Refused(
                f"Column {header!r} of tab {tab.title!r} is number {first.index(header) + 1}, it was "
                f"{place + 1}: somebody moved it, or put a column before it, or deleted one. Undo that "
                "(File > Version history); own columns go to the right of ours."
            )
    heads = [place for place, row in enumerate(rows) if list(row) == list(headers)]
    if heads and heads[0] > 0:
        raise Refused(
            f"The header of tab {tab.title!r} is in row {heads[0] + 1}, it was in row 1: somebody put rows "
            "above it. Delete them, or move the header back up."
        )
    if rows and not set(headers) & set(first):
        raise Refused(
            f"The header of tab {tab.title!r} is gone: its first row has none of {', '.join(headers)}. "
            "Put it back (File > Version history), or delete the tab: the next run makes a new one."
        )


def check_key(goal: Goal, tab: Tab, columns: Sequence[str]) -> None:
    missing = [name for name in goal.export.key if name not in columns]
    if missing:
        raise Refused(
            f"Export {goal.export.name} now has {', '.join(missing)} in its key, which tab {tab.title!r} has "
            "no column for, so its rows cannot be told apart. Copy what people keep beside "
            "them elsewhere and delete the tab: the next run makes a new one."
        )


def check_columns(goal: Goal, found: Found, headers: Sequence[str]) -> None:
    """A header that is gone was renamed if what stands below it is still ours, else the column is another."""
    first = found.rows[0] if found.rows else []
    for place, header in enumerate(headers):
        shown = first[place] if place < len(first) else None
        if shown != header and foreign(goal, found, place):
            raise Refused(
                f"Column {place + 1} of the export's tab is headed {shown!r} and holds other values than "
                f"{header!r} did: somebody deleted or replaced that column. Undo that (File > Version "
                "history), or delete the tab: the next run makes a new one."
            )


def foreign(goal: Goal, found: Found, place: int) -> bool:
    """Whether fewer than half of the rows hold in a column what was last synced there."""
    columns, memory = found.columns or (), found.memory
    if memory is None or columns[place] not in memory.columns:
        return False
    at = memory.columns.index(columns[place]) * CELL
    key = [columns.index(name) for name in goal.export.key]
    checked = [
        entry[at : at + CELL] == cell_digest(row[place] if place < len(row) else None)
        for row in found.rows[1:]
        if (entry := memory.entries.get(key_digest(key_of(row, key) or "")))
    ]
    return sum(checked) * 2 < len(checked)
