"""When the note on a tab's header is written: after a check, a change or a failure."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from runtime.errors import JobError
from sheets_sync.destinations.sheets.current.document import Document, Tab
from sheets_sync.destinations.sheets.desired.table import load_zone
from sheets_sync.destinations.sheets.plan import Plan
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.status_note import SyncStatus, status_requests
from sheets_sync.destinations.sheets.spreadsheet import Spreadsheet
from sheets_sync.export import Export


@dataclass(frozen=True)
class StatusNotes:
    spreadsheet: Spreadsheet
    clock: Callable[[], datetime]

    def requests(
        self, export: Export, document: Document, tab: Tab | None, tab_id: int, is_changed: bool
    ) -> list[Request]:
        """The note; none if it is not declared, or if an unchanged tab was checked recently."""
        status, now = SyncStatus.from_json(tab.status if tab else ""), self.clock()
        if export.status == "none" or not (is_changed or status.is_due(now)):
            return []
        status = status.after_check(now, is_changed)
        return status_requests(document, tab_id, tab, status, load_zone(document.zone))

    def time_after(self, tab: Tab | None, plan: Plan) -> str:
        """The time in the note after `plan`."""
        if plan.requests and not plan.changes:
            return self.clock().isoformat(timespec="seconds")
        return SyncStatus.from_json(tab.status if tab else "").checked

    def record_failure(self, project: str, export: Export, error: str) -> None:
        """Add the failure to the note, once: until the next success it stays as it is.

        The sheet may be what is broken, so an error here is ignored: the failure itself is reported anyway.
        """
        if export.status == "none":
            return
        with suppress(JobError):
            document = self.spreadsheet.read_document()
            marked = document.marked_tabs(project, export.name)
            status = SyncStatus.from_json(marked[0].status) if marked else SyncStatus()
            if len(marked) == 1 and not status.failing_since:
                [tab] = marked
                status = status.after_failure(self.clock(), error)
                zone = load_zone(document.zone)
                self.spreadsheet.apply_batch(status_requests(document, tab.id, tab, status, zone))
