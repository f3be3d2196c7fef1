"""Merge of one row, cell by cell: the desired value, the last synced digest, and the current value."""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.current.sync_state import CELL_SIZE, SyncState, cell_digest, key_digest
from sheets_sync.destinations.sheets.desired.cells import Cell, display_text, same_value
from sheets_sync.destinations.sheets.desired.table import REMOVED_COLUMN, DesiredTable, Key


@dataclass(frozen=True)
class MergedRow:
    """cells: the result. changed, drifted: indexes of columns that are to be written, and of columns that
    users edited since the last sync."""

    cells: list[Cell]
    changed: list[int]
    drifted: list[int]


def merge_row(
    current: Sequence[Cell], desired: list[Cell], synced: Sequence[bytes | None], keep_edits: bool
) -> MergedRow:
    """`synced` are the last synced digests, None where they are unknown."""
    cells, changed, drifted = list[Cell](), list[int](), list[int]()
    for index, (now, new) in enumerate(zip(current, desired, strict=True)):
        if same_value(now, new):
            cells.append(new)
            continue
        is_edited = synced[index] is not None and synced[index] != cell_digest(now)
        if is_edited:
            drifted.append(index)
        if is_edited and keep_edits:
            cells.append(now)
        else:
            changed.append(index)
            cells.append(new)
    return MergedRow(cells, changed, drifted)


def synced_digests(desired: DesiredTable, state: SyncState | None, key: Key) -> list[bytes | None]:
    """Digests of a row in the order of the desired columns; the column of removed rows is never an edit."""
    entry = state.entries.get(key_digest(key)) if state else None
    if state is None or entry is None:
        return [None] * desired.width
    starts = {name: at * CELL_SIZE for at, name in enumerate(state.columns) if name != REMOVED_COLUMN}
    return [
        entry[starts[name] : starts[name] + CELL_SIZE] if name in starts else None for name in desired.names
    ]


def describe_changes(
    desired: DesiredTable, before: Sequence[Cell], after: Sequence[Cell], indexes: Sequence[int]
) -> str:
    """`Revenue: 12.5 → 13, Note: nothing → late`, for at most three columns."""
    changes = []
    for index in indexes[:3]:
        column = desired.columns[index]
        old, new = (display_text(cells[index], desired.types[column.name]) for cells in (before, after))
        changes.append(f"{column.header}: {old} → {new}")
    more = f" and {len(indexes) - 3} more" if len(indexes) > 3 else ""
    return ", ".join(changes) + more
