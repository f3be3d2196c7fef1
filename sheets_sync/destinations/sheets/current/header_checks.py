"""Whether the synced columns are where they were: otherwise nothing may be written."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import Tab
from sheets_sync.destinations.sheets.current.sync_state import CELL_SIZE, cell_digest, key_digest
from sheets_sync.destinations.sheets.desired.table import DesiredTable, row_key
from sheets_sync.errors import Refused

HISTORY = "File > Version history"


def check_places(
    desired: DesiredTable, current: CurrentTab, headers: Sequence[str], first_row: Sequence[object]
) -> None:
    """Refused if the header row or a synced column is not where it was."""
    check_header(desired, current, headers, first_row)
    check_columns(desired, current, headers)


def check_header(
    desired: DesiredTable, current: CurrentTab, headers: Sequence[str], first_row: Sequence[object]
) -> None:
    """Refuse to write if the synced columns or the header row were moved.

    Renamed headers are written again, even all of them, as long as the columns still contain our values.
    """
    title = current.tab.title if current.tab else ""
    for index, header in enumerate(headers):
        if header in first_row and (index >= len(first_row) or first_row[index] != header):
            raise Refused(
                f"Column {header!r} of tab {title!r} is number {first_row.index(header) + 1}, it was "
                f"{index + 1}: a user moved it, inserted a column before it, or deleted one. Undo that "
                f"({HISTORY}); users' columns go to the right of the synced ones."
            )
    header_rows = [index for index, row in enumerate(current.rows) if list(row) == list(headers)]
    if header_rows and header_rows[0] > 0:
        raise Refused(
            f"The header of tab {title!r} is in row {header_rows[0] + 1}, it was in row 1: a user inserted "
            "rows above it. Delete them, or move the header back up."
        )
    is_gone = bool(current.rows) and not set(headers) & set(first_row)
    if is_gone and not is_header_renamed(desired, current):
        raise Refused(
            f"The header of tab {title!r} is gone: its first row has none of {', '.join(headers)}. "
            f"Put it back ({HISTORY}), or delete the tab: the next run creates a new one."
        )


def is_header_renamed(desired: DesiredTable, current: CurrentTab) -> bool:
    """Whether all headers were renamed, for example translated: the first row is not one of our rows, and
    every column still contains the values that were last synced."""
    columns, state = current.columns or (), current.state
    if state is None or not state.entries or not set(desired.export.key) <= set(columns):
        return False
    key_indexes = [columns.index(name) for name in desired.export.key]
    if row_key(current.rows[0], key_indexes) is None or is_data_row(desired, current):
        return False
    if not has_known_keys(desired, current):
        return False
    return not any(has_other_values(desired, current, index) for index in range(len(columns)))


def has_known_keys(desired: DesiredTable, current: CurrentTab) -> bool:
    """Whether a row has the key of a synced row; true if no row was synced, or if that is unknown."""
    columns, entries = current.columns or (), current.state.entries if current.state else {}
    key_indexes = [columns.index(name) for name in desired.export.key]
    keys = [row_key(row, key_indexes) for row in current.rows[1:]]
    return not entries or any(key and key_digest(key) in entries for key in keys)


def is_data_row(desired: DesiredTable, current: CurrentTab) -> bool:
    """Whether the first row is one of the export's rows: then the header was deleted."""
    columns = current.columns or ()
    key = row_key(current.rows[0], [columns.index(name) for name in desired.export.key])
    return bool(current.state and key and key_digest(key) in current.state.entries)


def check_key_columns(desired: DesiredTable, tab: Tab, columns: Sequence[str]) -> None:
    missing = [name for name in desired.export.key if name not in columns]
    if missing:
        raise Refused(
            f"Export {desired.export.name} now has {', '.join(missing)} in its key, which tab {tab.title!r} "
            "has no column for, so its rows cannot be identified. Copy what users keep beside them elsewhere "
            "and delete the tab: the next run creates a new one."
        )


def check_columns(desired: DesiredTable, current: CurrentTab, headers: Sequence[str]) -> None:
    """A missing header was renamed if the values below it are still ours; otherwise the column is another."""
    first_row = current.rows[0] if current.rows else []
    for index, header in enumerate(headers):
        value = first_row[index] if index < len(first_row) else None
        if value != header and has_other_values(desired, current, index):
            raise Refused(
                f"Column {index + 1} of the export's tab is headed {value!r} and holds other values than "
                f"{header!r} did: a user deleted or replaced that column. Undo that ({HISTORY}), or delete "
                "the tab: the next run creates a new one."
            )


def has_other_values(desired: DesiredTable, current: CurrentTab, index: int) -> bool:
    """Whether fewer than half of the rows still contain what was last synced to this column.

    Half, because users may have edited many cells of a column that is still the same column.
    """
    columns, state = current.columns or (), current.state
    if state is None or columns[index] not in state.columns:
        return False
    start = state.columns.index(columns[index]) * CELL_SIZE
    key_indexes = [columns.index(name) for name in desired.export.key]
    matches = [
        entry[start : start + CELL_SIZE] == cell_digest(row[index] if index < len(row) else None)
        for row in current.rows[1:]
        if (entry := state.entries.get(key_digest(row_key(row, key_indexes) or "")))
    ]
    return sum(matches) * 2 < len(matches)
