"""The story: rows of the mart, what the destination holds, one write of the difference, a row in the log."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sheets_sync import log
from sheets_sync.destination import Comparison, Destination
from sheets_sync.errors import OutcomeUnknown, SyncError
from sheets_sync.exports import Export
from sheets_sync.outcome import Outcome, Status, Told
from sheets_sync.progress import Progress, silent
from sheets_sync.warehouse import Mart, Warehouse

ROUNDS = 3  # a write of unknown outcome is not sent again: the destination is read again instead


def run(
    exports: Sequence[Export],
    warehouse: Warehouse,
    destination: Callable[[Export], Destination[Any]],
    clock: Callable[[], datetime],
    run_id: str,
    restoring: bool = False,
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Each export on its own: one that fails leaves the others alone. All are logged first. Who is
    `restoring` a version before has no use for the mart, which may be why."""
    read = warehouse.shape if restoring else warehouse.read
    progress = progress or silent()
    for export in exports:
        progress.tell("reading the mart")
        with progress.of(export.name):
            outcome, told = attempt(export, read, destination(export), clock, run_id)
        try:
            warehouse.log(log.RUN, run_id, export.name, [log.of_run(outcome)])
            if told:
                warehouse.log(log.ROW, run_id, export.name, log.of_rows(outcome, told))
        except SyncError as error:
            said = f"{outcome.error or 'It is synced, but'} {error}"
            outcome = replace(outcome, status="failed", error=said)
        yield outcome


def attempt(
    export: Export,
    read: Callable[[Export], Mart],
    place: Destination[Any],
    clock: Callable[[], datetime],
    run_id: str,
) -> tuple[Outcome, Sequence[Told]]:
    started = clock()
    outcome = Outcome(
        run_id, export.name, place.kind, place.place, export.tab, place.link, "success", started, started
    )
    told: Sequence[Told] = ()
    try:
        mart = read(export)
        outcome = replace(outcome, rows=len(mart.rows))
        done = settle(export, mart, place)
        status: Status = "partial" if done.counts.rejected.count else "success"
        outcome, told = replace(outcome, counts=done.counts, title=done.title, status=status), done.told
    except SyncError as error:
        outcome = replace(outcome, status="failed", error=str(error))
    return replace(outcome, calls=place.calls, link=place.link, finished_at=clock()), told


def settle(export: Export, mart: Mart, place: Destination[Any]) -> Comparison:
    """Compare and carry out. What changed is told by the first look: a later one may find it done."""
    first: Comparison | None = None
    for left in reversed(range(ROUNDS)):
        made = place.compare(export, mart)
        first = first or made
        try:
            done: Comparison = place.carry_out(made)
            return done if first is made else first
        except OutcomeUnknown:
            if not left:
                raise
    raise AssertionError("the last round returns or raises")
