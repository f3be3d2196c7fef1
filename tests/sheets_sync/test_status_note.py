"""`status: note`: readers see when a tab was checked and changed, and since when its export fails."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from sheets_sync import sync
from sheets_sync.destinations.sheets.current.document import STATUS
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.destinations.sheets.requests.status_note import SyncStatus
from sheets_sync.errors import OutcomeUnknown, Refused
from sheets_sync.export import Export
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sheet_in_memory import OLD, ORDERED, TYPES, SheetInMemory, declared

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Run:
    """Runs of one export, at given minutes after START."""

    def __init__(self) -> None:
        self.sheet, self.now = SheetInMemory(), START
        self.export: Export = declared(status="note", **ORDERED)

    @property
    def destination(self) -> SheetsDestination:
        return SheetsDestination(self.sheet, "p", clock=lambda: self.now)

    def sync(self, minute: int, rows: Sequence[tuple[object, ...]]) -> int:
        """The number of batches that were sent."""
        self.now = START + timedelta(minutes=minute)
        sent = len(self.sheet.batches)
        sync.sync_until_known(self.export, Mart(TYPES, list(rows)), self.destination)
        return len(self.sheet.batches) - sent

    def fail(self, minute: int, error: str) -> None:
        self.now = START + timedelta(minutes=minute)
        self.destination.record_failure(self.export, error)

    @property
    def note(self) -> str | None:
        note: str | None = self.sheet.tab.at(0, 0).note
        return note


def test_the_note_shows_when_the_tab_was_checked_and_changed() -> None:
    run = Run()
    run.sync(0, OLD)
    assert run.note == "Checked at 2026-11-21 12:00\nChanged at 2026-11-21 12:00"
    assert run.sync(30, OLD) == 0
    assert run.sync(60, OLD) == 1
    assert run.note == "Checked at 2026-11-21 13:00\nChanged at 2026-11-21 12:00"
    assert run.sync(70, OLD) == 0
    assert run.sync(80, OLD[:2]) == 1
    assert run.note == "Checked at 2026-11-21 13:20\nChanged at 2026-11-21 13:20"


def test_the_note_shows_since_when_an_export_fails_until_it_succeeds() -> None:
    run = Run()
    run.sync(0, OLD)
    run.fail(60, "There is no table dmt.t.")
    sent = len(run.sheet.batches)
    run.fail(120, "There is no table dmt.t.")
    assert len(run.sheet.batches) == sent
    assert run.note is not None
    assert run.note.splitlines() == [
        "Checked at 2026-11-21 12:00",
        "Changed at 2026-11-21 12:00",
        "Failing since 2026-11-21 13:00: There is no table dmt.t.",
    ]
    assert run.sync(125, OLD) == 1
    assert run.note == "Checked at 2026-11-21 14:05\nChanged at 2026-11-21 12:00"


def status_metadata(run: Run) -> list[str]:
    return [item["metadataValue"] for item in run.sheet.book.metadata if item["metadataKey"] == STATUS]


@pytest.mark.parametrize("is_first_note", [True, False])
def test_two_runs_that_only_write_the_note_do_not_both_write(is_first_note: bool) -> None:
    """The slower one is rejected as a whole, finds the note written, and writes nothing."""
    run = Run()
    if is_first_note:
        run.export = declared(**ORDERED)
    run.sync(0, OLD)
    run.export = declared(status="note", **ORDERED)
    run.now = START + timedelta(minutes=90)
    mart = Mart(TYPES, list[tuple[object, ...]](OLD))
    slow, fast = run.destination, run.destination
    planned = slow.compare(run.export, mart)
    fast.apply(fast.compare(run.export, mart))
    written = run.note
    with pytest.raises(OutcomeUnknown):
        slow.apply(planned)
    assert run.note == written
    assert len(status_metadata(run)) == 1
    sent = len(run.sheet.batches)
    sync.sync_until_known(run.export, mart, slow)
    assert len(run.sheet.batches) == sent


def test_a_failure_does_not_replace_the_note_of_a_faster_success() -> None:
    run = Run()
    run.sync(0, OLD)
    document = run.sheet.read_document()
    run.sync(90, OLD[:2])
    written = run.note
    run.sheet.read_document = lambda: document  # type: ignore[method-assign]  # the failing run read before
    run.fail(91, "There is no table dmt.t.")
    assert (run.note, len(status_metadata(run))) == (written, 1)


def test_times_are_those_of_the_spreadsheet() -> None:
    run = Run()
    run.sheet.book.properties = run.sheet.book.properties | {"timeZone": "Asia/Tokyo"}
    run.sync(0, OLD)
    assert run.note == "Checked at 2026-11-21 21:00\nChanged at 2026-11-21 21:00"


def test_without_the_declaration_no_note_is_written() -> None:
    run = Run()
    run.export = declared(**ORDERED)
    run.sync(0, OLD)
    run.fail(60, "There is no table dmt.t.")
    assert (run.note, run.sync(120, OLD)) == (None, 0)


def test_a_refused_sync_is_shown_to_readers() -> None:
    run = Run()
    run.sync(0, OLD)
    range_ = {"sheetId": run.sheet.tab.id, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    run.sheet.person({"deleteDimension": {"range": range_}})
    with pytest.raises(Refused) as error:
        run.sync(60, OLD)
    run.fail(60, str(error.value))
    assert run.note is not None and "Failing since 2026-11-21 13:00: Column 'Revenue'" in run.note


@pytest.mark.parametrize("time", ["x", "2026-11-21T12:00:00", "2026-11-21", "1"])
@pytest.mark.parametrize("name", ["checked", "changed", "failing_since"])
def test_a_status_that_users_changed_is_written_again(name: str, time: str) -> None:
    assert SyncStatus.from_json(json.dumps({name: time})) == SyncStatus()
    run = Run()
    run.sync(0, OLD)
    [status] = [item for item in run.sheet.book.metadata if item["metadataKey"] == STATUS]
    status["metadataValue"] = json.dumps({"checked": run.now.isoformat(), name: time})
    assert run.sync(30, OLD) == 1
    assert run.note == "Checked at 2026-11-21 12:30"
