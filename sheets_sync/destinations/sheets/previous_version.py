"""The version before the last change: rows of a hidden tab of the spreadsheet, written like those of a mart."""

from collections.abc import Mapping
from dataclasses import replace

from sheets_sync.destinations.sheets.current.document import BEFORE, Document
from sheets_sync.destinations.sheets.desired.cells import Cell, change_zone
from sheets_sync.destinations.sheets.desired.table import (
    DesiredRow,
    DesiredTable,
    assemble_table,
    load_zone,
    row_key,
)
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet, quote_title
from sheets_sync.errors import Refused
from sheets_sync.export import Export

REMEDY = "Google's own versions are under File > Version history."


def read_previous_version(
    export: Export, types: Mapping[str, str], project: str, document: Document, spreadsheet: Spreadsheet
) -> DesiredTable:
    """Refused if there is no version before, or if it has other columns."""
    tab = document.find_helper(BEFORE, f"{project}/{export.name}")
    if tab is None:
        raise Refused(
            f"There is no version before of export {export.name}: it was written once, or there was no room "
            f"for it. {REMEDY}"
        )
    # Exactly the version: users' edits since then are replaced, whatever the export declares.
    exact = replace(export, mode="mirror", drift="overwrite")
    empty = assemble_table(exact, types, project, [], document.zone)
    [values] = spreadsheet.read_values([quote_title(tab.title)])
    header, rows = (values[0], values[1:]) if values else ([], [])
    if list(header) != empty.headers:
        raise Refused(
            f"The version before of export {export.name} has columns {header}, the export now has "
            f"{empty.headers}. {REMEDY}"
        )
    rows = [convert_zone(empty, row, version_zone(document, project, export), document.zone) for row in rows]
    table = assemble_table(exact, types, project, [read_row(empty, row) for row in rows], document.zone)
    return replace(table, exact=True)


def version_zone(document: Document, project: str, export: Export) -> str:
    marks = [tab.mark for tab in document.marked_tabs(project, export.name) if tab.mark]
    return marks[0].version_zone if marks else ""


def convert_zone(table: DesiredTable, row: list[Cell], old: str, new: str) -> list[Cell]:
    """A row of the version with its TIMESTAMP columns in the spreadsheet's time zone of today."""
    if not old or old == new:
        return row
    zones = load_zone(old), load_zone(new)
    return [
        change_zone(cell, *zones)
        if at < table.width and table.types[table.columns[at].name] == "TIMESTAMP"
        else cell
        for at, cell in enumerate(row)
    ]


def read_row(table: DesiredTable, row: list[Cell]) -> DesiredRow:
    cells: list[Cell] = [
        row[index] if index < len(row) and row[index] != "" else None for index in range(table.width)
    ]
    key = row_key(cells, table.key_indexes)
    return DesiredRow(key or "", cells, "" if key else "null key: a row that users had added")
