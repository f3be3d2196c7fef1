"""Parses the content of an export's file: its parts one by one, then rules that concern several of them."""

from collections.abc import Sequence
from typing import Any

from sheets_sync.chart_parser import parse_chart
from sheets_sync.declaration import convert_part
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.http.config import HttpConfig, parse_http_config
from sheets_sync.errors import ExportError
from sheets_sync.export import VERDICT_TABLE, Column, Export, Mode, Order, Removed, SheetsConfig
from sheets_sync.export_checks import check_export
from sheets_sync.export_parts import NAME, ColumnPart, ExportPart, RemovedPart
from sheets_sync.notifications.config import parse_notify
from sheets_sync.row_filter import parse_row_filter, parse_segments
from sheets_sync.schedule import parse_schedule

SHRINK, SHRINK_OF_VERDICT = 50, 100  # findings end, and most of them at once
KINDS = ("sheets", "http", "file")
MODES_OF_KIND: dict[str, tuple[Mode, ...]] = {
    "sheets": ("mirror", "upsert", "update", "insert", "append"),
    "http": ("mirror", "upsert"),
    "file": ("mirror",),
}
REMOVED_HINT = "delete, keep, {mark: <header>} or {move: <tab>}"


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
    check_export(file, export, part)
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
