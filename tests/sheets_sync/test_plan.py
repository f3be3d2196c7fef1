"""Plans carried out on the sandbox's spreadsheets without a server between: tabs, columns, safety."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sheets.book import blank_tab
from sandbox.sheets.cells import Cell
from sheets_sync import sync
from sheets_sync.destinations.sheets import rows
from sheets_sync.destinations.sheets.destination import Sheets
from sheets_sync.errors import OutcomeUnknown, Refused, SheetError
from tests.sheets_sync.held import COLUMNS, OLD, ORDERED, TYPES, Held, counted, declared, sync_rows

PEOPLE = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 3)),
    st.sampled_from([Cell(1), Cell(None, note="x")]),
    max_size=4,
)


def people(tab, width):
    return {
        (row, column - width): (cell.value, cell.note)
        for (row, column), cell in tab.cells.items()
        if column >= width and (cell.value is not None or cell.note)
    }


def visible(held):
    return [tab.title for tab in held.book.tabs if not tab.properties.get("hidden")]


@settings(max_examples=60)
@given(PEOPLE, st.permutations(["day", "baskets", "revenue"]), st.integers(1, 3))
def test_columns_come_and_go_and_people_keep_theirs(beside, order, width):
    """An export that gets other columns: people's move aside, nothing of theirs is overwritten."""
    before, held = declared("day", "baskets"), Held()
    sync_rows(held, before, [row[:2] for row in OLD])
    for (row, column), cell in beside.items():
        if row < held.tab.rows:
            held.tab.put(row, 2 + column, cell)
    kept = people(held.tab, 2)
    names = sorted(set(order[:width]) | {"day"}, key=order.index)
    after = declared(*names)
    picked = [tuple(row[list(COLUMNS).index(name)] for name in names) for row in OLD]
    done = sync_rows(held, after, picked)
    assert held.shown(len(names)) == [list(row) for row in picked]
    assert people(held.tab, len(names)) == kept
    assert counted(done) in ({}, {"updated": 3})
    assert counted(sync_rows(held, after, picked)) == {}


@settings(max_examples=40)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7)), st.sets(st.integers(8, 12)))
def test_many_steps_are_one_sort_with_the_same_result(first, removed, added):
    """As with moves, so when there are too many of them: rows go whole."""
    held, export = Held(), declared("day", "baskets", mode="mirror", order=[])
    sync_rows(held, export, [(number, "x") for number in first])
    for row in range(1, 9):
        held.tab.put(row, 3, Cell(f"of {held.tab.at(row, 0).value}"))
    wanted = [number for number in range(13) if number in added or (number < 8 and number not in removed)]
    most, rows.MOST_STEPS = rows.MOST_STEPS, 0
    try:
        sync_rows(held, export, [(number, "x") for number in wanted])
    finally:
        rows.MOST_STEPS = most
    assert [row[0] for row in held.shown(1)] == wanted
    assert {held.tab.at(row, 0).value: held.tab.at(row, 3).value for row in range(1, 1 + len(wanted))} == {
        number: f"of {number}" if number < 8 else None for number in wanted
    }
    assert held.tab.columns == 26


def test_the_grid_follows_the_rows():
    export, held = declared("day", **ORDERED), Held()
    sync_rows(held, export, [(number,) for number in range(9)])
    assert (held.tab.rows, held.tab.columns) == (10, 26)
    sync_rows(held, export, [(number,) for number in range(4)])
    assert held.tab.rows == 5
    sync_rows(held, export, [])
    assert held.tab.rows == 2  # Sheets cannot freeze the only row
    sync_rows(held, export, [(7,), (8,)])
    assert held.shown(1) == [[7], [8]]


def test_new_rows_get_the_formats_of_their_columns():
    held, types = Held(), {"day": "DATE"}
    export = declared("day", **ORDERED)
    for dates in ([], [5], [5, 6, 7], [1, 5, 6, 7], [9]):
        sync_rows(held, export, [(number,) for number in dates], types)
        formats = [held.tab.at(row, 0).format["numberFormat"] for row in range(1, 1 + len(dates))]
        assert formats == [{"type": "DATE", "pattern": "yyyy-mm-dd"}] * len(dates)


def test_a_format_that_people_chose_follows_its_row():
    export, held = declared("day", "baskets", **ORDERED), Held()
    sync_rows(held, export, [(2, "x"), (3, "x")])
    mine = {"numberFormat": {"type": "NUMBER", "pattern": "0.000"}}
    held.tab.put(1, 1, Cell("x", mine))
    sync_rows(held, export, [(1, "y"), (2, "z"), (3, "x")])
    assert held.tab.at(2, 1) == Cell("z", mine)


