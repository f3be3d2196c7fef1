"""A tab as a destination: read and compared, changed by one atomic batch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sheets_sync.destination import Checked, Comparison
from sheets_sync.destinations.sheets.current.column_positions import order_after
from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import CHART, STAGING, Document
from sheets_sync.destinations.sheets.current.merges import check_merges, describe_obstacle
from sheets_sync.destinations.sheets.current.read_tab import read_content, read_current_tab
from sheets_sync.destinations.sheets.current.takeover import describe_abandoned, take_over
from sheets_sync.destinations.sheets.desired.cells import to_cell
from sheets_sync.destinations.sheets.desired.table import (
    DesiredTable,
    build_table,
    keys_in_zone,
    load_zone,
)
from sheets_sync.destinations.sheets.diff.compare import Diff, compare_rows
from sheets_sync.destinations.sheets.plan import Plan, make_plan
from sheets_sync.destinations.sheets.previous_version import read_previous_version
from sheets_sync.destinations.sheets.requests.fill_down import FormulaRows, find_formula_rows
from sheets_sync.destinations.sheets.requests.status_note import SyncStatus
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet, quote_title, split_rows
from sheets_sync.destinations.sheets.status_notes import StatusNotes
from sheets_sync.errors import Invalid, OutcomeUnknown, Refused, SyncError
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.outcome import RowIssue
from sheets_sync.row_loss_guard import check_row_loss
from sheets_sync.seen import Seen
from sheets_sync.warehouse import Mart

MOVED_COLUMNS = (
    "Users moved synced columns, or inserted columns between them. The synced columns are at the left edge "
    "again, the users' columns follow them with all that is in them."
)


@dataclass(frozen=True)
class SheetPlan(Comparison):
    """`status_id`: id of the metadata of the status note when the tab was read."""

    export: Export
    plan: Plan
    status_id: int | None


class SheetsDestination:
    """`project` owns the tabs; `clock` gives the time of removed rows and of the lines in the sync log."""

    kind = "sheets"

    def __init__(
        self,
        spreadsheet: Spreadsheet,
        project: str,
        options: Options = Options(),  # noqa: B008 (frozen)
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.spreadsheet = spreadsheet
        self.project = project
        self.options = options
        self.clock = clock
        self.status_notes = StatusNotes(spreadsheet, clock)
        self.address = spreadsheet.id
        self.link = f"https://docs.google.com/spreadsheets/d/{spreadsheet.id}/edit"

    @property
    def calls(self) -> int:
        return self.spreadsheet.calls

    def find_unchanged(self, export: Export, seen: Seen) -> Checked | None:
        """One request if Drive reports the version that the spreadsheet had, else also two that read it.

        The version is read first: what is changed between the requests has a later one.
        """
        self.spreadsheet.progress.set_step("looking for changes of the sheet")
        version, now = self.spreadsheet.read_version(), self.clock()
        is_note_due = export.status == "note" and SyncStatus(seen.note_time).is_due(now)
        if version and version == seen.place and not is_note_due:
            return Checked(seen, is_read=False)
        document = self.spreadsheet.read_document()
        if read_content(self.project, export, document, self.spreadsheet) != seen.content:
            return None
        [tab] = document.marked_tabs(self.project, export.name)
        requests = self.status_notes.requests(export, document, tab, tab.id, is_changed=False)
        try:
            if requests:
                self.spreadsheet.apply_batch(requests)
        except SyncError:  # another run may have been faster: compare
            return None
        note_time = (
            now.isoformat(timespec="seconds") if requests else SyncStatus.from_json(tab.status).checked
        )
        place = "" if requests else version
        return Checked(replace(seen, place=place, note_time=note_time), is_read=True)

    def compare(self, export: Export, mart: Mart) -> SheetPlan:
        progress = self.spreadsheet.progress
        progress.set_step(f"reading the sheet, for {len(mart.rows):,} rows of the mart")
        document = self.spreadsheet.read_document()
        desired = self.build_desired(export, mart, document)
        takeover = take_over(desired, document, self.options)
        document = takeover.document
        current = read_current_tab(desired, document, self.spreadsheet, self.options)
        check_merges(desired, current)
        progress.set_step("comparing")
        notes = self.describe_zone_change(desired, current)
        current = self.follow_zone_change(desired, current, mart)
        now = to_cell(self.clock().replace(microsecond=0), load_zone(document.zone))
        diff = compare_rows(desired, current.rows_for(desired), current.state, now)
        self.check_row_loss(desired, current, diff)
        notes += [MOVED_COLUMNS] if current.moves else []
        notes += describe_abandoned(desired, document, self.options.declared)
        notes += describe_unmatched(desired, diff)
        # Sheets accepts addresses only; the identity of a person who is logged in is a description (read_identity).
        editors = [self.spreadsheet.identity] if "@" in self.spreadsheet.identity else []
        status = partial(self.status_notes.requests, export, document, current.tab)
        formula_rows = self.read_formula_rows(export, current, diff, notes)
        has_content = self.has_chart_content(desired, document)
        plan = make_plan(
            desired, document, current, diff, now, editors, notes, status, takeover, formula_rows, has_content
        )
        # compare runs again after a write of unknown outcome, and the link has one fragment.
        self.link = f"{self.link.partition('#')[0]}#gid={plan.tab}"
        return self.describe_plan(desired, current, diff, notes, plan)

    def describe_plan(
        self, desired: DesiredTable, current: CurrentTab, diff: Diff, notes: list[str], plan: Plan
    ) -> SheetPlan:
        """What a run prints and records about the plan."""
        rejected = tuple(RowIssue("rejected", row) for row in desired.rejected)
        drifted = tuple(RowIssue("drift", row) for row in diff.drifted)
        issues = rejected + drifted
        # Rejected rows, edits and notes are reported by every run, so such a run is not skipped next time.
        is_done = not (plan.changes or issues or notes)
        return SheetPlan(
            diff.counts,
            current.tab.title if current.tab else desired.export.tab,
            count_calls(plan),
            issues,
            tuple(notes),
            desired.export,
            plan,
            current.tab.status_id if current.tab else None,
            content=current.content if is_done else "",
            note_time=self.status_notes.time_after(current.tab, plan),
        )

    def build_desired(self, export: Export, mart: Mart, document: Document) -> DesiredTable:
        if self.options.restore:
            return read_previous_version(export, mart.types, self.project, document, self.spreadsheet)
        return build_table(export, mart, self.project, document.zone)

    def describe_sample(self, comparison: SheetPlan) -> str:
        """Nothing: the examples of a dry run already show what its cells will contain."""
        return ""

    def record_failure(self, export: Export, error: str) -> None:
        self.status_notes.record_failure(self.project, export, error)

    def describe_zone_change(self, desired: DesiredTable, current: CurrentTab) -> list[str]:
        zones = current.zone_change(desired)
        if zones is None:
            return []
        return [
            f"The spreadsheet's time zone changed from {zones[0]} to {zones[1]}: all times are displayed in the "
            "new one. Rows are matched by instant, so notes beside them stay in place."
        ]

    def read_formula_rows(
        self, export: Export, current: CurrentTab, diff: Diff, notes: list[str]
    ) -> FormulaRows:
        """Rows with formulas in the columns of `fill_down`; read only if there are new rows to fill.

        Adds a note for a column that the tab does not have.
        """
        is_needed = export.fill_down and any(row.origin is None for row in diff.rows)
        if current.tab is None or current.columns is None or not is_needed:
            return {}
        rows = self.spreadsheet.read_formulas(current.tab)
        first_row = rows[0] if rows else []
        missing = [header for header in export.fill_down if header not in first_row]
        if missing:
            notes.append(f"fill_down names {', '.join(missing)}, which no column of the tab is headed.")
        return find_formula_rows(export.fill_down, rows, order_after(current.moves, current.tab.columns))

    def has_chart_content(self, desired: DesiredTable, document: Document) -> bool:
        """Whether people wrote into the tab of a chart that is no longer declared; read only then."""
        tab = document.find_helper(CHART, desired.owner)
        if tab is None or desired.export.chart:
            return False
        [values] = self.spreadsheet.read_values([quote_title(tab.title)])
        return any(cell != "" for row in values for cell in row)

    def follow_zone_change(self, desired: DesiredTable, current: CurrentTab, mart: Mart) -> CurrentTab:
        zones = current.zone_change(desired)
        if zones is None:
            return current
        before, after = (keys_in_zone(desired.export, mart, zone) for zone in zones)
        return current.follow_zone_change(desired, dict(zip(before, after, strict=True)))

    def check_row_loss(self, desired: DesiredTable, current: CurrentTab, diff: Diff) -> None:
        """Also for --adopt, which would otherwise delete the rows of users that the mart does not contain.

        Without a last synced state it is unknown which rows users added, so every deleted row counts.
        """
        # A restore may remove many rows: those that a wrong mart added.
        if current.tab and not (self.options.accept_row_loss or self.options.restore):
            counted = diff.counts.deleted.count
            removed = counted if current.state else max(counted, len(diff.deleted))
            synced = diff.synced + removed - counted
            check_row_loss(desired.export, synced, removed, f"tab {current.tab.title!r}")

    def apply(self, comparison: SheetPlan) -> SheetPlan:
        """OutcomeUnknown also if another run was faster: then there may be nothing to do any more."""
        plan = comparison.plan
        try:
            if plan.staging:
                self.spreadsheet.apply_batch(plan.staging.requests)
                self.spreadsheet.write_values(plan.staging.title, plan.staging.rows)
            if plan.requests:
                self.spreadsheet.progress.set_step("waiting for Sheets to write")
                self.spreadsheet.apply_batch(plan.requests)
        except OutcomeUnknown:
            # A request without a response may still be on its way: give it time to arrive before reading.
            retry = self.spreadsheet.retry
            retry.sleep(retry.base + retry.delay(0))
            raise
        except Invalid as error:
            raise self.explain_rejection(comparison, error) from error
        return comparison

    def explain_rejection(self, comparison: SheetPlan, error: Invalid) -> SyncError:
        """Whether another run was faster, another run is writing now, or the request itself is invalid."""
        document, name = self.spreadsheet.read_document(), comparison.export.name
        marked = document.marked_tabs(self.project, name)
        revision = max((tab.mark.revision for tab in marked if tab.mark), default=0)
        status_ids = {tab.status_id for tab in marked} or {None}
        if revision != comparison.plan.revision or comparison.status_id not in status_ids:
            return OutcomeUnknown(f"Another run wrote the tab meanwhile. {error}")
        staging = document.find_helper(STAGING, f"{self.project}/{name}")
        if comparison.plan.staging and staging:
            return Refused(
                f"Another run of export {name} is writing to tab {staging.title!r} of the spreadsheet now. Run "
                "again after it has ended; the tab of a killed run is deleted by the next run."
            )
        if marked and marked[0].merges:
            return Refused(describe_obstacle(marked[0], name, str(error)))
        return error


def describe_unmatched(desired: DesiredTable, diff: Diff) -> list[str]:
    """Keys of the tab in mode `update` that the mart does not contain: their rows stay unfilled."""
    unmatched = diff.unmatched
    if not unmatched.count:
        return []
    keys = ", ".join(example.key for example in unmatched.examples)
    more = f" and {unmatched.count - len(unmatched.examples):,} more" if unmatched.count > 5 else ""
    return [f"{unmatched.count:,} keys of the tab are not in {desired.export.source}: {keys}{more}"]


def count_calls(plan: Plan) -> int:
    if not plan.requests:
        return 0
    return 1 + (1 + sum(1 for _ in split_rows(plan.staging.rows)) if plan.staging else 0)
