"""The version before our last write: a hidden tab of the spreadsheet, put back as any mart would be."""

from collections.abc import Mapping
from dataclasses import replace

from sheets_sync.destinations.sheets.document import BEFORE, Document
from sheets_sync.destinations.sheets.goal import Goal, Row, key_of, make
from sheets_sync.destinations.sheets.sheet import Spreadsheet, quoted
from sheets_sync.destinations.sheets.values import Cell
from sheets_sync.errors import Refused
from sheets_sync.exports import Export


def goal_of(
    export: Export, types: Mapping[str, str], project: str, document: Document, spreadsheet: Spreadsheet
) -> Goal:
    """Refused where there is no version before, or where it has other columns."""
    tab = document.serving(BEFORE, f"{project}/{export.name}")
    if tab is None:
        raise Refused(
            f"There is no version before of export {export.name}: it was written once, or it had no room. "
            "Google's own are under File > Version history."
        )
    exact = replace(export, mode="mirror", drift="overwrite")
    empty = make(exact, types, project, [])
    [shown] = spreadsheet.values([quoted(tab.title)])
    header, rows = (shown[0], shown[1:]) if shown else ([], [])
    if list(header) != empty.headers:
        raise Refused(
            f"The version before of export {export.name} has columns {header}, the export now has "
            f"{empty.headers}. Google's own versions are under File > Version history."
        )
    return replace(make(exact, types, project, [read(empty, row) for row in rows]), exact=True)


def read(goal: Goal, row: list[Cell]) -> Row:
    cells: list[Cell] = [row[at] if at < len(row) and row[at] != "" else None for at in range(goal.width)]
    key = key_of(cells, goal.key)
    return Row(key or "", cells, "" if key else "null key: people had added this row")