def test_an_empty_tab_of_the_name_is_taken():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "ours"))
    sync_rows(held, export, [(1,)])
    assert held.shown(1) == [[1]]
    assert held.book.tab(7).rows == 2


def test_a_tab_with_something_in_it_is_refused_until_adopted():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "Ours"))
    held.tab.put(3, 1, Cell("mine"))
    with pytest.raises(
        Refused,
        match="not empty. Rename it, or run with --adopt: export t then overwrites its first 1 columns",
    ):
        sync_rows(held, export, [(1,)])
    assert held.tab.cells == {(3, 1): Cell("mine")}
    sync_rows(held, export, [(1,)], adopt=True)
    assert held.shown(1) == [[1]]
    assert held.tab.at(3, 1).value == "mine"


def test_a_tab_with_our_header_is_adopted_row_by_row():
    """People kept the table by hand, and now want the warehouse to keep it."""
    export, held = declared("day", "baskets", mode="update"), Held()
    held.book.tabs.append(blank_tab(7, "Ours"))
    for place, value in enumerate(["Day", "Baskets", "Mine", 3, None, "of 3", 1, None, "of 1"]):
        held.tab.put(*divmod(place, 3), Cell(value))
    with pytest.raises(Refused, match="export t then matches its rows by key"):
        sync_rows(held, export, [])
    sync_rows(held, export, [(1, "a"), (2, "b"), (3, "c")], adopt=True)
    assert held.shown(3) == [[3, "c", "of 3"], [1, "a", "of 1"]]
    held.tab.put(3, 0, Cell(2))  # a person wants one more
    sync_rows(held, export, [(1, "a"), (2, "b"), (3, "c")])
    assert held.shown(2) == [[3, "c"], [1, "a"], [2, "b"]]


def test_a_renamed_tab_is_still_ours():
    export, held = declared("day"), Held()
    sync_rows(held, export, [(1,)])
    held.tab.properties = held.tab.properties | {"title": "Umsatz"}
    assert sync_rows(held, export, [(2,)]).title == "Umsatz"
    assert held.tab is None


@pytest.mark.parametrize("title", ["Ours", "t (last synced)"])
def test_a_tab_that_serves_another_is_refused(title):
    held = Held()
    sync_rows(held, declared("day"), [(1,)])
    other = replace(declared("day"), name="u", tab=title)
    before = held.book
    with pytest.raises(Refused, match="kept by (export t of project p|sheets_sync itself)"):
        sync_rows(held, other, [(2,)], adopt=True)
    assert held.book is before


def inserted(dimension, at):
    return lambda tab: {"insertDimension": {"range": span(tab, dimension, at)}}


def deleted(dimension, at):
    return lambda tab: {"deleteDimension": {"range": span(tab, dimension, at)}}


def span(tab, dimension, at):
    return {"sheetId": tab, "dimension": dimension, "startIndex": at, "endIndex": at + 1}


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (inserted("COLUMNS", 1), "Column 'Baskets' of tab 'Ours' is number 3, it was 2"),
        (inserted("ROWS", 0), "The header of tab 'Ours' is in row 2, it was in row 1"),
        (deleted("COLUMNS", 1), "Column 'Revenue' of tab 'Ours' is number 2, it was 3"),
        (deleted("COLUMNS", 2), "Column 3 of the export's tab is headed 'Mine' and holds other values"),
        (deleted("COLUMNS", 0), "Column 'Baskets' of tab 'Ours' is number 1, it was 2"),
        (deleted("ROWS", 0), "The header of tab 'Ours' is gone: its first row has none of Day, Baskets"),
    ],
)
def test_columns_that_people_moved_or_deleted_are_not_written_over(done, said):
    export, held = declared(**ORDERED), Held()
    sync_rows(held, export, OLD)
    for row, text in enumerate(["Mine", "of 1", "of 2", "of 3"]):
        held.tab.put(row, 3, Cell(text))
    held.person(done(held.tab.id))
    before = dict(held.tab.cells)
    with pytest.raises(Refused, match=said):
        sync_rows(held, export, [(1, "new", 9.5), *OLD[1:]])
    assert held.tab.cells == before


