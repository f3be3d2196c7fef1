"""Parses the content of an export's file: shape by msgspec, then rules that concern several keys."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from sheets_sync.chart_parser import check_chart, parse_chart
from sheets_sync.declaration import Part, convert_part
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.http.config import HttpConfig, parse_http_config
from sheets_sync.errors import ExportError
from sheets_sync.export import (
    RAW_PREFIX,
    VERDICT_TABLE,
    Column,
    ColumnType,
    Drift,
    Export,
    LoadMode,
    Mode,
    Order,
    Protect,
    Removed,
    SheetsConfig,
    SyncStatus,
)
from sheets_sync.notifications.config import parse_notify
from sheets_sync.row_filter import parse_row_filter, parse_segments
from sheets_sync.schedule import parse_schedule

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

SHRINK, SHRINK_OF_VERDICT = 50, 100  # findings end, and most of them at once
KINDS = ("sheets", "http", "file")
MODES_OF_KIND: dict[str, tuple[Mode, ...]] = {
    "sheets": ("mirror", "upsert", "update", "insert", "append"),
    "http": ("mirror", "upsert"),
    "file": ("mirror",),
}
REMOVED_HINT = "delete, keep, {mark: <header>} or {move: <tab>}"


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


def parse_export(name: str, file: str, content: Any, segment: str = "") -> Export:
    """The export that the content of `file` declares; `segment` is one of its segments."""
    part = convert_part(content, ExportPart, file)
    columns = parse_columns(file, part.columns)
    removed = parse_removed(file, part.removed, part.mode)
    destination = parse_destination(file, part, columns, removed)
    if destination.kind == "sheets" and not part.tab:
        raise ExportError(f"{file}: tab is {part.tab!r}, expected a title of 1 to 100 characters.")
    export = Export(
        name=name,
        table=part.table,
        tab=(part.tab or "").replace("{segment}", segment),
        mode=part.mode,
        key=tuple(part.key),
        columns=columns,
        order=tuple(parse_order(item) for item in part.order),
        removed=removed,
        drift=part.drift,
        shrink=default_shrink(part.table) if part.shrink is None else part.shrink,
        load_mode=part.copied or "whole",
        protect=part.protect,
        audit=parse_audit(file, part.audit),
        status=part.status,
        fill_down=tuple(part.fill_down),
        row_filter=parse_row_filter(file, part.where, parse_segments(file, part.segments), segment),
        schedule=parse_schedule(file, part.schedule),
        chart=parse_chart(file, part.chart, segment),
        destination=destination,
        notify=parse_notify(file, part.notify),
    )
    if export.status != "none" and destination.kind != "sheets":
        raise ExportError(f"{file}: status is {part.status}, which only a sheet supports: expected none.")
    check_fill_down(file, export)
    check_chart(file, export)
    if export.is_raw and export.row_filter:
        raise ExportError(f"{file}: where and segments are for marts, but table is {export.table}.")
    check_column_names(file, export)
    check_titles(file, export)
    check_raw_keys(file, export, part)
    check_verdict(file, export)
    return export


def default_shrink(table: str) -> int:
    return SHRINK_OF_VERDICT if table == VERDICT_TABLE else SHRINK


def parse_columns(file: str, value: Any) -> tuple[Column, ...]:
    """Convert one by one, because the path in msgspec's error does not contain the column's name."""
    if not isinstance(value, dict) or not value:
        raise ExportError(f"{file}: columns is {value!r}, expected a mapping of at least one column.")
    columns = []
    for name, item in value.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ExportError(f"{file}: columns has {name!r}, expected a name in snake_case.")
        part = convert_part(item, ColumnPart, file, f"columns.{name}")
        columns.append(Column(name, part.header, part.format, part.type))
    return tuple(columns)


def parse_order(text: str) -> Order:
    column, *direction = text.split()
    return Order(column, direction == ["desc"])


def parse_audit(file: str, value: Any) -> str | None:
    """The title of the log tab; `false` for no log tab."""
    if value is False:
        return None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 100:
        raise ExportError(f"{file}: audit is {value!r}, expected a title of 1 to 100 characters or false.")
    return value


def parse_removed(file: str, value: Any, mode: Mode) -> Removed:
    """A mirror deletes by default, other modes keep."""
    if value is None:
        return Removed("delete" if mode == "mirror" else "keep")
    if isinstance(value, dict):
        part = convert_part(value, RemovedPart, file, "removed")
        if bool(part.mark) == bool(part.move):
            raise ExportError(f"{file}: removed is {value!r}, expected {REMOVED_HINT}.")
        removed = Removed("mark", part.mark) if part.mark else Removed("move", part.move or "")
    elif value == "delete":
        removed = Removed("delete")
    elif value == "keep":
        removed = Removed("keep")
    else:
        raise ExportError(f"{file}: removed is {value!r}, expected {REMOVED_HINT}.")
    if removed.how != "keep" and mode not in ("mirror", "upsert"):
        raise ExportError(f"{file}: removed is {value!r}, but mode {mode} leaves such rows: expected keep.")
    if removed.how == "keep" and mode == "mirror":
        raise ExportError(f"{file}: removed is keep, but a mirror shows exactly the table: use mode upsert.")
    return removed


def parse_destination(
    file: str, part: ExportPart, columns: Sequence[Column], removed: Removed
) -> SheetsConfig | FileConfig | HttpConfig:
    declared = {"kind": "sheets"} if part.destination is None else part.destination
    kind = declared.get("kind") if isinstance(declared, dict) else None
    if kind not in KINDS:
        raise ExportError(
            f"{file}: destination is {declared!r}, expected a mapping with kind: one of {', '.join(KINDS)}."
        )
    if part.mode not in MODES_OF_KIND[kind]:
        allowed = ", ".join(MODES_OF_KIND[kind])
        raise ExportError(f"{file}: mode is {part.mode}, a destination of kind {kind} supports: {allowed}.")
    if kind == "sheets":
        return convert_part(declared, SheetsConfig, file, "destination")
    if removed.how not in ("delete", "keep"):
        raise ExportError(
            f"{file}: removed is {removed.how}, which only a sheet supports: expected delete or keep."
        )
    if kind == "file":
        return convert_part(declared, FileConfig, file, "destination")
    # A key that is not a column is reported by check_column_names, after all parts are parsed.
    headers = {column.name: column.header for column in columns}
    key = [headers[name] for name in part.key if name in headers]
    config = parse_http_config(file, declared, list(headers.values()), key)
    # Without this check a row that the mart lost would stay in the API, although the export deletes it.
    if removed.how == "delete" and config.delete is None:
        raise ExportError(
            f"{file}: destination.delete is missing: it states how rows that the mart no longer contains are "
            "deleted. Declare it, or use mode upsert."
        )
    return config


def check_fill_down(file: str, export: Export) -> None:
    synced = [header for header in export.fill_down if header in export.headers]
    if synced:
        raise ExportError(
            f"{file}: fill_down has {', '.join(synced)}, a column of the export: expected headers of users' columns."
        )
    if export.fill_down and export.destination.kind != "sheets":
        raise ExportError(f"{file}: fill_down is {list(export.fill_down)}, which only a sheet supports.")


def check_column_names(file: str, export: Export) -> None:
    """`key` and `order` name columns of the export."""
    allowed = f"columns of: {', '.join(export.names)}"
    if len(set(export.key)) < len(export.key):
        raise ExportError(f"{file}: key is {list(export.key)}, expected each column once.")
    for part, names in (("key", list(export.key)), ("order", [item.column for item in export.order])):
        if not set(names) <= set(export.names):
            raise ExportError(f"{file}: {part} is {names}, expected {allowed}.")


def check_titles(file: str, export: Export) -> None:
    """Headers differ, and so do the titles of tabs, which Sheets compares case-insensitively."""
    marking = [export.removed.title] if export.removed.how == "mark" else []
    headers = export.headers + marking
    if len(set(headers)) < len(headers):
        raise ExportError(f"{file}: headers are {headers}, expected each header once.")
    titles = [export.tab, export.audit or "", export.removed.title if export.removed.how == "move" else ""]
    titles += [export.chart.tab] if export.chart else []
    lower = [title.lower() for title in titles if title]
    if len(set(lower)) < len(lower):
        raise ExportError(f"{file}: titles of tabs are {titles}, expected each title once.")


def check_raw_keys(file: str, export: Export, part: ExportPart) -> None:
    """`copied` and `type` describe tables of raw; the columns of a mart have types."""
    if not export.is_raw and (part.copied or any(column.type for column in export.columns)):
        raise ExportError(
            f"{file}: table is {export.table}, a mart, whose columns have types: `copied` and `type` are for "
            f"tables of raw, such as {RAW_PREFIX}customers."
        )


def check_verdict(file: str, export: Export) -> None:
    """Each run changes the verdict, so a notice about each change would be a mail an hour."""
    notify = export.notify
    if export.is_verdict and (notify.mail or notify.webhook) and "change" in notify.on:
        raise ExportError(
            f"{file}: notify.on is {', '.join(notify.on)}, but every run changes {VERDICT_TABLE}: expected a list "
            "of failure, recovery, rejection. notices.report of the tfvars has the receivers of news of last night."
        )
