"""Content of an export's tab, by row and key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from sheets_sync.destinations.sheets.current.column_positions import ColumnMove
from sheets_sync.destinations.sheets.current.document import Tab
from sheets_sync.destinations.sheets.current.sync_state import SyncState, key_digest
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows, change_zone
from sheets_sync.destinations.sheets.desired.table import DesiredTable, Key, load_zone


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
    the mart's rows after a change of the time zone, by the keys before. moves: bring the synced columns back
    to the left edge; `rows` are as after them. content: digest of what was read.
    """

    tab: Tab | None
    rows: Rows
    columns: tuple[str, ...] | None
    state: SyncState | None = None
    new_keys: Mapping[Key, Key] = field(default_factory=dict)
    moves: tuple[ColumnMove, ...] = ()
    content: str = ""

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