def test_a_header_that_people_renamed_is_written_again():
    export, held = declared(**ORDERED), Held()
    sync_rows(held, export, OLD)
    held.tab.put(0, 1, Cell("Körbe"))
    sync_rows(held, export, OLD)
    assert held.tab.at(0, 1).value == "Baskets"


def test_a_key_that_the_tab_has_no_column_for_is_refused():
    held = Held()
    sync_rows(held, declared("day"), [(1,)])
    with pytest.raises(Refused, match="now has baskets in its key, which tab 'Ours' has no column for"):
        sync_rows(held, declared("day", "baskets", key=["baskets"]), [(1, "a")])


def test_a_tab_that_people_deleted_is_made_again():
    """The way out of every refusal: what was remembered of the tab that is gone does not count."""
    for mode in ("mirror", "append"):
        held, export = Held(), declared(mode=mode, removed=None)
        sync_rows(held, export, OLD)
        held.person({"deleteSheet": {"sheetId": held.tab.id}})
        assert counted(sync_rows(held, export, OLD)) == {"inserted": 3}
        assert held.shown(3) == [list(row) for row in OLD]
        assert counted(sync_rows(held, export, OLD)) == {}


def test_a_spreadsheet_that_would_be_too_large_is_refused_before_anything_is_written():
    export, held = declared("day"), Held()
    held.book.tabs.append(blank_tab(7, "Large", 399_990, 25))
    with pytest.raises(SheetError, match="more than the 10,000,000 a spreadsheet can hold"):
        sync_rows(held, export, [(1,)])
    assert held.batches == []


def test_a_mart_that_lost_too_much_is_refused_until_a_person_says_that_it_is_right():
    export, held = declared("day", shrink=50, **ORDERED), Held()
    sync_rows(held, export, [(number,) for number in range(10)])
    sync_rows(held, export, [(number,) for number in range(5)])
    with pytest.raises(
        Refused, match="3 of the 5 rows that tab 'Ours' has are gone from dmt.t, and export t allows 50 %"
    ):
        sync_rows(held, export, [(0,), (1,)])
    assert len(held.shown(1)) == 5
    sync_rows(held, export, [(0,), (1,)], accept_shrink=True)
    assert len(held.shown(1)) == 2
    sync_rows(held, declared("day", mode="upsert", shrink=0), [])  # it removes nothing
    assert len(held.shown(1)) == 2


def test_the_version_before_comes_back_and_goes_again():
    export, held = declared(**ORDERED), Held()
    sync_rows(held, export, OLD)
    held.tab.put(2, 4, Cell("of 2"))
    sync_rows(held, export, [(2, "bad", 9.5), (3, "c", 3.5), (4, "=1+1", None)])
    bad = held.shown(3)
    done = sync_rows(held, export, [], restore=True)
    assert counted(done) == {"inserted": 1, "updated": 1, "deleted": 1}
    assert held.shown(3) == [list(row) for row in OLD]
    assert held.tab.at(2, 4).value == "of 2"
    sync_rows(held, export, [], restore=True)
    assert held.shown(3) == bad
    sync_rows(held, export, OLD)
    assert held.shown(3) == [list(row) for row in OLD]


def test_an_upsert_that_was_restored_still_knows_which_rows_are_peoples():
    export, held = declared(mode="upsert", removed="delete"), Held()
    sync_rows(held, export, OLD)
    held.person(
        {
            "appendCells": {
                "sheetId": held.tab.id,
                "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"numberValue": 99}}]}],
            }
        }
    )
    sync_rows(held, export, [(1, "bad", 1.5), *OLD[1:]])
    sync_rows(held, export, [], restore=True)
    sync_rows(held, export, OLD[:2])
    assert [row[0] for row in held.shown(3)] == [1, 2, 99]


def test_without_a_version_before_there_is_a_sentence():
    export, held = declared("day"), Held()
    sync_rows(held, export, [(1,)])
    with pytest.raises(Refused, match="no version before of export t: it was written once"):
        sync_rows(held, export, [], restore=True)
    sync_rows(held, export, [(2,)])
    with pytest.raises(Refused, match="has columns \\['Day'\\], the export now has \\['Day', 'Baskets'\\]"):
        sync_rows(held, declared("day", "baskets"), [], restore=True)


