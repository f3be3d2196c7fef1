"""The laws of each mode, on the sandbox's spreadsheets without a server between."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sheets.cells import Cell, Formula
from tests.sheets_sync.sheet_in_memory import SheetInMemory, count_rows, declared, sync_rows

VALUES = st.one_of(st.none(), st.booleans(), st.sampled_from(["=1+1", "+a", "2017-01-01", "x"]))
NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([0.1, 1e300]))
ROWS = st.tuples(st.integers(0, 9), VALUES, NUMBERS)
MARTS = st.lists(ROWS, max_size=8, unique_by=lambda row: row[0])
ORDERED = {"order": ["day"]}


def visible(row):
    return [None if value == "" else value for value in row]


def note(sheet, texts):
    """People write beside rows, by key: the value of the first column."""
    for row in range(1, sheet.tab.rows):
        key = sheet.tab.at(row, 0).value
        if key in texts:
            sheet.tab.put(row, 4, Cell(texts[key], note="theirs"))
            sheet.tab.put(row, 5, Cell(Formula(f"=A{row + 1}*2")))


def beside(sheet):
    """What people have beside each row, by key; formulas refer to their row."""
    result = {}
    for row in range(1, sheet.tab.rows):
        mine = sheet.tab.at(row, 4)
        if mine.value is not None:
            assert sheet.tab.at(row, 5).value == Formula(f"=A{row + 1}*2")
            result[sheet.tab.at(row, 0).value] = mine.value
    return result


def assert_unchanged(sheet, export, rows):
    """Nothing to do, nothing sent."""
    sent = len(sheet.batches)
    assert count_rows(sync_rows(sheet, export, rows)) == {}
    assert len(sheet.batches) == sent


@settings(max_examples=120)
@given(MARTS, MARTS, MARTS)
def test_a_mirror_shows_the_mart_in_order_and_people_keep_what_is_beside_a_row(first, second, third):
    export, sheet = declared(**ORDERED), SheetInMemory()
    sync_rows(sheet, export, first)
    note(sheet, {row[0]: f"of {row[0]}" for row in first})
    for rows in (second, third, first):
        remaining = {key: text for key, text in beside(sheet).items() if key in {row[0] for row in rows}}
        sync_rows(sheet, export, rows)
        assert sheet.visible(3) == [visible(row) for row in rows]
        assert beside(sheet) == remaining
        assert_unchanged(sheet, export, rows)


@settings(max_examples=80)
@given(MARTS, MARTS, st.permutations(range(8)))
def test_an_upsert_changes_and_adds_wherever_people_put_the_rows(first, second, places):
    export, sheet = declared(mode="upsert"), SheetInMemory()
    sync_rows(sheet, export, first)
    note(sheet, {row[0]: f"of {row[0]}" for row in first})
    remaining = beside(sheet)
    for place in places:  # people move rows about
        if place < len(first):
            source = {"sheetId": sheet.tab.id, "dimension": "ROWS", "startIndex": 1 + place}
            source["endIndex"] = source["startIndex"] + 1
            sheet.person({"moveDimension": {"source": source, "destinationIndex": 1}})
    order = [row[0] for row in sheet.visible(3)]
    sync_rows(sheet, export, second)
    desired = {row[0]: visible(row) for row in first} | {row[0]: visible(row) for row in second}
    new = [row[0] for row in second if row[0] not in order]
    assert sheet.visible(3) == [desired[key] for key in order + new]
    assert beside(sheet) == remaining
    assert_unchanged(sheet, export, second)


@settings(max_examples=60)
@given(MARTS, MARTS)
def test_update_only_and_insert_only_do_no_more_than_that(first, second):
    for mode in ("update", "insert"):
        sheet = SheetInMemory()
        sync_rows(sheet, declared(mode="upsert"), first)
        old, new = ({row[0]: visible(row) for row in rows} for rows in (first, second))
        sync_rows(sheet, declared(mode=mode), second)
        if mode == "update":
            assert sheet.visible(3) == [new.get(key, row) for key, row in old.items()]
        else:
            added = [row for key, row in new.items() if key not in old]
            assert sheet.visible(3) == [*old.values(), *added]
        assert_unchanged(sheet, declared(mode=mode), second)


@settings(max_examples=60)
@given(MARTS, MARTS, st.sets(st.integers(0, 9)))
def test_append_adds_a_row_once_whatever_people_make_of_it(first, second, deleted):
    export, sheet = declared(mode="append"), SheetInMemory()
    sync_rows(sheet, export, first)
    for row in reversed(range(1, 1 + len(first))):
        if sheet.tab.at(row, 0).value in deleted:
            span = {"sheetId": sheet.tab.id, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
            sheet.person({"insertDimension": {"range": {**span, "startIndex": 1, "endIndex": 2}}})
            sheet.person({"deleteDimension": {"range": {**span, "startIndex": row + 1, "endIndex": row + 2}}})
    rows_before = [row for row in sheet.visible(3) if row[0] is not None]
    known_keys = {row[0] for row in first}
    sync_rows(sheet, export, second)
    sync_rows(sheet, export, first)
    added = [visible(row) for row in second if row[0] not in known_keys]
    assert [row for row in sheet.visible(3) if row[0] is not None] == rows_before + added
    assert_unchanged(sheet, export, second)
