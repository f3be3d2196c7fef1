"""Rules of an export that concern several keys of its file."""

from sheets_sync.chart_parser import check_chart
from sheets_sync.errors import ExportError
from sheets_sync.export import RAW_PREFIX, VERDICT_TABLE, Export
from sheets_sync.export_parts import ExportPart


def check_export(file: str, export: Export, part: ExportPart) -> None:
    """ExportError names the key, its value and what is expected."""
    check_sheet_keys(file, export)
    check_fill_down(file, export)
    check_chart(file, export)
    check_column_names(file, export)
    check_titles(file, export)
    check_raw_keys(file, export, part)
    check_verdict(file, export)


def check_sheet_keys(file: str, export: Export) -> None:
    if export.status != "none" and export.destination.kind != "sheets":
        raise ExportError(f"{file}: status is {export.status}, which only a sheet supports: expected none.")


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
    if export.is_raw and export.row_filter:
        raise ExportError(f"{file}: where and segments are for marts, but table is {export.table}.")
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
