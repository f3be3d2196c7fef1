"""Desired content of a tab: the export's rows as cells, by key; and the rows that cannot be published."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sheets_sync.destinations.sheets.desired.cells import (
    Cell,
    canonical_text,
    display_text,
    to_cell,
    to_key_cell,
)
from sheets_sync.errors import CellError, SheetError
from sheets_sync.export import Column, Export
from sheets_sync.outcome import Example
from sheets_sync.warehouse import Mart

type Key = str  # the canonical texts of the key's cells

REMOVED_COLUMN = "removed_"  # name of the column that marks a removed row; no declared name ends with _


@dataclass(frozen=True)
class DesiredRow:
    """`problem`: why the row cannot be published, "" if it can."""

    key: Key
    cells: list[Cell]
    problem: str = ""


@dataclass(frozen=True)
class DesiredTable:
    """`rows` in the mart's order.

    order: all keys in the mart's order, rejected ones included, because a rejected row stays in the tab as it
    was. types: BigQuery's, by column. total: number of rows of the mart. zone: time zone of the TIMESTAMP
    columns, "" without such a column. exact: rows that are missing here are deleted, whatever the export
    declares for removed rows.
    """

    project: str
    export: Export
    columns: tuple[Column, ...]
    types: Mapping[str, str]
    rows: list[DesiredRow]
    order: list[Key]
    rejected: list[Example]
    total: int
    zone: str = ""
    exact: bool = False

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def owner(self) -> str:
        """`project/export`: owner of the helper tabs."""
        return f"{self.project}/{self.export.name}"

    @property
    def key_indexes(self) -> list[int]:
        return [self.export.names.index(name) for name in self.export.key]

    def key_of(self, cells: Sequence[Cell]) -> Key | None:
        return row_key(cells, self.key_indexes)

    def describe_key(self, cells: Sequence[Cell]) -> str:
        return " / ".join(
            display_text(cells[index], self.types[self.columns[index].name])
            if index < len(cells)
            else "nothing"
            for index in self.key_indexes
        )


def build_table(export: Export, mart: Mart, project: str, zone: str) -> DesiredTable:
    """TIMESTAMP columns are shown in `zone`, the spreadsheet's."""
    zone_info = load_zone(zone)
    rows = [build_row(export, values, zone_info) for values in mart.rows]
    return assemble_table(export, mart.types, project, rows, zone)


def assemble_table(
    export: Export, types: Mapping[str, str], project: str, rows: Sequence[DesiredRow], zone: str
) -> DesiredTable:
    """Rows with the same key are all rejected: it cannot be known which of them is correct."""
    occurrences = Counter(row.key for row in rows)
    checked = [
        replace(row, problem=row.problem or f"duplicate key: {occurrences[row.key]} rows have it")
        if row.key and occurrences[row.key] > 1
        else row
        for row in rows
    ]
    removed = (Column(REMOVED_COLUMN, export.removed.title),) if export.removed.how == "mark" else ()
    has_timestamp = "TIMESTAMP" in (types.get(name) for name in export.names)
    table = DesiredTable(
        project,
        export,
        (*export.columns, *removed),
        {**types, REMOVED_COLUMN: "DATETIME"},
        [row for row in checked if not row.problem],
        list(dict.fromkeys(row.key for row in checked if row.key)),
        [],
        len(rows),
        zone if has_timestamp else "",
    )
    rejected = [row for row in checked if row.problem]
    table.rejected.extend(Example(table.describe_key(row.cells), row.problem) for row in rejected)
    return table


def build_row(export: Export, values: Sequence[Any], zone: ZoneInfo) -> DesiredRow:
    cells: list[Cell] = []
    problem = ""
    for column, value in zip(export.columns, values, strict=True):
        convert = to_key_cell if column.name in export.key else to_cell
        try:
            cells.append(convert(value, zone))
        except CellError as error:
            problem = f"column {column.name}: {error}"
            cells.append(None)
    indexes = [export.names.index(name) for name in export.key]
    blank = [name for name, index in zip(export.key, indexes, strict=True) if cells[index] is None]
    if blank and not problem:
        problem = f"null key: {', '.join(blank)}"
    if export.removed.how == "mark":
        cells.append(None)
    return DesiredRow(row_key(cells, indexes) or "", cells, problem)


def row_key(cells: Sequence[Cell], indexes: Sequence[int]) -> Key | None:
    """None if a part of the key is blank."""
    parts = [canonical_text(cells[index]) if index < len(cells) else "" for index in indexes]
    return "\x1f".join(parts) if all(parts) else None


def keys_in_zone(export: Export, mart: Mart, zone: str) -> list[Key]:
    """The key of every row of the mart as it is shown in another time zone."""
    zone_info = load_zone(zone)
    return [build_row(export, values, zone_info).key for values in mart.rows]


def load_zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SheetError(
            f"The spreadsheet's time zone {zone!r} is unknown. Choose another in File > Settings."
        ) from error
