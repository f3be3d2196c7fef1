"""Lines of the sync log: what a run changed, and the rows and notes that users should see."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets.desired.cells import Cell
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.diff.compare import Diff
from sheets_sync.outcome import Example

MAX_AUDIT_LINES = 50  # lines of rejected, and of drifted rows that one run writes
MAX_AUDIT_TEXT = 1_000  # characters


def audit_lines(
    desired: DesiredTable, diff: Diff, now: Cell, notes: Sequence[str], is_visible: bool
) -> list[list[Cell]]:
    """One line of counts, and one for each row or note; none if nothing changed. `now`: the time as a cell."""
    tab, summary = desired.export.tab, summarize(diff)
    if not (summary or is_visible or notes):
        return []
    lines: list[list[Cell]] = [[now, tab, summary or "columns or formats", None, None]]
    lines += [[now, tab, "note", None, note[:MAX_AUDIT_TEXT]] for note in notes]
    rows: list[tuple[str, Sequence[Example]]] = [
        ("rejected", desired.rejected),
        ("changed by users", diff.drifted),
    ]
    for what, examples in rows:
        for row in examples[:MAX_AUDIT_LINES]:
            lines.append([now, tab, what, row.key[:MAX_AUDIT_TEXT], row.detail[:MAX_AUDIT_TEXT]])
    return lines


def summarize(diff: Diff) -> str:
    """The counts that are not 0; empty if all are."""
    counts = diff.counts
    parts = (
        (counts.inserted.count, "inserted"),
        (counts.updated.count, "updated"),
        (counts.deleted.count, "deleted"),
        (counts.rejected.count, "rejected"),
        (counts.drift.count, "changed by users"),
        (diff.unmatched.count, "without a match"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in parts if count)
