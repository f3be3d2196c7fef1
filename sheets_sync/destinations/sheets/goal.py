"""What an export's rows are as cells, by key; and which of them no sheet can hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sheets_sync.destinations.sheets.values import Cell, canonical, spoken, to_cell
from sheets_sync.errors import CellError, SheetError
from sheets_sync.exports import Column, Export
from sheets_sync.outcome import Example
from sheets_sync.warehouse import Mart

type Key = str  # the canonical cells of the key's columns

MARK = "removed_"  # the column that marks a removed row; no column of a mart is declared with such a name


@dataclass(frozen=True)
class Row:
    key: Key
    cells: list[Cell]
    problem: str = ""  # why it cannot be published


@dataclass(frozen=True)
class Goal:
    """`rows` in the mart's order; `order` are all keys in it, rejected ones included: a rejected row stays in
    the tab as it was. `types` are BigQuery's, by column."""

    project: str
    export: Export
    columns: tuple[Column, ...]
    types: Mapping[str, str]
    rows: list[Row]
    order: list[Key]
    rejected: list[Example]
    total: int
    exact: bool = False  # rows that are not in it go, whatever the export says of removed ones

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
    def marks(self) -> bool:
        return self.export.removed.how == "mark"

    @property
    def name(self) -> str:
        return f"{self.project}/{self.export.name}"

    @property
    def key(self) -> list[int]:
        """Places of the key's columns."""
        return [self.export.names.index(name) for name in self.export.key]

    def key_of(self, cells: Sequence[Cell]) -> Key | None:
        return key_of(cells, self.key)

    def said(self, cells: Sequence[Cell]) -> str:
        """A row's key as a person reads it."""
        return " / ".join(
            spoken(cells[place], self.types[self.columns[place].name]) if place < len(cells) else "nothing"
            for place in self.key
        )


def of(export: Export, mart: Mart, project: str, zone: str) -> Goal:
    """Moments are shown in `zone`, the spreadsheet's."""
    place = zone_of(zone)
    rows = [read(export, values, place) for values in mart.rows]
    return make(export, mart.types, project, rows)


def make(export: Export, types: Mapping[str, str], project: str, rows: Sequence[Row]) -> Goal:
    """Rows of the same key are all rejected: nobody can tell which of them is meant."""
    times = Counter(row.key for row in rows)
    checked = [
        replace(row, problem=row.problem or f"duplicate key: {times[row.key]} rows have it")
        if row.key and times[row.key] > 1
        else row
        for row in rows
    ]
    marking = (Column(MARK, export.removed.title),) if export.removed.how == "mark" else ()
    goal = Goal(
        project,
        export,
        (*export.columns, *marking),
        {**types, MARK: "DATETIME"},
        [row for row in checked if not row.problem],
        list(dict.fromkeys(row.key for row in checked if row.key)),
        [],
        len(rows),
    )
    goal.rejected.extend(Example(goal.said(row.cells), row.problem) for row in checked if row.problem)
    return goal


def read(export: Export, values: Sequence[Any], zone: ZoneInfo) -> Row:
    cells: list[Cell] = []
    problem = ""
    for column, value in zip(export.columns, values, strict=True):
        try:
            cells.append(to_cell(value, zone))
        except CellError as error:
            problem = f"column {column.name}: {error}"
            cells.append(None)
    places = [export.names.index(name) for name in export.key]
    empty = [export.key[at] for at, place in enumerate(places) if cells[place] is None]
    if empty and not problem:
        problem = f"null key: {', '.join(empty)}"
    if export.removed.how == "mark":
        cells.append(None)
    return Row(key_of(cells, places) or "", cells, problem)


def key_of(cells: Sequence[Cell], places: Sequence[int]) -> Key | None:
    """None where a part of the key is blank."""
    parts = [canonical(cells[place]) if place < len(cells) else "" for place in places]
    return "\x1f".join(parts) if all(parts) else None


def zone_of(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SheetError(
            f"The spreadsheet's time zone {zone!r} is unknown here. Choose another in File > Settings."
        ) from error
