"""Plan of a sync: one atomic batch of requests that turns the current tab into the desired one. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sheets_sync.destinations.sheets.audit import MAX_AUDIT_LINES, audit_lines
from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import BEFORE, MAX_CELLS, STATE, Document
from sheets_sync.destinations.sheets.current.sync_state import plan_state_write
from sheets_sync.destinations.sheets.current.takeover import Takeover
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.diff.blocks import MAX_GAP, Block, find_blocks
from sheets_sync.destinations.sheets.diff.compare import Diff
from sheets_sync.destinations.sheets.requests import batch, helper_tabs, staging
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.chart import chart_requests
from sheets_sync.destinations.sheets.requests.fill_down import FormulaRows, fill_formulas
from sheets_sync.destinations.sheets.requests.grid import Grid, clear_below, clip_block, shape_grid
from sheets_sync.destinations.sheets.requests.ownership import (
    format_requests,
    next_mark,
    retag_helpers,
    revision_guard,
)
from sheets_sync.destinations.sheets.requests.staging import Staging
from sheets_sync.errors import Refused, SheetError


@dataclass(frozen=True)
class Plan:
    """requests: the batch, empty if the tab is up to date. revision: of the tab when it was read; another
    revision at the time of the write means that another run wrote meanwhile. changes: whether the batch does
    more than to renew the status note."""

    requests: list[Request]
    tab: int
    revision: int
    staging: Staging | None = None
    changes: bool = False


def make_plan(
    desired: DesiredTable,
    document: Document,
    current: CurrentTab,
    diff: Diff,
    now: Cell,
    editors: list[str],
    notes: Sequence[str] = (),
    status: Callable[[int, bool], list[Request]] = lambda tab, is_changed: [],
    takeover: Takeover | None = None,
    formula_rows: FormulaRows | None = None,
    has_chart_content: bool = False,
) -> Plan:
    """now: current time as a cell. editors: may change a header that only its owner may. notes: lines for
    the sync log. status: requests that show when a tab was checked, by its id and whether it changes.
    has_chart_content: whether people wrote into the tab of the chart."""
    planner = Planner(desired, document, current, diff, now, editors, notes, takeover, formula_rows or {})
    planner.draw_chart(has_chart_content)
    plan = planner.make_plan()
    changes = bool(plan.requests)
    show_status = status(plan.tab, changes)
    # In front of the revision guard, which is the last request of a batch.
    position = max(0, len(plan.requests) - 1)
    requests = [*plan.requests[:position], *show_status, *plan.requests[position:]]
    return replace(plan, requests=requests, changes=changes)


class Planner:
    """Stages: grid, cells, formats, state. Each stage is computed from the results of the earlier ones."""

    def __init__(
        self,
        desired: DesiredTable,
        document: Document,
        current: CurrentTab,
        diff: Diff,
        now: Cell,
        editors: list[str],
        notes: Sequence[str],
        takeover: Takeover | None,
        formula_rows: FormulaRows,
    ) -> None:
        self.desired, self.document, self.current, self.diff = desired, document, current, diff
        self.now, self.notes, self.takeover = now, notes, takeover or Takeover(document)
        self.formula_rows = formula_rows
        self.keep_edits = desired.export.drift == "keep"
        self.old_mark = current.tab.mark if current.tab else None
        self.desired_rows: Rows = [desired.headers, *(row.cells for row in diff.rows)]

        self.grid: Grid = shape_grid(desired, document, current, diff)
        self.blocks = self.find_changed_blocks()
        self.mark = next_mark(desired, self.old_mark, document, diff.unmatched.examples)
        self.formats = format_requests(desired, document, current, self.grid, self.mark, editors)
        self.state_write = plan_state_write(
            current.state, desired.export.key, desired.names, diff.entries, desired.zone
        )
        self.leftover = staging.delete_leftover(desired, document)
        self.is_visible = bool(self.grid.requests or self.blocks or self.formats or current.moves)
        self.mark = replace(self.mark, version_zone=self.version_zone())
        self.chart: list[Request] = []

    def draw_chart(self, has_content: bool) -> None:
        grid, bottom = self.grid, len(self.desired_rows)
        self.chart = chart_requests(self.desired, self.document, self.current.tab, grid, bottom, has_content)

    def make_plan(self) -> Plan:
        revision = self.mark.revision - 1
        if not self.is_needed():
            return Plan([], self.grid.tab, revision)
        staged = self.stage_values()
        self.check_filter(staged)
        size = self.check_size(staged)
        requests = [
            *retag_helpers(self.takeover),
            *self.column_moves(),
            # Before the grid changes: the version and the removed rows are copied from their present places.
            *self.version_requests(size),
            *self.archive_requests(),
            *self.grid.requests,
            *self.chart,
            *fill_formulas(self.grid.tab, self.diff.rows, self.formula_rows),
            *self.value_requests(staged),
            *self.formats,
            *self.state_requests(staged),
            *self.audit_requests(),
            # After both uses: the values and the last synced state are copied from the staging tab.
            *([batch.delete_tab(staged.id)] if staged else self.leftover),
            *revision_guard(self.desired, self.document, self.grid.tab, self.current.tab, self.mark),
        ]
        return Plan(requests, self.grid.tab, revision, staged)

    def check_filter(self, staged: Staging | None) -> None:
        """Refused if rows that a filter hides would be copied or sorted: Sheets may leave them out (unverified)."""
        tab = self.current.tab
        is_sorted = any("sortRange" in request for request in self.grid.requests)
        if tab and tab.is_filtered and (staged or is_sorted or self.diff.archived):
            raise Refused(
                f"A filter of a user may hide rows of tab {tab.title!r}, and export {self.desired.export.name} has "
                "rows to copy or to sort, which Sheets may do without the hidden ones. Remove the filter (Data > "
                "Remove filter); a filter view (Data > Create filter view) does not disturb."
            )

    def is_needed(self) -> bool:
        old_rejects = self.old_mark.rejects if self.old_mark else ""
        is_reported = self.mark.rejects == old_rejects
        is_marked = is_reported and not self.takeover.is_new_owner
        return bool(self.is_visible or self.chart or self.state_write or self.leftover or not is_marked)

    def find_changed_blocks(self) -> list[Block]:
        # With kept edits, equal cells between two changed ones must not be written.
        gap = 0 if self.keep_edits else MAX_GAP
        blocks = find_blocks(self.grid.cells, self.desired_rows, self.desired.width, gap)
        clipped = [clip_block(block, self.grid.rows) for block in blocks]
        return [block for block in clipped if block.cells]

    def stage_values(self) -> Staging | None:
        if not staging.is_staging_needed(self.blocks, self.state_write):
            return None
        return staging.stage_values(self.desired, self.document, self.desired_rows, self.state_write)

    def value_requests(self, staged: Staging | None) -> list[Request]:
        if not staged:
            return [batch.update_cells(self.grid.tab, block) for block in self.blocks]
        return [
            *staging.paste_staged(staged, self.grid.tab, self.desired_rows, self.blocks, self.keep_edits),
            *clear_below(self.grid, self.desired_rows, self.desired.width),
        ]

    def version_zone(self) -> str:
        """The time zone in which the version that is saved now shows its times."""
        if not self.is_visible:
            return self.old_mark.version_zone if self.old_mark else ""
        return self.current.state.zone if self.current.state else self.desired.zone

    def column_moves(self) -> list[Request]:
        """First, so that everything else finds the synced columns at the left edge."""
        return [
            batch.move_dimension(self.grid.tab, batch.COLUMNS, move.start, move.end, move.target)
            for move in self.current.moves
        ]

    def version_requests(self, size: int) -> list[Request]:
        """Save the version before, if there is room for it and no filter hides rows; otherwise delete an older
        one, which would be restored as if it were the last."""
        tab, rows = self.current.tab, len(self.current.rows)
        width = len(self.old_mark.headers) if self.old_mark else self.desired.width
        if not self.is_visible:
            return []
        if tab and rows and not tab.is_filtered and size + rows * width <= MAX_CELLS:
            return helper_tabs.save_version(self.desired, self.document, tab, rows, width)
        outdated = self.document.find_helper(BEFORE, self.desired.owner)
        return [batch.delete_tab(outdated.id)] if outdated else []

    def archive_requests(self) -> list[Request]:
        tab = self.current.tab
        return helper_tabs.archive_rows(self.desired, self.document, tab, self.diff.archived) if tab else []

    def state_requests(self, staged: Staging | None) -> list[Request]:
        if not self.state_write:
            return []
        return helper_tabs.write_state(self.desired, self.document, self.state_write, staged)

    def audit_requests(self) -> list[Request]:
        if not self.desired.export.audit:
            return []
        lines = audit_lines(self.desired, self.diff, self.now, self.notes, self.is_visible)
        return helper_tabs.write_audit(self.desired, self.document, lines)

    def check_size(self, staged: Staging | None) -> int:
        """Cells in all grids afterwards, without the version before. SheetError if they are too many."""
        export, document = self.desired.export, self.document
        state = document.find_helper(STATE, self.desired.owner)
        replaced = (self.current.tab, state, document.find_helper(BEFORE, self.desired.owner))
        others = sum(tab.size for tab in document.tabs if tab not in replaced)
        size = self.grid.rows * self.grid.columns + len(self.diff.archived) * self.grid.columns
        size += self.state_write.height if self.state_write else state.size if state else 0
        size += (1 + 2 * MAX_AUDIT_LINES) * len(helper_tabs.AUDIT_HEADER) if export.audit else 0
        # The staging tab exists beside all others until the end of the batch.
        size += staged.size if staged else 0
        if others + size > MAX_CELLS:
            raise SheetError(
                f"Export {export.name} has {len(self.desired.rows):,} rows and needs {size:,} cells; with the "
                f"{others:,} of the other tabs that is more than the {MAX_CELLS:,} a spreadsheet can hold. "
                "Give it a spreadsheet for itself, or fewer rows."
            )
        return others + size
