"""One tab: its properties, and its cells by (row, column)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.sheets.cells import BLANK, Cell
from sandbox.sheets.edits import Edit
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.ranges import Area, address, written

ROWS, COLUMNS = "ROWS", "COLUMNS"
SIZE = {ROWS: "rowCount", COLUMNS: "columnCount"}
FROZEN = {ROWS: "frozenRowCount", COLUMNS: "frozenColumnCount"}


@dataclass
class Tab:
    """A sheet; `properties` are SheetProperties without the index, which is the position in the book.

    `objects`: charts, merges, tables and rules, by their field of a Sheet.
    """

    properties: dict[str, Any]
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    protected: list[dict[str, Any]] = field(default_factory=list)
    basic_filter: dict[str, Any] | None = None
    dimensions: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {ROWS: {}, COLUMNS: {}})
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def copy(self) -> "Tab":
        """Another grid with the same cells, which are immutable."""
        return Tab(
            self.properties,
            dict(self.cells),
            list(self.protected),
            self.basic_filter,
            {name: dict(items) for name, items in self.dimensions.items()},
            {kind: list(items) for kind, items in self.objects.items()},
        )

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def rows(self) -> int:
        return int(self.properties["gridProperties"]["rowCount"])

    @property
    def columns(self) -> int:
        return int(self.properties["gridProperties"]["columnCount"])

    def at(self, row: int, column: int) -> Cell:
        return self.cells.get((row, column), BLANK)

    def put(self, row: int, column: int, cell: Cell) -> None:
        if row >= self.rows or column >= self.columns:
            area = Area(row, column, row + 1, column + 1)
            raise self.beyond(area)
        # Not stored: a copy of a tab, which every batch makes, then costs only what has content.
        if cell.empty:
            self.cells.pop((row, column), None)
        else:
            self.cells[row, column] = cell

    def beyond(self, area: Area) -> BadRequest:
        where = (
            written(self.title, area)
            if area.end_row and area.end_column
            else address(area.first_row, area.first_column)
        )
        return BadRequest(
            f"Range ({where}) exceeds grid limits. Max rows: {self.rows}, max columns: {self.columns}"
        )

    def inside(self, area: Area) -> Area:
        """The area clipped to the grid; BadRequest where it begins outside."""
        if area.first_row >= self.rows or area.first_column >= self.columns:
            raise self.beyond(area)
        return area.within(self.rows, self.columns)

    def occupied(self, area: Area) -> Iterator[tuple[tuple[int, int], Cell]]:
        """The cells of a closed area that are not empty, in no order."""
        # By addresses or by cells, whichever are fewer: an area may be one cell, or whole columns.
        if area.height * area.width < len(self.cells):
            for place in area.addresses():
                if place in self.cells:
                    yield place, self.cells[place]
        else:
            yield from ((place, cell) for place, cell in self.cells.items() if area.holds(*place))

    def resize(self, dimension: str, size: int) -> None:
        """Add or remove rows or columns at the end; cells outside the new size are deleted."""
        if size < 1:
            raise BadRequest(f"You can't delete all the {dimension.lower()} on the sheet.")
        # A new dictionary, because copies of a tab share the old one.
        properties = dict(self.properties["gridProperties"]) | {SIZE[dimension]: size}
        if properties.get(FROZEN[dimension], 0) >= size:
            raise BadRequest(f"You can't freeze all visible {dimension.lower()} on the sheet.")
        self.properties = self.properties | {"gridProperties": properties}
        axis = 0 if dimension == ROWS else 1
        self.cells = {place: cell for place, cell in self.cells.items() if place[axis] < size}
        self.dimensions[dimension] = {
            index: item for index, item in self.dimensions[dimension].items() if index < size
        }

    def rearrange(self, dimension: str, edit: Edit) -> None:
        """Move cells and row or column properties as `edit` states. The caller changes the size of the grid."""
        cells = {}
        for (row, column), cell in self.cells.items():
            moved = edit.index(row if dimension == ROWS else column)
            if moved is not None:
                cells[(moved, column) if dimension == ROWS else (row, moved)] = cell
        self.cells = cells
        places = ((edit.index(index), item) for index, item in self.dimensions[dimension].items())
        self.dimensions[dimension] = {index: item for index, item in places if index is not None}
