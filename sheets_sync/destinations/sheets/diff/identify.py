"""Which row of the tab is which row of the mart, also after users edited cells of the key.

A row that is not recognised would be removed and inserted again, without what users keep beside it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace

from sheets_sync.destinations.sheets.current.current_tab import CurrentRow
from sheets_sync.destinations.sheets.current.sync_state import (
    CELL_SIZE,
    Digest,
    SyncState,
    cells_digest,
    key_digest,
)
from sheets_sync.destinations.sheets.desired.table import DesiredTable, Key

# Modes in which a key in the tab is the mart's: in `update` users type the keys, other modes never change a row.
OWN_KEYS = ("mirror", "upsert")


def identify_rows(
    desired: DesiredTable, state: SyncState | None, current: Sequence[CurrentRow]
) -> list[CurrentRow]:
    """`current` with at most one row per key; a row that only users know, or a repetition, keeps no key of ours."""
    mart_keys, entries = set(desired.order), state.entries if state else {}
    rows = separate_repeated(current, entries)
    if desired.export.mode not in OWN_KEYS:
        return rows
    present = {row.key for row in rows if row.key is not None}
    missing = [key for key in desired.order if key not in present]
    unknown = [row for row in rows if row.key not in mart_keys and not is_synced(row, entries)]
    keys = match_by_text(missing, unknown) if missing and unknown else {}
    # The digests of an entry are in the order of the columns.
    if state and state.columns == desired.names and missing and unknown:
        matched = set(keys.values())
        rest = [key for key in missing if key not in matched]
        keys |= match_by_content(desired, state, rest, [row for row in unknown if row.index not in keys])
    return [replace(row, key=keys[row.index]) if row.index in keys else row for row in rows]


def is_synced(row: CurrentRow, entries: Mapping[Digest, bytes]) -> bool:
    """Whether its key was written by the export, also if the mart no longer contains it."""
    return row.key is not None and key_digest(row.key) in entries


def separate_repeated(current: Sequence[CurrentRow], entries: Mapping[Digest, bytes]) -> list[CurrentRow]:
    """Of rows with the same key, the one that is as it was written keeps it, otherwise the first one."""
    by_key = defaultdict[Key | None, list[CurrentRow]](list)
    for row in current:
        by_key[row.key].append(row)
    owners = dict[Key | None, int]()
    for key, rows in by_key.items():
        if key is not None and len(rows) > 1:
            entry = entries.get(key_digest(key))
            unchanged = [row for row in rows if cells_digest(row.cells) == entry]
            owners[key] = (unchanged or rows)[0].index
    return [row if owners.get(row.key, row.index) == row.index else replace(row, key=None) for row in current]


def match_by_text(missing: Sequence[Key], unknown: Sequence[CurrentRow]) -> dict[int, Key]:
    """By the key as text: a number that users made a text, or the reverse, is still the same key."""
    return match_unique(
        {key: plain_text(key) for key in missing},
        {row.index: plain_text(row.key) for row in unknown if row.key is not None},
    )


def plain_text(key: Key) -> str:
    """Without the type, which is the first letter of each part."""
    return "\x1f".join(part[1:] for part in key.split("\x1f"))


def match_by_content(
    desired: DesiredTable, state: SyncState, missing: Sequence[Key], unknown: Sequence[CurrentRow]
) -> dict[int, Key]:
    """By all cells but the key's, as they were last written: users edited only the key."""
    other_columns = [at for at in range(desired.width) if at not in desired.key_indexes]
    entries = {key: state.entries.get(key_digest(key)) for key in missing}
    return match_unique(
        {
            key: pick_digests(entry, other_columns)
            for key, entry in entries.items()
            if entry and other_columns
        },
        {
            row.index: pick_digests(cells_digest(row.cells), other_columns)
            for row in unknown
            if has_content(row, other_columns)
        },
    )


def has_content(row: CurrentRow, indexes: Collection[int]) -> bool:
    return any(row.cells[at] is not None for at in indexes)


def pick_digests(cells: bytes, indexes: Sequence[int]) -> bytes:
    return b"".join(cells[at * CELL_SIZE : (at + 1) * CELL_SIZE] for at in indexes)


def match_unique[Mark: Hashable](keys: Mapping[Key, Mark], rows: Mapping[int, Mark]) -> dict[int, Key]:
    """Keys by row, where exactly one key and exactly one row have the same mark."""
    keys_by_mark, rows_by_mark = defaultdict[Mark, list[Key]](list), defaultdict[Mark, list[int]](list)
    for key, mark in keys.items():
        keys_by_mark[mark].append(key)
    for index, mark in rows.items():
        rows_by_mark[mark].append(index)
    pairs = ((rows_by_mark[mark], present) for mark, present in keys_by_mark.items())
    return {indexes[0]: present[0] for indexes, present in pairs if len(indexes) == len(present) == 1}
