"""Sync of exports: read the mart, compare it with the destination, write the difference, record the run.

Each export is loaded, synced and recorded independently: one that fails leaves the others unaffected.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from runtime.errors import JobError
from sheets_sync import run_log
from sheets_sync.destination import Comparison, Destination
from sheets_sync.errors import OutcomeUnknown
from sheets_sync.export import Export
from sheets_sync.outcome import Outcome, RowIssue, Status
from sheets_sync.progress import Progress, silent_progress
from sheets_sync.row_filter import describe_empty_selection
from sheets_sync.seen import History, LastRun, Seen
from sheets_sync.warehouse import Mart, Warehouse

# A write of unknown outcome is not sent again: the destination is compared again instead.
MAX_COMPARISONS = 3

type CreateDestination = Callable[[Export], Destination[Any]]


@dataclass(frozen=True)
class Synced:
    """`export`: None if its declaration could not be read."""

    export: Export | None
    outcome: Outcome


def sync_exports(
    loaders: Mapping[str, Callable[[], Export]],
    warehouse: Warehouse,
    create_destination: CreateDestination,
    clock: Callable[[], datetime],
    run_id: str,
    is_restore: bool = False,
    progress: Progress | None = None,
    follows_schedules: bool = False,
    history: History | None = None,
) -> Iterator[Synced]:
    """Sync the exports that `loaders` return, by name, and record each in ops.

    A restore does not read the mart: the mart may be what is broken. With `follows_schedules`, exports that are
    not due are left out. history: what earlier runs saw, to skip what cannot have changed.
    """
    read = warehouse.read_types if is_restore else warehouse.read_mart
    progress = progress or silent_progress()
    for name, load in loaders.items():
        progress.set_step("reading the mart")
        with progress.track(name):
            sync = ExportSync(name, load, read, create_destination, clock, run_id)
            sync.is_due = partial(is_due, warehouse, clock()) if follows_schedules else always_due
            sync.history = history or History()
            sync.run()
        if sync.is_skipped:
            continue
        yield Synced(sync.export, record_outcome(warehouse, sync.outcome, sync.issues))


def is_due(warehouse: Warehouse, now: datetime, export: Export) -> bool:
    # The pipeline names it when the run is recorded: before, the verdict would be that of the run before.
    if export.is_verdict:
        return False
    schedule = export.schedule
    return schedule is None or schedule.is_due(now, partial(warehouse.read_last_success, export.name))


def always_due(export: Export) -> bool:
    return True


def record_outcome(warehouse: Warehouse, outcome: Outcome, issues: Sequence[RowIssue]) -> Outcome:
    """Append the outcome to ops; it counts as failed if that fails, because alerts read ops."""
    try:
        run_row = run_log.run_row(outcome)
        warehouse.append_log(run_log.RUN_TABLE, outcome.run_id, outcome.export, [run_row])
        if issues:
            rows = run_log.issue_rows(outcome, issues)
            warehouse.append_log(run_log.ROW_TABLE, outcome.run_id, outcome.export, rows)
    except JobError as error:
        message = f"{outcome.error or 'The export is synced, but'} {error}"
        return replace(outcome, status="failed", error=message)
    return outcome


class ExportSync:
    """One export of one run. After `run`, `outcome` describes what happened, also after an error."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Export],
        read: Callable[[Export], Mart],
        create_destination: CreateDestination,
        clock: Callable[[], datetime],
        run_id: str,
    ) -> None:
        self.load, self.read, self.create_destination = load, read, create_destination
        self.clock = clock
        self.export: Export | None = None
        self.destination: Destination[Any] | None = None
        self.issues: Sequence[RowIssue] = ()
        self.is_due: Callable[[Export], bool] = always_due
        self.history = History()
        self.is_skipped = False
        started = clock()
        self.outcome = Outcome(run_id, name, "", "", "", "", "failed", started, started)

    def run(self) -> None:
        try:
            self._sync()
        except Exception as error:  # a defect must not keep the other exports from being synced
            trace = None if isinstance(error, JobError) else traceback.format_exc()
            message = describe_export_error(error)
            self.outcome = replace(self.outcome, status="failed", error=message, stack_trace=trace)
        if self.destination and self.export and self.outcome.error:
            # The failure is recorded in ops in any case.
            with suppress(Exception):
                self.destination.record_failure(self.export, self.outcome.error)
        if self.destination:
            # After record_failure, whose requests count as well.
            link = self.outcome.link or self.destination.link
            self.outcome = replace(self.outcome, calls=self.destination.calls, link=link)
        self.outcome = replace(self.outcome, finished_at=self.clock())

    def _sync(self) -> None:
        export = self.export = self.load()
        kind = export.destination.kind
        self.outcome = replace(self.outcome, destination=kind, title=export.tab)
        # Before the destination is created, which requires the export's variables.
        if not self.is_due(export):
            self.is_skipped = True
            return
        destination = self.destination = self.create_destination(export)
        self.outcome = replace(self.outcome, address=destination.address)
        last = self.history.find(export, destination.address, self.clock())
        version = self.history.read_version(export) if last else ""
        if last and version == last.seen.table and self._is_unchanged(last, is_table_read=False):
            return
        mart = self.read(export)
        self.outcome = replace(self.outcome, rows=len(mart.rows))
        # A table without a version, such as a view, is compared by the digest of its rows.
        is_same = last and not version and mart.version == last.seen.table
        if last and is_same and self._is_unchanged(last, is_table_read=True):
            return
        self._compare(export, mart, destination)

    def _compare(self, export: Export, mart: Mart, destination: Destination[Any]) -> None:
        result = sync_until_known(export, mart, destination)
        self.issues = result.issues
        is_empty = export.row_filter and not mart.rows
        empty = (describe_empty_selection(export.row_filter, export.source),) if is_empty else ()
        status: Status = "partial" if result.counts.rejected.count else "success"
        declaration, now = self.history.digest(export, destination.address), self.clock().isoformat()
        seen = Seen(declaration, mart.version, result.content, now, note_time=result.note_time)
        self.outcome = replace(
            self.outcome,
            counts=result.counts,
            title=result.title,
            status=status,
            notes=(*result.notes, *empty),
            # Not skipped by the next run: an empty selection is to be reported by every run.
            seen=seen.to_json() if result.content and mart.version and not empty else "",
        )

    def _is_unchanged(self, last: LastRun, is_table_read: bool) -> bool:
        """Whether the destination too is as it was. Then the outcome is complete."""
        if self.destination is None or self.export is None:
            return False
        checked = self.destination.find_unchanged(self.export, last.seen)
        if checked is None:
            return False
        unread = tuple(
            name for name, is_read in (("table", is_table_read), ("sheet", checked.is_read)) if not is_read
        )
        self.outcome = replace(
            self.outcome,
            rows=last.rows,
            title=last.title,
            link=last.link,
            status="success",
            unchanged=" and ".join(unread),
            seen=checked.seen.to_json(),
        )
        return True


def describe_export_error(error: Exception) -> str:
    if isinstance(error, JobError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}. This is a defect of the job; report it."


def sync_until_known(export: Export, mart: Mart, destination: Destination[Any]) -> Comparison:
    """Compare and write, again after a write of unknown outcome.

    Returns the changes of the first comparison: a later one may find them applied already.
    """
    first: Comparison | None = None
    for attempt in range(MAX_COMPARISONS):
        # Planned anew, never sent again: the write of unknown outcome may have been applied.
        comparison = destination.compare(export, mart)
        first = first or comparison
        try:
            applied: Comparison = destination.apply(comparison)
            return applied if first is comparison else first
        except OutcomeUnknown:
            if attempt + 1 == MAX_COMPARISONS:
                raise
    raise AssertionError("the last comparison returns or raises")
