"""The story: rows of the mart, what the tab holds, one write of the difference, a row in the log."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sheets_sync import goal, plan
from sheets_sync.diff import Changes
from sheets_sync.errors import OutcomeUnknown, SyncError
from sheets_sync.exports import Export
from sheets_sync.find import find
from sheets_sync.plan import Plan
from sheets_sync.sheet import Spreadsheet
from sheets_sync.warehouse import Mart, Warehouse

ROUNDS = 3  # a write of unknown outcome is not sent again: the tab is read again instead


@dataclass(frozen=True)
class Outcome:
    """What became of one export: `error` is None when its tab shows the mart."""

    export: Export
    spreadsheet: str
    tab: str
    rows: int = 0
    changes: Changes = Changes()
    calls: int = 0
    error: str | None = None


def run(
    exports: Sequence[Export],
    warehouse: Warehouse,
    spreadsheet: Callable[[Export], Spreadsheet],
    clock: Callable[[], datetime],
    run_id: str,
    adopt: bool = False,
) -> Iterator[Outcome]:
    """Each export on its own: one that fails leaves the others alone. Every one is logged."""
    for export in exports:
        started = clock()
        outcome = attempt(export, warehouse, spreadsheet(export), adopt)
        try:
            warehouse.log(entry(outcome, run_id, started, clock()))
        except SyncError as error:
            outcome = replace(outcome, error=f"{outcome.error or 'It is synced, but'} {error}")
        yield outcome


def attempt(export: Export, warehouse: Warehouse, spreadsheet: Spreadsheet, adopt: bool) -> Outcome:
    outcome = Outcome(export, spreadsheet.id, export.tab)
    try:
        mart = warehouse.read(export)
        outcome = replace(outcome, rows=len(mart.rows))
        changes, tab = mirror(export, mart, warehouse.project, spreadsheet, adopt)
        outcome = replace(outcome, changes=changes, tab=tab)
    except SyncError as error:
        outcome = replace(outcome, error=str(error))
    return replace(outcome, calls=spreadsheet.calls)


def mirror(
    export: Export, mart: Mart, project: str, spreadsheet: Spreadsheet, adopt: bool
) -> tuple[Changes, str]:
    """Make the tab show exactly the mart. What changed, and the tab's title."""
    first: Changes | None = None
    for left in reversed(range(ROUNDS)):
        made, title = compare(export, mart, project, spreadsheet, adopt)
        first = first or made.changes
        try:
            carry_out(made, spreadsheet)
            return first, title
        except OutcomeUnknown:
            if made.resend or not left:
                raise
    raise AssertionError("the last round returns or raises")


def compare(
    export: Export, mart: Mart, project: str, spreadsheet: Spreadsheet, adopt: bool
) -> tuple[Plan, str]:
    """What there is to do, and the tab's title."""
    document = spreadsheet.read()
    wanted = goal.of(export, mart, project, document.zone)
    tab, now = find(wanted, document, spreadsheet, adopt)
    cut = tab is not None and plan.shrinks(wanted, tab, now)
    kept = spreadsheet.rows_beside(tab, wanted.height, wanted.width) if tab and cut else 0
    return plan.make(wanted, document, tab, now, kept), tab.title if tab else export.tab


def carry_out(made: Plan, spreadsheet: Spreadsheet) -> None:
    if made.staging:
        spreadsheet.change(made.staging.requests, resend=False)
        spreadsheet.fill(made.staging.title, made.staging.rows)
    if made.requests:
        spreadsheet.change(made.requests, made.resend)


def entry(outcome: Outcome, run_id: str, started: datetime, finished: datetime) -> dict[str, object]:
    """A row of ops.sync_log."""
    return {
        "run_id": run_id,
        "export": outcome.export.name,
        "spreadsheet": outcome.spreadsheet,
        "tab": outcome.tab,
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "status": "failed" if outcome.error else "success",
        "rows": outcome.rows,
        "inserted": outcome.changes.inserted,
        "updated": outcome.changes.updated,
        "deleted": outcome.changes.deleted,
        "calls": outcome.calls,
        "error": outcome.error,
    }
