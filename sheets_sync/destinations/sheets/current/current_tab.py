"""Current tab of an export: which tab it is, what it contains, and whether it may be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from sheets_sync.destinations.sheets.current.document import STATE, Document, Tab
from sheets_sync.destinations.sheets.current.sync_state import (
    CELL_SIZE,
    SyncState,
    cell_digest,
    key_digest,
)
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows, change_zone
from sheets_sync.destinations.sheets.desired.table import DesiredTable, Key, load_zone, row_key
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet
from sheets_sync.errors import Refused

HISTORY = "File > Version history"


@dataclass(frozen=True)
class CurrentRow:
    """A row of the tab. `index` counts from 0 below the header; `key`: None if a part of it is blank."""

    index: int
    key: Key | None
    cells: list[Cell]


@dataclass(frozen=True)
class CurrentTab:
    """tab: None if it is to be created. rows: content of the synced columns, header first.

    columns: their names in order; None if they are unknown and everything is written anew. new_keys: keys of
    the mart's rows after a change of the time zone, by the keys before.
    """

    tab: Tab | None
    rows: Rows
    columns: tuple[str, ...] | None
    state: SyncState | None = None
    new_keys: Mapping[Key, Key] = field(default_factory=dict)

    def rows_for(self, desired: DesiredTable) -> list[CurrentRow]:
        """The rows below the header, with the columns of `desired`."""
        if self.columns is None:
            return []
        indexes = [self.columns.index(name) if name in self.columns else None for name in desired.names]
        rows = []
        for number, row in enumerate(self.rows[1:]):
            cells = [
                row[index] if index is not None and index < len(row) and row[index] != "" else None
                for index in indexes
            ]
            rows.append(CurrentRow(number, self._current_key(desired, cells), cells))
        return rows

    def zone_change(self, desired: DesiredTable) -> tuple[str, str] | None:
        """(old, new) if the spreadsheet's time zone changed since the last sync."""
        old = self.state.zone if self.state else ""
        return (old, desired.zone) if old and desired.zone and old != desired.zone else None

    def follow_zone_change(self, desired: DesiredTable, new_keys: Mapping[Key, Key]) -> "CurrentTab":
        """The tab and its state with the keys that its rows have in the new time zone.

        A TIMESTAMP is shown as local time, but a row is identified by the instant: otherwise each row would
        match the row of another hour after a user changed the time zone under File > Settings. `new_keys`
        are exact; the key of a row that the mart no longer contains is converted from its cells.
        """
        if self.zone_change(desired) is None or self.state is None:
            return self
        followed = replace(self, new_keys=new_keys)
        digests = {key_digest(old): key_digest(new) for old, new in new_keys.items()}
        for row in followed.rows_for(desired):
            if (old_key := desired.key_of(row.cells)) and row.key:
                digests[key_digest(old_key)] = key_digest(row.key)
        return replace(followed, state=self.state.rename_keys(digests))

    def _current_key(self, desired: DesiredTable, cells: Sequence[Cell]) -> Key | None:
        key, zones = desired.key_of(cells), self.zone_change(desired)
        if zones is None or key is None:
            return key
        if key in self.new_keys:
            return self.new_keys[key]
        return desired.key_of(convert_key_cells(desired, cells, *map(load_zone, zones)))


def convert_key_cells(
    desired: DesiredTable, cells: Sequence[Cell], old: ZoneInfo, new: ZoneInfo
) -> list[Cell]:
    """`cells` with the TIMESTAMP columns of the key in another time zone."""
    converted = list(cells)
    for index in desired.key_indexes:
        if desired.types[desired.columns[index].name] == "TIMESTAMP" and index < len(converted):
            converted[index] = change_zone(converted[index], old, new)
    return converted


def read_current_tab(
    desired: DesiredTable, document: Document, spreadsheet: Spreadsheet, adopt: bool
) -> CurrentTab:
    """Refused if the tab belongs to others, or if the synced columns are no longer where they were."""
    tab = find_marked_tab(desired, document)
    if tab is None or tab.mark is None:
        tab = document.find_by_title(desired.export.tab)
        return read_adoptable_tab(desired, tab, spreadsheet, adopt) if tab else CurrentTab(None, [], None)
    state_tab = document.find_helper(STATE, desired.owner)
    rows, first_row, log = spreadsheet.read_cells(tab, len(tab.mark.headers), state_tab)
    state = SyncState.parse(log)
    state = state if state and state.key == desired.export.key else None
    current = CurrentTab(tab, rows, tab.mark.columns, state)
    check_header(desired, current, tab.mark.headers, first_row)
    check_key_columns(desired, tab, tab.mark.columns)
    check_columns(desired, current, tab.mark.headers)
    return current


def find_marked_tab(desired: DesiredTable, document: Document) -> Tab | None:
    """Refused if several tabs have the export's mark: users may be reading either of them."""
    marked = document.marked_tabs(desired.project, desired.export.name)
    if len(marked) > 1:
        titles = ", ".join(repr(tab.title) for tab in marked)
        raise Refused(
            f"Tabs {titles} are all marked as the tab of export {desired.export.name}, so at least one is a "
            "copy. Delete the copies; to keep one, paste its values into a new tab first."
        )
    return marked[0] if marked else None


def read_adoptable_tab(desired: DesiredTable, tab: Tab, spreadsheet: Spreadsheet, adopt: bool) -> CurrentTab:
    """An empty tab with the export's title is used without --adopt: a user may have created it for that."""
    export = desired.export
    where = f"Tab {tab.title!r} of spreadsheet {spreadsheet.id}"
    if tab.mark or tab.helper_of:
        owner = (
            f"export {tab.mark.export} of project {tab.mark.project}" if tab.mark else "sheets_sync itself"
        )
        raise Refused(
            f"{where} is kept by {owner}. Give export {export.name} another tab or another spreadsheet."
        )
    rows, _, _ = spreadsheet.read_cells(tab, tab.columns)
    if not rows:
        return CurrentTab(tab, rows, None)
    has_header = list(rows[0][: desired.width]) == desired.headers
    if not adopt:
        effect = (
            "then matches its rows by key"
            if has_header
            else f"then overwrites its first {desired.width} columns, as its first row is not our header"
        )
        raise Refused(
            f"{where} was not created by sheets_sync, and it is not empty. Rename it, or run with --adopt: "
            f"export {export.name} {effect}."
        )
    columns = desired.names if has_header else None
    return CurrentTab(tab, [row[: desired.width] for row in rows], columns)


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
    first_key = row_key(current.rows[0], key_indexes)
    if first_key is None or key_digest(first_key) in state.entries:
        return False
    keys = [row_key(row, key_indexes) for row in current.rows[1:]]
    if not any(key and key_digest(key) in state.entries for key in keys):
        return False
    return not any(has_other_values(desired, current, index) for index in range(len(columns)))


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