def test_a_version_that_has_no_room_is_left_out_and_an_older_one_goes():
    export, held = declared("day", **ORDERED), Held()
    sync_rows(held, export, [(1,)])
    sync_rows(held, export, [(2,)])
    assert held.book.titled("t (version before)")
    room = 10_000_000 - sum(tab.rows * tab.columns for tab in held.book.tabs)
    held.book.tabs.append(blank_tab(7, "Large", room, 1))
    sync_rows(held, export, [(3,)])
    assert held.shown(1) == [[3]]
    assert held.book.titled("t (version before)") is None


def test_the_sync_log_tells_the_newest_first_and_forgets_the_oldest():
    export, held = declared("day", audit="Sync log", **ORDERED), Held()
    sync_rows(held, export, [(1,), (None,)])
    sync_rows(held, export, [(1,), (None,)])
    sync_rows(held, export, [(1,), (2,)])
    log = held.book.titled("Sync log")
    told = [[log.at(row, column).value for column in range(5)] for row in range(log.rows)]
    assert told == [
        ["When", "Tab", "What", "Row", "Detail"],
        [46347.5, "Ours", "1 inserted", None, None],
        [46347.5, "Ours", "1 inserted, 1 rejected", None, None],
        [46347.5, "Ours", "rejected", "nothing", "null key: day"],
    ]
    assert visible(held) == ["Sheet1", "Ours", "Sync log"]
    held.person({"appendDimension": {"sheetId": log.id, "dimension": "ROWS", "length": 2000}})
    sync_rows(held, export, [(1,)])
    assert held.book.titled("Sync log").rows == 1001


def test_a_tab_of_peoples_with_a_title_of_ours_is_left_alone():
    export, held = declared("day", audit="Sync log"), Held()
    held.book.tabs.append(blank_tab(7, "sync LOG"))
    sync_rows(held, export, [(1,)])
    assert held.book.tab(7).cells == {}
    assert visible(held) == ["Sheet1", "sync LOG", "Ours", "Sync log 2"]


@pytest.mark.parametrize(
    ("protect", "seen"),
    [
        ("warning", {"warningOnly": True}),
        ("owner", {"editors": {"users": ["job@example.com"]}}),
        ("none", None),
    ],
)
def test_the_header_is_protected_as_the_export_says(protect, seen):
    held = Held()
    sync_rows(held, declared("day", protect="warning"), [(1,)])
    sync_rows(held, declared("day", "baskets", protect=protect), [(1, "a")])
    found = held.tab.protected
    if seen is None:
        assert found == []
    else:
        [item] = found
        assert {key: item[key] for key in seen} == seen
        assert item["range"] == {
            "sheetId": held.tab.id,
            "startRowIndex": 0,
            "endRowIndex": 1,
            "startColumnIndex": 0,
            "endColumnIndex": 2,
        }
    held.tab.protected.clear()  # a person took it away
    sync_rows(held, declared("day", protect=protect), [(1,)])


def made_id(batch):
    """The id of the mark that a batch makes."""
    return batch[-1]["createDeveloperMetadata"]["developerMetadata"]["metadataId"]


def test_a_batch_planned_before_another_one_was_written_fails_whole():
    """Two runs at once, or an answer that was lost and a request that was not."""
    export, held = declared(**ORDERED), Held()
    sync_rows(held, export, OLD)
    place = Sheets(held, "p")
    mart = SimpleNamespace(types=TYPES, rows=OLD[:1])
    late = place.compare(export, mart)
    sync_rows(held, export, [*OLD, (4, "d", 4.5)])
    before = held.book
    # By the id alone: what Google says of deleting metadata that is gone is not known.
    assert made_id(late.plan.requests) == made_id(held.batches[-1]) != made_id(held.batches[-2])
    with pytest.raises(OutcomeUnknown, match="Another run wrote the tab meanwhile"):
        place.carry_out(late)
    assert held.book is before
    sync.settle(export, mart, place)
    assert held.shown(3) == [[1, "a", 1.5]]


def test_who_finds_another_run_writing_much_is_told_to_wait():
    export, held = declared(**ORDERED), Held()
    large = SimpleNamespace(types=TYPES, rows=[(number, "x" * 40_000, 0.5) for number in range(60)])
    place = Sheets(held, "p")
    late = place.compare(export, large)
    held.change(late.plan.staging.requests)
    with pytest.raises(Refused, match="Another run of export t is writing to tab 't \\(being written\\)'"):
        place.carry_out(late)
    sync.settle(export, large, place)  # nothing was left of a run that died
    assert len(held.shown(1)) == 60
    assert visible(held) == ["Sheet1", "Ours"]
