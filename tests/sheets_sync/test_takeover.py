"""Renamed exports and projects, and copies of whole spreadsheets: nothing is taken over or left silently."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sandbox.sheets.cells import Cell
from sheets_sync import sync
from sheets_sync.destination import Comparison
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.errors import Refused
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sheet_in_memory import NOW, OLD, ORDERED, TYPES, SheetInMemory, count_rows, declared

NEW = [*OLD[:2], (4, "d", 4.5)]


def sync_as(
    sheet: SheetInMemory,
    export: Export,
    rows: Sequence[tuple[object, ...]],
    project: str = "p",
    **options: Any,
) -> Comparison:
    declared_names = frozenset({export.name})
    place = SheetsDestination(sheet, project, Options(declared=declared_names, **options), lambda: NOW)
    return sync.sync_until_known(export, Mart(TYPES, list(rows)), place)


@pytest.fixture
def sheet() -> SheetInMemory:
    """Synced by export t of project p, with a note, a sync log, a removed row and a version before."""
    sheet = SheetInMemory()
    export = declared(audit="Sync log", removed={"move": "Gone"}, **ORDERED)
    sync_as(sheet, export, [*OLD, (9, "z", 9.5)])
    sync_as(sheet, export, OLD)
    sheet.tab.put(1, 4, Cell("note"))
    sheet.tab.put(1, 1, Cell("edited"))
    return sheet


EXPORT = declared(audit="Sync log", removed={"move": "Gone"}, **ORDERED)


@pytest.mark.parametrize(
    ("name", "project", "message"),
    [
        ("u", "p", "kept by export t of project p. If export t was renamed to u, run once with --adopt"),
        ("t", "q", "kept by export t of project p. If project p was renamed to q, run once with --adopt"),
    ],
)
def test_a_renamed_owner_is_refused_and_taken_over_with_adopt(
    sheet: SheetInMemory, name: str, project: str, message: str
) -> None:
    export, before = replace(EXPORT, name=name), sheet.book
    with pytest.raises(Refused, match=message):
        sync_as(sheet, export, NEW, project)
    assert sheet.book is before
    titles = [tab.title for tab in before.tabs]
    comparison = sync_as(sheet, export, NEW, project, adopt=True)
    # The last synced state continues: the edit is recognised, and the removed row is moved, not forgotten.
    assert count_rows(comparison) == {"inserted": 1, "updated": 1, "deleted": 1, "drift": 1}
    assert sheet.tab.at(1, 4).value == "note"
    assert [tab.title for tab in sheet.book.tabs] == titles
    sent = len(sheet.batches)
    assert count_rows(sync_as(sheet, export, NEW, project)) == {}
    assert len(sheet.batches) == sent
    sync_as(sheet, export, [], project, restore=True)
    assert sheet.visible(2) == [[1, "edited"], [2, "b"], [3, "c"]]


def test_another_declared_export_cannot_take_a_tab_over(sheet: SheetInMemory) -> None:
    export = replace(EXPORT, name="u")
    options = Options(adopt=True, declared=frozenset({"t", "u"}))
    place = SheetsDestination(sheet, "p", options, lambda: NOW)
    with pytest.raises(Refused, match="kept by export t of project p. Give export u another tab"):
        place.compare(export, Mart(TYPES, list[tuple[object, ...]](NEW)))


def test_an_export_that_was_renamed_with_its_tab_is_reported_and_can_be_adopted(sheet: SheetInMemory) -> None:
    export = replace(EXPORT, name="u", tab="Theirs")
    other = SheetInMemory()
    other.book = sheet.book.copy()
    comparison = sync_as(other, export, NEW)
    assert comparison.notes == (
        "Tab 'Ours' is no longer updated: export t is not declared any more. Delete the tab, or if the export "
        "was renamed to u, run once with --adopt.",
    )
    comparison = sync_as(sheet, export, NEW, adopt=True)
    assert (comparison.title, comparison.notes) == ("Ours", ())
    assert sheet.tab.at(1, 4).value == "note"


def test_a_copy_of_the_spreadsheet_is_refused_until_adopted(sheet: SheetInMemory) -> None:
    copy = SheetInMemory()
    copy.id, copy.book = "copy", sheet.book.copy()
    with pytest.raises(
        Refused, match="Spreadsheet copy is a copy of sheet, which export t writes to. .*--adopt"
    ):
        sync_as(copy, EXPORT, NEW)
    sync_as(copy, EXPORT, NEW, adopt=True)
    assert copy.tab.at(1, 4).value == "note"
    assert count_rows(sync_as(copy, EXPORT, NEW)) == {}


def test_an_unchanged_copy_is_marked_when_it_is_adopted(sheet: SheetInMemory) -> None:
    copy = SheetInMemory()
    sync_as(sheet, EXPORT, OLD)
    copy.id, copy.book = "copy", sheet.book.copy()
    assert count_rows(sync_as(copy, EXPORT, OLD, adopt=True)) == {}
    assert count_rows(sync_as(copy, EXPORT, OLD)) == {}
