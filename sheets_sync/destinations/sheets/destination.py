"""A tab as a destination: read and compared, changed by one atomic batch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sheets_sync.destination import Comparison
from sheets_sync.destinations.sheets import goal, marking, plan, restore
from sheets_sync.destinations.sheets.diff import compare
from sheets_sync.destinations.sheets.document import STAGING, Document
from sheets_sync.destinations.sheets.find import Found, find
from sheets_sync.destinations.sheets.goal import Goal
from sheets_sync.destinations.sheets.plan import Plan
from sheets_sync.destinations.sheets.sheet import Spreadsheet, chunks
from sheets_sync.destinations.sheets.values import to_cell
from sheets_sync.errors import Invalid, OutcomeUnknown, Refused, SheetError
from sheets_sync.exports import Export
from sheets_sync.outcome import Told
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Planned(Comparison):
    export: Export
    plan: Plan


@dataclass(frozen=True)
class Wishes:
    """What a person may ask for: `adopt` a tab that is not ours, `accept_shrink` of the source, `restore` the
    version before instead of showing the mart."""

    adopt: bool = False
    accept_shrink: bool = False
    restore: bool = False


class Sheets:
    """`project` owns the tabs; `clock` says when a row was removed, and when a run was."""

    kind = "sheets"

    def __init__(
        self,
        spreadsheet: Spreadsheet,
        project: str,
        wishes: Wishes = Wishes(),  # noqa: B008 (frozen)
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.spreadsheet = spreadsheet
        self.project = project
        self.wishes = wishes
        self.clock = clock
        self.place = spreadsheet.id
        self.link = f"https://docs.google.com/spreadsheets/d/{spreadsheet.id}/edit"

    @property
    def calls(self) -> int:
        return self.spreadsheet.calls

    def compare(self, export: Export, mart: Mart) -> Planned:
        self.spreadsheet.progress.tell(f"reading the sheet, for {len(mart.rows):,} rows of the mart")
        document = self.spreadsheet.read()
        wanted = self.wanted(export, mart, document)
        found = find(wanted, document, self.spreadsheet, self.wishes.adopt)
        if not (self.wishes.accept_shrink or self.wishes.restore):
            marking.check_shrink(wanted, found)
        self.spreadsheet.progress.tell("comparing")
        planned = self.planned(wanted, document, found)
        self.link = f"{self.link.partition('#')[0]}#gid={planned.plan.tab}"
        return planned

    def wanted(self, export: Export, mart: Mart, document: Document) -> Goal:
        if self.wishes.restore:
            return restore.goal_of(export, mart.types, self.project, document, self.spreadsheet)
        return goal.of(export, mart, self.project, document.zone)

    def planned(self, wanted: Goal, document: Document, found: Found) -> Planned:
        moment = to_cell(self.clock().replace(microsecond=0), goal.zone_of(document.zone))
        diff = compare(wanted, found.held(wanted), found.memory, moment)
        identity = self.spreadsheet.identity
        editors = [identity] if "@" in identity else []
        made = plan.make(wanted, document, found, diff, moment, editors)
        rejected = tuple(Told("rejected", row) for row in wanted.rejected)
        drifted = tuple(Told("drift", row) for row in diff.drifted)
        title = found.tab.title if found.tab else wanted.export.tab
        return Planned(diff.counts, title, calls_needed(made), rejected + drifted, wanted.export, made)

    def carry_out(self, comparison: Planned) -> Planned:
        """OutcomeUnknown also where another run was quicker: then there may be nothing left to do."""
        made = comparison.plan
        try:
            if made.staging:
                self.spreadsheet.change(made.staging.requests)
                self.spreadsheet.fill(made.staging.title, made.staging.rows)
            if made.requests:
                self.spreadsheet.progress.tell("waiting for Sheets to write")
                self.spreadsheet.change(made.requests)
        except OutcomeUnknown:
            self.spreadsheet.retry.pause()
            raise
        except Invalid as error:
            raise self.overtaken(comparison, error) from error
        return comparison

    def overtaken(self, comparison: Planned, error: Invalid) -> SheetError:
        """What a refused write means: that another run was quicker, that one is going, or what it says."""
        document, name = self.spreadsheet.read(), comparison.export.name
        tab = document.ours(self.project, name, comparison.export.tab)
        if (tab.mark.revision if tab and tab.mark else 0) != comparison.plan.revision:
            return OutcomeUnknown(f"Another run wrote the tab meanwhile. {error}")
        busy = document.serving(STAGING, f"{self.project}/{name}")
        if comparison.plan.staging and busy:
            return Refused(
                f"Another run of export {name} is writing to tab {busy.title!r} of the spreadsheet now. When "
                "it has ended run this one again; what a run that died has left there goes by itself."
            )
        return error


def calls_needed(made: Plan) -> int:
    if not made.requests:
        return 0
    return 1 + (1 + sum(1 for _ in chunks(made.staging.rows)) if made.staging else 0)
