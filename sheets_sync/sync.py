"""The story: rows of the mart, what the destination holds, one write of the difference, a row in the log."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sheets_sync.destination import Comparison, Destination
from sheets_sync.errors import OutcomeUnknown, SyncError
from sheets_sync.exports import Export
from sheets_sync.outcome import Outcome, Status
from sheets_sync.warehouse import Mart, Warehouse

ROUNDS = 3  # a write of unknown outcome is not sent again: the destination is read again instead


def run(
    exports: Sequence[Export],
    warehouse: Warehouse,
    destination: Callable[[Export], Destination[Any]],
    clock: Callable[[], datetime],
    run_id: str,
) -> Iterator[Outcome]:
    """Each export on its own: one that fails leaves the others alone. All are logged first."""
    for export in exports:
        outcome = attempt(export, warehouse, destination(export), clock, run_id)
        try:
            warehouse.log(entry(outcome))
        except SyncError as error:
            said = f"{outcome.error or 'It is synced, but'} {error}"
            outcome = replace(outcome, status="failed", error=said)
        yield outcome


def attempt(
    export: Export, warehouse: Warehouse, place: Destination[Any], clock: Callable[[], datetime], run_id: str
) -> Outcome:
    started = clock()
    outcome = Outcome(
        run_id, export.name, place.kind, place.place, export.tab, place.link, "success", started, started
    )
    try:
        mart = warehouse.read(export)
        outcome = replace(outcome, rows=len(mart.rows))
        done = settle(export, mart, place)
        status: Status = "partial" if done.counts.rejected.count else "success"
        outcome = replace(outcome, counts=done.counts, title=done.title, status=status)
    except SyncError as error:
        outcome = replace(outcome, status="failed", error=str(error))
    return replace(outcome, calls=place.calls, finished_at=clock())


def settle(export: Export, mart: Mart, place: Destination[Any]) -> Comparison:
    """Compare and carry out. What changed is told by the first look: a later one may find it done."""
    first: Comparison | None = None
    for left in reversed(range(ROUNDS)):
        made = place.compare(export, mart)
        first = first or made
        try:
            place.carry_out(made)
            return first
        except OutcomeUnknown:
            if not left:
                raise
    raise AssertionError("the last round returns or raises")


def entry(outcome: Outcome) -> dict[str, object]:
    """A row of ops.sync_log."""
    counts = outcome.counts
    return {
        "run_id": outcome.run_id,
        "export": outcome.export,
        "spreadsheet": outcome.place,
        "tab": outcome.title,
        "started_at": outcome.started_at.isoformat(),
        "finished_at": outcome.finished_at.isoformat(),
        "status": outcome.status,
        "rows": outcome.rows,
        "inserted": counts.inserted.count,
        "updated": counts.updated.count,
        "deleted": counts.deleted.count,
        "calls": outcome.calls,
        "error": outcome.error,
    }
