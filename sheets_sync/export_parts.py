"""The shape of an export's file, which msgspec checks; rules that concern several keys are in export_checks."""

import re
from typing import Annotated, Any

from msgspec import Meta

from sheets_sync.declaration import Part
from sheets_sync.export import VERDICT_TABLE, ColumnType, Drift, LoadMode, Mode, Protect, SyncStatus

NAME = re.compile(r"[a-z][a-z0-9_]*")
# \Z and not $, which would accept a line break at the end of a name.
Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}\Z", description="a name in snake_case")]
Table = Annotated[
    str,
    Meta(
        pattern=rf"^((raw\.)?{NAME.pattern}|{re.escape(VERDICT_TABLE)})\Z",
        description=f"a table in dmt, or raw.<table>, or {VERDICT_TABLE}",
    ),
]
Title = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"\S", description="a title of 1 to 100 characters")
]
Header = Annotated[str, Meta(pattern=r"\S", description="a text")]
OrderItem = Annotated[
    str,
    Meta(pattern=rf"^\s*{NAME.pattern}(\s+(asc|desc))?\s*\Z", description="a column, or a column and desc"),
]
Percent = Annotated[int, Meta(ge=0, le=100, description="a whole number of percent, 0 to 100")]
KeyColumns = Annotated[list[Name], Meta(min_length=1, description="a list with at least one column")]


class ColumnPart(Part, frozen=True, kw_only=True):
    header: Header
    format: str | None = None
    type: ColumnType | None = None


class RemovedPart(Part, frozen=True, kw_only=True):
    mark: Title | None = None
    move: Title | None = None


class ExportPart(Part, frozen=True, kw_only=True):
    """A whole file. `columns`, `removed`, `destination` and `notify` are converted one by one."""

    table: Table
    mode: Mode
    key: KeyColumns
    columns: Any
    tab: Title | None = None
    copied: LoadMode | None = None
    order: list[OrderItem] = []
    removed: Any = None
    drift: Drift = "overwrite"
    shrink: Percent | None = None
    protect: Protect = "warning"
    audit: Any = "Sync log"
    status: SyncStatus = "none"
    fill_down: list[Header] = []
    where: Any = None
    segments: Any = None
    schedule: Any = None
    chart: Any = None
    destination: Any = None
    notify: Any = None
