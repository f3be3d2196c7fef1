"""Source, last synced, and what the tab holds: which value is written, and what is reported."""

import pytest

from sandbox.sheets.cells import Cell, Formula
from sheets_sync.export_parser import parse_export
from tests.sheets_sync.sheet_in_memory import (
    FILE,
    NOW,
    OLD,
    ORDERED,
    TYPES,
    SheetInMemory,
    count_rows,
    declared,
    sync_rows,
)


@pytest.fixture
def synced():
    sheet = SheetInMemory()
    sync_rows(sheet, declared(**ORDERED), OLD)
    return sheet


def type_in(sheet, row, column, value):
    sheet.tab.put(row, column, Cell(value))


def examples(done, name):
    return [(row.key, row.detail) for row in getattr(done.counts, name).examples]


def delete(sheet, row):
    span = {"sheetId": sheet.tab.id, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    sheet.person({"deleteDimension": {"range": span}})


def test_what_people_changed_is_overwritten_and_reported(synced):
    type_in(synced, 2, 1, "mine")
    done = sync_rows(synced, declared(**ORDERED), OLD)
    assert count_rows(done) == {"updated": 1, "drift": 1}
    assert examples(done, "drift") == [("2", "Baskets: b → mine (overwritten)")]
    assert examples(done, "updated") == [("2", "Baskets: mine → b")]
    assert synced.visible(3) == [list(row) for row in OLD]


def test_what_people_changed_is_kept_if_the_export_declares_it(synced):
    keep = declared(drift="keep", **ORDERED)
    type_in(synced, 2, 1, "mine")
    new = [(1, "a", 1.5), (2, "source", 20.5), (3, "C", 3.5)]
    done = sync_rows(synced, keep, new)
    assert count_rows(done) == {"updated": 2, "drift": 1}
    assert examples(done, "drift") == [("2", "Baskets: source → mine (kept)")]
    assert synced.visible(3) == [[1, "a", 1.5], [2, "mine", 20.5], [3, "C", 3.5]]
    sent = len(synced.batches)
    assert count_rows(sync_rows(synced, keep, new)) == {"drift": 1}  # reported again, and nothing is sent
    assert len(synced.batches) == sent
    sync_rows(synced, keep, [(1, "a", 1.5), (2, "later", 21.5), (3, "C", 3.5)])
    assert synced.visible(3)[1] == [2, "mine", 21.5]


def test_a_kept_formula_stays_a_formula(synced):
    keep = declared(drift="keep", **ORDERED)
    type_in(synced, 2, 2, Formula("=1+1"))
    sync_rows(synced, keep, [(1, "x" * 40_000, 1.5), (2, "y" * 40_000, 2.5), (3, "z", 9.5)])
    assert synced.tab.at(2, 2).value == Formula("=1+1")
    large = [(number, "x" * 40_000, 0.5) for number in range(1, 60)]
    sync_rows(synced, keep, large)  # by way of a hidden tab
    assert synced.tab.at(2, 2).value == Formula("=1+1")
    assert len(synced.visible(3)) == 59


def test_what_is_kept_between_two_changed_cells_is_not_touched():
    columns = {name: {"header": name} for name in "abcd"}
    export = parse_export("t", "t.yaml", FILE | {"columns": columns, "key": ["a"], "drift": "keep"})
    sheet, types = SheetInMemory(), dict.fromkeys("abcd", "INTEGER")
    sync_rows(sheet, export, [(1, 2, 3, 4)], types)
    type_in(sheet, 1, 2, Formula("=1+1"))
    sync_rows(sheet, export, [(1, 20, 3, 40)], types)
    assert [sheet.tab.at(1, column).value for column in range(4)] == [1, 20, Formula("=1+1"), 40]


def test_when_people_and_source_agree_there_is_no_drift(synced):
    type_in(synced, 2, 1, "new")
    done = sync_rows(synced, declared(**ORDERED), [OLD[0], (2, "new", 2.5), OLD[2]])
    assert count_rows(done) == {}
    type_in(synced, 2, 1, "mine")
    assert examples(sync_rows(synced, declared(**ORDERED), [OLD[0], (2, "new", 2.5), OLD[2]]), "drift") == [
        ("2", "Baskets: new → mine (overwritten)")
    ]


@pytest.mark.parametrize(
    ("drift", "reported", "visible"),
    [("overwrite", "row added (removed)", [1, 2, 3]), ("keep", "row added (kept)", [1, 2, 3, 7])],
)
def test_a_row_that_people_added(synced, drift, reported, visible):
    span = {"sheetId": synced.tab.id, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}
    synced.person({"insertDimension": {"range": span}})
    type_in(synced, 2, 0, 7)
    done = sync_rows(synced, declared(drift=drift, **ORDERED), OLD)
    assert examples(done, "drift") == [("7", reported)]
    assert [row[0] for row in synced.visible(3)] == visible


@pytest.mark.parametrize(
    ("drift", "reported", "visible"),
    [("overwrite", "row deleted (inserted again)", [1, 2, 3]), ("keep", "row deleted (kept)", [1, 3])],
)
def test_a_row_that_people_deleted(synced, drift, reported, visible):
    delete(synced, 2)
    for _ in range(2):
        done = sync_rows(synced, declared(drift=drift, **ORDERED), OLD)
        assert [row[0] for row in synced.visible(3)] == visible
    assert count_rows(done) == ({"drift": 1} if drift == "keep" else {})
    delete(synced, 1)
    assert examples(sync_rows(synced, declared(drift=drift, **ORDERED), OLD), "drift")[0] == ("1", reported)


def test_a_copy_that_people_made_of_a_row_goes_and_the_first_one_stays(synced):
    span = {"sheetId": synced.tab.id, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    synced.person({"insertDimension": {"range": span}})
    for column, value in enumerate(OLD[0]):
        type_in(synced, 3, column, value)
    done = sync_rows(synced, declared(**ORDERED), OLD)
    assert examples(done, "drift") == [("1", "row added (removed)")]
    assert synced.visible(3) == [list(row) for row in OLD]


def test_without_its_state_a_sync_continues_and_writes_the_mart(synced):
    memory = synced.book.titled("t (last synced)")
    synced.book.tabs.remove(memory)
    type_in(synced, 2, 1, "mine")
    assert count_rows(sync_rows(synced, declared(**ORDERED), OLD)) == {"updated": 1}
    type_in(synced, 2, 1, "mine")
    assert count_rows(sync_rows(synced, declared(**ORDERED), OLD)) == {"updated": 1, "drift": 1}


def test_a_row_without_key_or_with_one_that_another_has_is_rejected_and_the_others_are_written():
    sheet, export = SheetInMemory(), declared(**ORDERED)
    sync_rows(sheet, export, OLD)
    done = sync_rows(
        sheet, export, [(None, "x", 0.5), (1, "A", 1.5), (2, "p", 2.5), (2, "q", 2.5), (4, "d", 4.5)]
    )
    assert examples(done, "rejected") == [
        ("nothing", "null key: day"),
        ("2", "duplicate key: 2 rows have it"),
        ("2", "duplicate key: 2 rows have it"),
    ]
    # A rejected row stays as it was: its new values are not known, but it is not gone.
    assert sheet.visible(3) == [[1, "A", 1.5], [2, "b", 2.5], [4, "d", 4.5]]
    assert [reported.state for reported in done.issues] == ["rejected"] * 3


def test_a_value_too_long_rejects_its_row():
    sheet, export = SheetInMemory(), declared(**ORDERED)
    done = sync_rows(
        sheet, export, [(1, "x" * 50_001, 1.5), (2, "😀" * 25_000, 2.5), (3, "😀" * 25_001, 3.5)]
    )
    assert examples(done, "rejected") == [
        ("1", "column baskets: 50,001 characters, a cell holds 50,000"),
        ("3", "column baskets: 50,002 characters, a cell holds 50,000"),
    ]
    assert [row[0] for row in sheet.visible(3)] == [2]


def test_keys_of_several_columns_identify_rows():
    sheet, export = SheetInMemory(), declared(key=["day", "baskets"], order=["day", "baskets"])
    sync_rows(sheet, export, [(1, "a", 1.5), (1, "b", 2.5), (2, "a", 3.5)])
    done = sync_rows(sheet, export, [(1, "a", 1.5), (1, "b", 9.5), (2, "b", 3.5)])
    assert count_rows(done) == {"inserted": 1, "updated": 1, "deleted": 1}
    assert examples(done, "updated") == [("1 / b", "Revenue: 2.5 → 9.5")]
    assert sheet.visible(3) == [[1, "a", 1.5], [1, "b", 9.5], [2, "b", 3.5]]


def test_keys_that_look_alike_are_not_the_same():
    sheet, export = SheetInMemory(), declared(**ORDERED)
    sync_rows(sheet, export, [(1, "number", 0.5), ("1", "text", 0.5), (True, "truth", 0.5)])
    assert len(sheet.visible(3)) == 3
    assert (
        count_rows(sync_rows(sheet, export, [(1, "number", 0.5), ("1", "text", 0.5), (True, "truth", 0.5)]))
        == {}
    )


def test_the_zero_with_a_sign_is_zero():
    sheet, export = SheetInMemory(), declared(key=["revenue"], order=["revenue"])
    sync_rows(sheet, export, [(1, "a", -0.0)])
    for row in range(1, sheet.tab.rows):
        type_in(sheet, row, 2, 0)  # as Sheets answers it
    assert count_rows(sync_rows(sheet, export, [(1, "a", -0.0)])) == {}


def test_a_removed_row_is_marked_and_its_mark_goes_when_it_comes_back():
    sheet, export = SheetInMemory(), declared(removed={"mark": "Gone since"}, **ORDERED)
    sync_rows(sheet, export, OLD)
    done = sync_rows(sheet, export, [OLD[0], OLD[2]])
    assert count_rows(done) == {"deleted": 1}
    serial = 46347.5  # noon of 2026-11-21, in the spreadsheet's zone
    assert NOW.isoformat() == "2026-11-21T12:00:00+00:00"
    assert sheet.visible(4) == [[1, "a", 1.5, None], [3, "c", 3.5, None], [2, "b", 2.5, serial]]
    assert sheet.tab.at(0, 3).value == "Gone since"
    assert count_rows(sync_rows(sheet, export, [OLD[0], OLD[2]])) == {}
    assert count_rows(sync_rows(sheet, export, OLD)) == {"updated": 1}
    assert sheet.visible(4) == [[*row, None] for row in OLD]


def test_removed_rows_move_to_a_tab_with_all_that_people_have_beside_them():
    sheet, export = SheetInMemory(), declared(removed={"move": "Gone"}, **ORDERED)
    sync_rows(sheet, export, OLD)
    type_in(sheet, 2, 5, "about b")
    type_in(sheet, 2, 6, Formula("=C3*2"))
    sync_rows(sheet, export, [OLD[0], OLD[2]])
    gone = sheet.titled("Gone")
    assert [gone.at(0, column).value for column in range(3)] == ["Day", "Baskets", "Revenue"]
    assert [gone.at(1, column).value for column in (0, 1, 2, 5)] == [2, "b", 2.5, "about b"]
    assert gone.at(1, 6).value == Formula("=C2*2")
    assert gone.rows == 2
    sync_rows(sheet, export, [OLD[0]])
    assert [gone.at(row, 0).value for gone in [sheet.titled("Gone")] for row in (1, 2)] == [3, 2]
    assert sheet.visible(3) == [[1, "a", 1.5]]


def test_an_upsert_deletes_what_it_wrote_and_leaves_what_people_added():
    sheet, export = SheetInMemory(), declared(mode="upsert", removed="delete")
    sync_rows(sheet, export, OLD)
    type_in(sheet, 4, 0, 99) if sheet.tab.rows > 4 else None
    sheet.person(
        {
            "appendCells": {
                "sheetId": sheet.tab.id,
                "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"numberValue": 99}}]}],
            }
        }
    )
    done = sync_rows(sheet, export, [OLD[0], OLD[2]])
    assert count_rows(done) == {"deleted": 1}
    assert [row[0] for row in sheet.visible(3)] == [1, 3, 99]


def test_types_are_spoken_as_people_read_them():
    sheet = SheetInMemory()
    types = TYPES | {"day": "DATE", "revenue": "TIMESTAMP"}
    sync_rows(sheet, declared(**ORDERED), [(42736, "a", 42736.5)], types)
    done = sync_rows(sheet, declared(**ORDERED), [(42736, "a", None)], types)
    assert examples(done, "updated") == [("2017-01-01", "Revenue: 2017-01-01 12:00:00 → nothing")]
