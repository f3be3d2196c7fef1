"""An export as declared in exports/<name>.yaml. All keys: docs/reference/export-declaration.md."""

from dataclasses import dataclass, field
from typing import Literal

from sheets_sync.declaration import Part
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.http.config import HttpConfig
from sheets_sync.notifications.config import Notify
from sheets_sync.row_filter import RowFilter
from sheets_sync.schedule import Schedule

RAW_PREFIX = "raw."  # of a table that is exported without a model
VERDICT_TABLE = "ops.verdict"  # docs/adr/0014

type Mode = Literal["mirror", "upsert", "update", "insert", "append"]
type RemovedHow = Literal["delete", "keep", "mark", "move"]
type Drift = Literal["overwrite", "keep"]
type LoadMode = Literal["whole", "incremental"]
type Protect = Literal["warning", "owner", "none"]
type SyncStatus = Literal["note", "none"]
type ChartType = Literal["line", "column", "bar", "area", "scatter"]
type ColumnType = Literal[
    "STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "TIME"
]


class SheetsConfig(Part, frozen=True, kw_only=True):
    """Part `destination` of an export to a tab: nothing but its kind."""

    kind: Literal["sheets"] = "sheets"


@dataclass(frozen=True)
class Column:
    """`name` in the mart; `header` in the first row; `format`: a number format, None for the usual one.

    `type` is BigQuery's. It is declared only for a table of raw, where every column is a STRING.
    """

    name: str
    header: str
    format: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Removed:
    """What happens to a row that the mart no longer contains.

    `title` is the header of the column that marks it, or the title of the tab that it is moved to.
    """

    how: RemovedHow
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart in a tab of its own: columns `y` over column `x`. tab, title: as people see them."""

    tab: str
    type: ChartType
    x: str
    y: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class Export:
    """Columns of `table`, a mart, raw.<table> or ops.verdict, from left to right. `key` identifies a row.

    drift: the value to use where a user edited a synced cell, the mart's (`overwrite`) or the user's (`keep`).
    shrink: maximum share of removed rows in percent. load_mode: how the connector copies a table of raw.
    audit: title of the log tab, None for no log tab. status: where readers see when the tab was checked.
    fill_down: headers of users' columns whose formulas are copied to new rows. row_filter: rows of the table
    that are published. schedule: None if due in every run.
    """

    name: str
    table: str
    tab: str
    mode: Mode
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    order: tuple[Order, ...] = ()
    removed: Removed = Removed("delete")
    drift: Drift = "overwrite"
    shrink: int = 50
    load_mode: LoadMode = "whole"
    protect: Protect = "warning"
    audit: str | None = "Sync log"
    status: SyncStatus = "none"
    fill_down: tuple[str, ...] = ()
    row_filter: RowFilter = field(default_factory=dict)
    schedule: Schedule | None = None
    chart: Chart | None = None
    destination: SheetsConfig | FileConfig | HttpConfig = SheetsConfig()  # noqa: RUF009 (frozen)
    notify: Notify = Notify()

    @property
    def source(self) -> str:
        """`dmt.daily_sales`, `raw.customers`"""
        return self.table if self.is_raw or self.is_verdict else f"dmt.{self.table}"

    @property
    def is_raw(self) -> bool:
        return self.table.startswith(RAW_PREFIX)

    @property
    def is_verdict(self) -> bool:
        return self.table == VERDICT_TABLE

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]
