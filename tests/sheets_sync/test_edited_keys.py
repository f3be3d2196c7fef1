"""Users edit cells of the key: the row is recognised, and what they keep beside it stays."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.sheets.cells import Cell
from sheets_sync.errors import Refused
from tests.sheets_sync.sheet_in_memory import OLD, SheetInMemory, count_rows, declared, sync_rows

type Edit = Callable[[SheetInMemory], None]
MIRROR = declared(order=["day"], shrink=20)


@pytest.fixture(params=["mirror", "upsert"])
def mode(request: Any) -> str:
    mode: str = request.param
    return mode


def published(mode: str, rows: list[tuple[Any, ...]] = OLD) -> SheetInMemory:
    sheet = SheetInMemory()
    sync_rows(sheet, export(mode), rows)
    for row in range(1, 1 + len(rows)):
        sheet.tab.put(row, 5, Cell(f"note of {sheet.tab.at(row, 0).value}"))
    return sheet


def export(mode: str, **more: Any) -> Any:
    return declared(mode=mode, order=["day"], shrink=20, removed=None, **more)


def put(*cells: tuple[int, int, Any]) -> Edit:
    def edit(sheet: SheetInMemory) -> None:
        for row, column, value in cells:
            sheet.tab.put(row, column, Cell(value))

    return edit


def with_notes(sheet: SheetInMemory) -> list[tuple[Any, Any]]:
    return [(sheet.tab.at(row, 0).value, sheet.tab.at(row, 5).value) for row in range(1, sheet.tab.rows)]


EDITS: dict[str, tuple[Edit, int]] = {
    "all keys became texts": (put((1, 0, "1"), (2, 0, "2"), (3, 0, "3")), 3),
    "one key was overwritten": (put((2, 0, "x")), 1),
    "one key was deleted": (put((2, 0, None)), 1),
    "a key was copied over the next one": (put((2, 0, 1)), 1),
    "a key was copied over the one before": (put((1, 0, 2)), 1),
    "one key was filled down": (put((2, 0, 1), (3, 0, 1)), 2),
    "two keys were swapped with others": (put((1, 0, 77), (3, 0, 78)), 2),
    "all keys were deleted": (put((1, 0, None), (2, 0, None), (3, 0, None)), 3),
}


@pytest.mark.parametrize("what", EDITS)
def test_the_row_keeps_its_notes(mode: str, what: str) -> None:
    sheet, (edit, count) = published(mode), EDITS[what]
    edit(sheet)
    done = sync_rows(sheet, export(mode), OLD)
    assert count_rows(done) == {"updated": count, "drift": count}
    assert with_notes(sheet) == [(number, f"note of {number}") for number in (1, 2, 3)]
    sent = len(sheet.batches)
    assert (count_rows(sync_rows(sheet, export(mode), OLD)), len(sheet.batches)) == ({}, sent)


def test_also_if_the_mart_changes_the_row_at_the_same_time(mode: str) -> None:
    sheet = published(mode)
    put((2, 0, "x"))(sheet)
    sync_rows(sheet, export(mode), [OLD[0], (2, "changed", 99.0), OLD[2]])
    assert with_notes(sheet) == [(number, f"note of {number}") for number in (1, 2, 3)]
    assert sheet.visible(3)[1] == [2, "changed", 99.0]


def test_an_edit_of_the_key_is_kept_if_edits_are(mode: str) -> None:
    sheet = published(mode)
    put((2, 0, "x"))(sheet)
    for _ in range(2):
        done = sync_rows(sheet, export(mode, drift="keep"), OLD)
        assert count_rows(done) == {"drift": 1}
    assert with_notes(sheet)[1] == ("x", "note of 2")


def test_rows_with_the_same_cells_are_not_guessed() -> None:
    """Two rows whose keys are gone have the same other cells: neither is recognised."""
    same = [(1, "a", 1.0), (2, "a", 1.0), (3, "c", 3.0)]
    sheet = published("upsert", same)
    put((1, 0, "x"), (2, 0, "y"))(sheet)
    done = sync_rows(sheet, export("upsert"), same)
    assert count_rows(done) == {"inserted": 2, "drift": 2}
    assert with_notes(sheet)[:3] == [("x", "note of 1"), ("y", "note of 2"), (3, "note of 3")]


def test_a_row_that_a_user_copied_stays_hers() -> None:
    sheet = published("upsert")
    sheet.person({"appendDimension": {"sheetId": sheet.tab.id, "dimension": "ROWS", "length": 1}})
    put((4, 0, "mine"), (4, 1, "b"), (4, 2, 2.5), (4, 5, "my note"))(sheet)
    assert count_rows(sync_rows(sheet, export("upsert"), OLD)) == {}
    assert with_notes(sheet)[3] == ("mine", "my note")


def test_keys_that_users_type_are_theirs() -> None:
    update = declared(mode="update", removed=None)
    sheet = published("mirror")
    put((2, 0, "x"))(sheet)
    assert sync_rows(sheet, update, OLD).notes == ("1 keys of the tab are not in dmt.t: x",)
    assert with_notes(sheet)[1] == ("x", "note of 2")


def test_a_regenerated_key_is_still_a_loss_of_rows() -> None:
    """The mart's keys changed, not the tab's: no user edited it."""
    sheet = published("mirror")
    with pytest.raises(Refused, match="3 of the 3 rows"):
        sync_rows(sheet, MIRROR, [(day + 10, *rest) for day, *rest in OLD])
