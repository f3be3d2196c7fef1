"""Which tab is an export's, and whether it may be written."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets.diff import Rows
from sheets_sync.destinations.sheets.document import Document, Tab
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.sheet import Spreadsheet
from sheets_sync.errors import Refused


def find(goal: Goal, document: Document, spreadsheet: Spreadsheet, adopt: bool) -> tuple[Tab | None, Rows]:
    """The export's tab and what our columns hold; None where it is to be made. Refused where not ours."""
    tab = document.ours(goal.project, goal.export.name, goal.export.tab)
    if tab and tab.mark:
        rows, first = spreadsheet.cells(tab, len(tab.mark.headers))
        check_place(tab, tab.mark.headers, rows, first)
        return tab, rows
    tab = document.titled(goal.export.tab)
    return (None, []) if tab is None else (tab, adoptable(goal, tab, spreadsheet, adopt))


def adoptable(goal: Goal, tab: Tab, spreadsheet: Spreadsheet, adopt: bool) -> Rows:
    """An empty tab of our name is as good as a new one: a person may have made it for us."""
    where = f"Tab {tab.title!r} of spreadsheet {spreadsheet.id}"
    if tab.mark:
        raise Refused(
            f"{where} is kept by export {tab.mark.export} of project {tab.mark.project}. "
            f"Give export {goal.export.name} another tab or another spreadsheet."
        )
    rows, _ = spreadsheet.cells(tab, tab.columns)
    if rows and not adopt:
        raise Refused(
            f"{where} was not made by sheets_sync, and it is not empty. Rename it, or run with --adopt: "
            f"export {goal.export.name} then overwrites its first {goal.width} columns."
        )
    return [row[: goal.width] for row in rows]


def check_place(tab: Tab, headers: Sequence[str], rows: Rows, first: Sequence[object]) -> None:
    """Refuse to write where our columns no longer are; a header that was only renamed is written again."""
    for place, header in enumerate(headers):
        if header in first and (place >= len(first) or first[place] != header):
            raise Refused(
                f"Column {header!r} of tab {tab.title!r} is number {first.index(header) + 1}, it was "
                f"{place + 1}: somebody moved it, or put a column before it. Move it back; own columns "
                "go to the right of ours."
            )
    heads = [place for place, row in enumerate(rows) if list(row) == list(headers)]
    if heads and heads[0] > 0:
        raise Refused(
            f"The header of tab {tab.title!r} is in row {heads[0] + 1}, it was in row 1: somebody put rows "
            "above it. Delete them, or move the header back up."
        )
