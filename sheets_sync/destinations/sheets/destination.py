"""A tab as a destination: read and compared, changed by one atomic batch."""

from dataclasses import dataclass

from sheets_sync.destination import Comparison
from sheets_sync.destinations.sheets import goal, plan
from sheets_sync.destinations.sheets.find import find
from sheets_sync.destinations.sheets.plan import Plan
from sheets_sync.destinations.sheets.sheet import Spreadsheet
from sheets_sync.exports import Export
from sheets_sync.outcome import Counts, Tally
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Planned(Comparison):
    plan: Plan


class Sheets:
    """`project` owns the tabs; `adopt` takes over one that is not ours and not empty."""

    kind = "sheets"

    def __init__(self, spreadsheet: Spreadsheet, project: str, adopt: bool = False) -> None:
        self.spreadsheet = spreadsheet
        self.project = project
        self.adopt = adopt
        self.place = spreadsheet.id
        self.link = f"https://docs.google.com/spreadsheets/d/{spreadsheet.id}"

    @property
    def calls(self) -> int:
        return self.spreadsheet.calls

    def compare(self, export: Export, mart: Mart) -> Planned:
        document = self.spreadsheet.read()
        wanted = goal.of(export, mart, self.project, document.zone)
        tab, now = find(wanted, document, self.spreadsheet, self.adopt)
        cut = tab is not None and plan.shrinks(wanted, tab, now)
        kept = self.spreadsheet.rows_beside(tab, wanted.height, wanted.width) if tab and cut else 0
        made = plan.make(wanted, document, tab, now, kept)
        changes = made.changes
        counts = Counts(Tally(changes.inserted), Tally(changes.updated), Tally(changes.deleted))
        return Planned(counts, tab.title if tab else export.tab, len(made.requests) > 0, made)

    def carry_out(self, comparison: Planned) -> None:
        made = comparison.plan
        if made.staging:
            self.spreadsheet.change(made.staging.requests, resend=False)
            self.spreadsheet.fill(made.staging.title, made.staging.rows)
        if made.requests:
            self.spreadsheet.change(made.requests, made.resend)
