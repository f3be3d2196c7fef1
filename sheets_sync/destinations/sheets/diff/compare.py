"""Three-way comparison by key: the mart, the last synced state, and what the tab contains now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.current.current_tab import CurrentRow
from sheets_sync.destinations.sheets.current.sync_state import Entries, SyncState, cells_digest, key_digest
from sheets_sync.destinations.sheets.desired.cells import Cell, same_value
from sheets_sync.destinations.sheets.desired.table import DesiredTable, Key
from sheets_sync.destinations.sheets.diff.identify import identify_rows
from sheets_sync.destinations.sheets.diff.merge import describe_changes, merge_row, synced_digests
from sheets_sync.outcome import EXAMPLES, Counts, Example, RowSummary

UPDATING_MODES = ("mirror", "upsert", "update")
MAX_DRIFT_ROWS = 1_000  # drifted rows that one run reports in ops.sync_row


@dataclass(frozen=True)
class ResultRow:
    """A row as the tab will show it; `origin` is its index now, None for a new row."""

    cells: list[Cell]
    origin: int | None = None

    @property
    def is_blank(self) -> bool:
        return all(same_value(cell, None) for cell in self.cells)


@dataclass(frozen=True)
class Diff:
    """rows: everything below the header afterwards. deleted: indexes of rows that are deleted; archived: those
    of them that move to another tab. entries: the state afterwards.

    synced: rows of the tab that the export wrote, before the change. unmatched: keys that users typed into the
    tab of mode `update` and that the mart does not contain.
    """

    rows: list[ResultRow]
    deleted: list[int]
    archived: list[int]
    entries: Entries
    counts: Counts
    drifted: tuple[Example, ...]
    synced: int
    unmatched: RowSummary


class RowCounter:
    """Counts rows, and describes the first of them: descriptions of all would cost more than the diff."""

    def __init__(self, limit: int = EXAMPLES) -> None:
        self.limit, self.count, self.examples = limit, 0, list[Example]()

    def add(self, key: str, describe: Callable[[], str] = str) -> None:
        self.count += 1
        if len(self.examples) < self.limit:
            self.examples.append(Example(key, describe()))

    def summary(self) -> RowSummary:
        return RowSummary(self.count, tuple(self.examples[:EXAMPLES]))


def compare_rows(
    desired: DesiredTable, current: Sequence[CurrentRow], state: SyncState | None, now: Cell
) -> Diff:
    """`now` is the current time as a cell, for the column that marks removed rows."""
    return Comparer(desired, state, now).compare(current)


class Comparer:
    def __init__(self, desired: DesiredTable, state: SyncState | None, now: Cell) -> None:
        self.desired, self.state, self.now = desired, state, now
        self.mode, self.keep_edits = desired.export.mode, desired.export.drift == "keep"
        self.desired_cells = {row.key: row.cells for row in desired.rows}
        self.rejected = set(desired.order) - self.desired_cells.keys()
        self.old_entries = state.entries if state else {}
        # `append` never appends a row a second time, also after users deleted it.
        self.entries: Entries = dict(self.old_entries) if self.mode == "append" else {}
        self.deleted_rows, self.archived_rows = list[int](), list[int]()
        self.inserted, self.updated, self.deleted = RowCounter(), RowCounter(), RowCounter()
        self.drift, self.unmatched = RowCounter(MAX_DRIFT_ROWS), RowCounter()

    def compare(self, current: Sequence[CurrentRow]) -> Diff:
        rows, matched, others = list[ResultRow](), dict[Key, ResultRow](), list[ResultRow]()
        for row in identify_rows(self.desired, self.state, current):
            key = row.key if row.key not in matched else None  # a repeated key matches no row
            if key is not None and (key in self.desired_cells or key in self.rejected):
                matched[key] = self.update_row(row, key)
                rows.append(matched[key])
            elif result := self.keep_or_remove(row, key):
                others.append(result)
                rows.append(result)
        missing = [key for key in self.desired.order if key not in matched]
        new = {key: result for key in missing if (result := self.insert_row(key))}
        if self.mode == "mirror":
            by_key = matched | new
            others.sort(key=lambda row: row.is_blank)
            rows = [*(by_key[key] for key in self.desired.order if key in by_key), *others]
        else:
            rows += new.values()
        return Diff(
            rows,
            self.deleted_rows,
            self.archived_rows,
            self.entries,
            self.count_rows(),
            tuple(self.drift.examples),
            len(matched) + self.deleted.count,
            self.unmatched.summary(),
        )

    def count_rows(self) -> Counts:
        return Counts(
            self.inserted.summary(),
            self.updated.summary(),
            self.deleted.summary(),
            RowSummary.from_rows(self.desired.rejected),
            self.drift.summary(),
        )

    def update_row(self, row: CurrentRow, key: Key) -> ResultRow:
        """A row of the tab that the mart contains too."""
        if key in self.rejected or self.mode not in UPDATING_MODES:
            self.keep_entry(key)
            return ResultRow(row.cells, row.index)
        desired = self.desired_cells[key]
        # In a restore, a row that users had added does not become one of ours.
        if key_digest(key) in self.old_entries or not self.desired.exact:
            self.entries[key_digest(key)] = cells_digest(desired)
        if all(map(same_value, row.cells, desired)):
            return ResultRow(desired, row.index)
        synced = synced_digests(self.desired, self.state, key)
        merged = merge_row(row.cells, desired, synced, self.keep_edits)
        name = self.desired.describe_key(desired)
        if merged.changed:
            self.updated.add(name, lambda: describe_changes(self.desired, row.cells, desired, merged.changed))
        if merged.drifted:
            self.drift.add(name, lambda: self.describe_drift(desired, row.cells, merged.drifted))
        return ResultRow(merged.cells, row.index)

    def describe_drift(self, desired: list[Cell], current: list[Cell], indexes: list[int]) -> str:
        changes = describe_changes(self.desired, desired, current, indexes)
        return f"{changes} ({self.drift_result('overwritten')})"

    def keep_or_remove(self, row: CurrentRow, key: Key | None) -> ResultRow | None:
        """A row that the mart does not contain: removed there, or added by a user. None deletes it."""
        result = ResultRow(row.cells, row.index)
        if result.is_blank:
            return result
        if self.mode == "update" and key is not None:
            self.unmatched.add(self.desired.describe_key(row.cells))
        # Without a state, every row of a mirror counts as written by the export.
        is_synced = key_digest(key or "") in self.old_entries if self.state else self.mode == "mirror"
        if key is not None and is_synced:
            return self.remove_row(row, key)
        if self.mode != "mirror":
            return result
        name = self.desired.describe_key(row.cells)
        self.drift.add(name, lambda: f"row added ({self.drift_result('removed')})")
        if self.keep_edits:
            return result
        self.deleted_rows.append(row.index)
        return None

    def remove_row(self, row: CurrentRow, key: Key) -> ResultRow | None:
        how = "delete" if self.desired.exact else self.desired.export.removed.how
        is_marked = how == "mark" and not same_value(row.cells[-1], None)
        if how == "keep" or is_marked:
            self.keep_entry(key)
            return ResultRow(row.cells, row.index)
        self.deleted.add(self.desired.describe_key(row.cells))
        if how == "mark":
            self.keep_entry(key)
            return ResultRow([*row.cells[:-1], self.now], row.index)
        self.deleted_rows.append(row.index)
        if how == "move":
            self.archived_rows.append(row.index)
        return None

    def insert_row(self, key: Key) -> ResultRow | None:
        """A row that the tab does not contain; None if it is not to be inserted."""
        was_synced = key_digest(key) in self.old_entries
        if key in self.rejected or self.mode == "update" or (was_synced and self.mode == "append"):
            self.keep_entry(key)
            return None
        name = self.desired.describe_key(self.desired_cells[key])
        if was_synced:
            self.drift.add(name, lambda: f"row deleted ({self.drift_result('inserted again')})")
            if self.keep_edits:
                self.keep_entry(key)
                return None
        self.entries[key_digest(key)] = cells_digest(self.desired_cells[key])
        self.inserted.add(name)
        return ResultRow(self.desired_cells[key])

    def keep_entry(self, key: Key) -> None:
        """The last synced state of the row stays what it was."""
        digest = key_digest(key)
        if digest in self.old_entries:
            self.entries[digest] = self.old_entries[digest]

    def drift_result(self, otherwise: str) -> str:
        return "kept" if self.keep_edits else otherwise
