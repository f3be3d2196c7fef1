"""What a tab should be: header, rows as cells, and how it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sheets_sync.destinations.sheets import layout
from sheets_sync.destinations.sheets.diff import Rows
from sheets_sync.destinations.sheets.document import Mark
from sheets_sync.destinations.sheets.values import Cell, to_cell
from sheets_sync.errors import CellError, SheetError
from sheets_sync.exports import Export
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Goal:
    """`wanted` is the header and all rows; `types` are BigQuery's, by column."""

    project: str
    export: Export
    types: Mapping[str, str]
    wanted: Rows

    @property
    def width(self) -> int:
        return len(self.export.columns)

    @property
    def height(self) -> int:
        """Rows the grid needs: Sheets cannot freeze the only one."""
        return max(2, len(self.wanted))

    @property
    def name(self) -> str:
        return f"{self.project}/{self.export.name}"

    @property
    def key(self) -> list[int]:
        """Places of the key's columns."""
        return [self.export.names.index(name) for name in self.export.key]

    @property
    def mark(self) -> Mark:
        look = layout.fingerprint(self.export, self.types)
        return Mark(self.project, self.export.name, tuple(self.export.headers), look)


def of(export: Export, mart: Mart, project: str, zone: str) -> Goal:
    """Moments are shown in `zone`, the spreadsheet's."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SheetError(f"The spreadsheet's time zone {zone!r} is unknown here. Choose another.") from error
    rows = [line(export, number, row, place) for number, row in enumerate(mart.rows, start=1)]
    return Goal(project, export, mart.types, [export.headers, *rows])


def line(export: Export, number: int, row: Sequence[object], zone: ZoneInfo) -> list[Cell]:
    cells: list[Cell] = []
    for column, value in zip(export.columns, row, strict=True):
        try:
            cells.append(to_cell(value, zone))
        except CellError as error:
            where = f"Column {column.name} of dmt.{export.table}, row {number} of export {export.name}"
            raise CellError(f"{where}: {error}. Shorten it in the mart.") from error
    return cells
