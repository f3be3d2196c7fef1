"""Rows in at the shop, rows out in raw: whatever happens between."""

import json
import random
import time

import pytest

from connector import schemas
from connector.errors import (
    LeaseHeld,
    LeaseLost,
    NotFound,
    SourceRefused,
    SourceUnavailable,
    Unfinished,
    UsageError,
)
from tests.connector.project import sale, sales
from tests.connector.shop import Fault

NEVER = 1000.0  # seconds between renewals of a process that is only silent


def test_an_endpoint_arrives_in_raw(project, shop):
    shop.items["sales"] = sales(1, 600)
    project.copy()
    assert project.ids() == list(range(1, 601))
    assert project.log() == [("success", 1, 600, 3, 3, 600)]
    assert project.left() == []
    assert project.rows("SELECT DISTINCT state, rows FROM ops.file_log ORDER BY rows") == [
        ("archived", 100),
        ("archived", 250),
    ]
    # page 1 found out how far it goes; every other page asked for no more
    assert sorted(query.get("end_sales_id", "") for query in shop.asked) == ["", "600", "600"]


def test_the_columns_of_a_row(project, shop):
    shop.items["sales"] = [sale(17, items=[{"product_sku": "1", "quantity": 2, "amount": 0.75}])]
    project.copy()
    [(number, moment, customer, store, items, loaded, file)] = project.rows("SELECT * FROM raw.sales")
    assert (number, moment, customer, store) == ("17", "2017-01-01T17:00:00Z", "900", "330")
    assert items == [{"product_sku": "1", "quantity": "2", "amount": "0.75"}]
    assert loaded is not None
    assert project.rows("SELECT file_name FROM ops.file_log") == [(file,)]
    day = file.split("_")[1]
    assert [item.name for item in project.bucket.list("sales/archive/")] == [f"sales/archive/{day}/{file}"]


def test_the_next_run_begins_where_the_last_one_ended_with_a_look_back(project, shop):
    shop.items["sales"] = sales(1, 1000)
    project.copy()
    shop.items["sales"] += sales(1001, 1100)
    project.copy()
    assert project.log("window_from, window_until, rows_loaded") == [(1, 1000, 1000), (501, 1100, 600)]
    names = project.rows("SELECT id, MAX(SYS_FILE_NAME), MIN(SYS_FILE_NAME) FROM raw.sales GROUP BY id")
    assert all((newest > oldest) == (501 <= int(number) <= 1000) for number, newest, oldest in names)


def test_nothing_new_loads_nothing_and_says_so(project, shop):
    project.copy()
    assert project.log() == [("success", 1, 0, 1, 0, 0)]
    assert project.rows("SELECT * FROM ops.file_log") == []
    assert project.left() == []


def test_an_endpoint_without_a_window_is_copied_whole_every_time(project, shop):
    shop.items["products"] = [{"product_sku": str(n), "unit_amount": None} for n in range(300)]
    project.copy("products")
    project.copy("products")
    assert project.rows("SELECT COUNT(*), COUNT(DISTINCT product_sku) FROM raw.products") == [(600, 300)]
    assert project.log("status, window_from, window_until, rows_loaded") == [("success", None, None, 300)] * 2


@pytest.mark.parametrize(
    ("start", "end", "ids"),
    [
        ("10", "12", [10, 11, 12]),
        (None, "2", [1, 2]),
        ("29", None, [29, 30]),
        ("2017-01-01", "3", [1, 2, 3]),
        ("2017-01-02", "2017-01-03", [*range(11, 31)]),
        ("25", "2017-01-03", [*range(25, 31)]),
        (None, "2017-01-01", [*range(1, 11)]),
        ("2017-01-04", "2017-01-04", [31]),
        ("2017-01-05", None, []),
    ],
)
def test_a_window_that_was_asked_for(project, shop, start, end, ids):
    """Ten sales a day."""
    shop.items["sales"] = [
        sale(n, datetime=f"2017-01-{1 + (n - 1) // 10:02d}T09:00:00Z") for n in range(1, 32)
    ]
    shop.items["sales"] = shop.items["sales"][: 30 if start == "29" else 31]
    project.copy(start=start, end=end)
    assert project.ids() == ids
    [(first, last)] = project.log("window_from, window_until")
    assert list(range(first, last + 1)) == ids  # in ids, also if days were typed


def test_an_end_beyond_the_source_is_not_believed(project, shop):
    shop.items["sales"] = sales(1, 30)
    project.copy(end="1000")
    shop.items["sales"] += sales(31, 40)
    project.copy()
    assert set(project.ids()) == set(range(1, 41))


def test_a_window_that_leaves_ids_out_says_so(project, shop):
    """And the next run asks for them: the end of a back-fill is not where all before it is there."""
    shop.items["sales"] = sales(1, 30)
    project.copy(end="10")
    project.copy(start="20")
    [(none,), (gap,)] = project.log("notes")
    assert none is None
    assert "ids 11 to 19 were not asked for before this window" in gap
    project.copy()
    assert sorted(set(project.ids())) == list(range(1, 31))


def test_a_back_fill_moves_the_start_of_the_next_run_neither_on_nor_back(project, shop):
    shop.items["sales"] = sales(1, 2000)
    project.copy()
    shop.items["sales"] += sales(2001, 2100)
    project.copy(start="700", end="800")
    project.copy(start="2050", end="2060")
    project.copy()
    windows = [(1, 2000), (700, 800), (2050, 2060), (1501, 2100)]
    assert project.log("window_from, window_until") == windows


def test_a_back_fill_that_was_cut_off_is_ended_by_the_next_run_which_then_does_its_own(project, shop):
    shop.items["sales"] = sales(1, 1000)
    project.copy(end="100")
    shop.faults = [Fault(page=page, times=99, status=503) for page in (2, 3)]
    with pytest.raises(SourceUnavailable):
        project.copy(start="2017-01-01", end="700")
    shop.faults = []
    project.copy()
    assert project.log("status, window_from, window_until") == [
        ("success", 1, 100),
        ("failed", 1, 700),
        ("success", 1, 700),
        ("success", 201, 1000),
    ]
    assert set(project.ids()) == set(range(1, 1001))


def test_where_the_next_run_begins_follows_from_all_windows(project):
    """Against the rule said plainly, on random histories: from the end of the first run's window
    on, as far as windows go without a gap."""
    chance = random.Random(5)
    rows, expected = [], {}
    for number in range(12):
        name, windows = f"e{number}", []
        for minute in range(chance.randint(0, 6)):
            start = chance.randint(1, 30)
            until = chance.randint(start - 1, start + 8)
            status = chance.choice(["success", "success", "partial", "failed", "incomplete"])
            began = f"TIMESTAMP '2026-01-01 00:{minute:02d}:00'"
            window = f"{start}, {until}, 1, 1, 1, 1"
            rows.append(f"('{number}-{minute}', '{name}', {began}, {began}, '{status}', {window})")
            if status in ("success", "partial"):
                windows.append((start, until))
        expected[name] = stretch(windows)
    columns = "run_id, endpoint, started_at, finished_at, status, window_from, window_until"
    counts = "pages, files, rows_loaded, bytes"
    project.rows(f"INSERT INTO ops.run_log ({columns}, {counts}) VALUES {', '.join(rows)}")
    warehouse = project.kit().warehouse
    assert {name: warehouse.covered(name).until for name in expected} == expected


def stretch(windows):
    """How far the windows go that touch the first one, or one that touches it, and so on."""
    reached, others = windows[:1], windows[1:]
    while near := [one for one in others if any(touch(one, other) for other in reached)]:
        reached, others = reached + near, [one for one in others if one not in near]
    return max((until for _, until in reached), default=None)


def touch(one, other):
    return one[0] <= other[1] + 1 and other[0] <= one[1] + 1


def test_rows_that_come_while_pages_are_read_shift_none(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.after_page = {1: lambda: shop.items["sales"].extend(sales(601, 900))}
    project.copy()
    assert project.ids() == list(range(1, 601))
    project.copy(start="601")
    assert project.ids() == list(range(1, 901))


def test_files_sort_by_run_even_if_the_clock_goes_back(project, shop):
    shop.items["sales"] = [sale(1, store_id=1)]
    project.copy()
    shop.items["sales"] = [sale(1, store_id=2)]
    project.clock -= 3_600_000
    project.copy()
    newest = "SELECT store_id FROM raw.sales WHERE SYS_FILE_NAME = (SELECT MAX(SYS_FILE_NAME) FROM raw.sales)"
    assert project.rows(newest) == [("2",)]


# --- the source misbehaves
# -------------------------------------------------------------------------------------


def test_ten_per_cent_of_answers_are_503(project, shop):
    shop.items["sales"] = sales(1, 250 * 40)
    shop.faults = [Fault(page=page, times=1 + page % 2, status=503) for page in range(1, 41, 5)]
    project.copy()
    assert project.ids() == list(range(1, 10001))
    assert project.left() == []


def test_too_many_requests_are_waited_for(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(times=2, status=429, headers={"Retry-After": "1"})]
    project.copy()
    assert project.ids() == list(range(1, 601))


def test_a_wrong_key_leaves_nothing_but_a_line_in_the_log(project, shop):
    with pytest.raises(SourceRefused, match="answered 401"):
        project.copy(key="wrong")
    assert project.left() == []
    [(status, error)] = project.log("status, error")
    assert status == "failed" and "401" in error
    assert project.ids() == []


def test_a_source_that_goes_away_is_resumed_at_the_page(project, shop):
    shop.items["sales"] = sales(1, 250 * 30)
    shop.faults = [Fault(page=page, times=99, status=503) for page in range(10, 31)]
    with pytest.raises(SourceUnavailable):
        project.copy()
    assert project.ids() == []
    assert "sales/run.json" in project.left()
    shop.faults = []
    shop.items["sales"] += sales(7501, 7600)  # newer than the window of the run that goes on
    shop.pages.clear()
    project.copy()
    assert project.ids() == list(range(1, 7501))
    assert set(shop.pages) == set(range(10, 32))  # 31: page 30 was full; 1 to 9 are there already
    assert project.log("status") == [("failed",), ("success",)]
    assert len(set(project.log("run_id"))) == 1
    assert project.left() == []


def test_items_that_never_came_are_missed_and_asked_for_again(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=1, change={"items": sales(251, 499), "total_items": 600})]
    with pytest.raises(Unfinished, match="announced 600 items and answered 599"):
        project.copy()
    assert len(project.ids()) == 599  # what came is in raw
    project.copy()
    assert project.log("status, window_from") == [("incomplete", 1), ("success", 1)]
    assert set(project.ids()) == set(range(1, 601))


def test_a_page_that_stays_garbled_keeps_the_others_from_nothing(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=3, body=b"<html>")]
    with pytest.raises(Unfinished, match="page=2.*no page of 'items'"):
        project.copy()
    assert set(project.ids()) == {*range(1, 251), *range(501, 601)}
    project.copy()
    assert set(project.ids()) == set(range(1, 601))


def test_items_that_are_no_rows_are_quarantined_rows(project, shop):
    shop.items["sales"] = [sale(1), 42, None, {"datetime": "a sale without id"}, sale(2, datetime="never")]
    project.copy()
    assert sorted(project.ids(), key=lambda i: (i is None, i)) == [1, 2, None, None, None]
    assert project.rows("SELECT datetime FROM raw.sales WHERE id = '2'") == [("never",)]
    [(notes,)] = project.log("notes")
    assert "SYS_ITEM" in notes


def test_fields_without_a_column_are_told_and_kept_in_the_file(project, shop):
    lines = [{"product_sku": "1", "quantity": 1, "amount": 1, "coupon": True}]
    shop.items["sales"] = [sale(1, channel="web"), sale(2, items=lines)]
    project.copy()
    assert project.ids() == [1, 2]
    assert project.log("status, notes") == [
        ("success", "fields without a column in raw, kept in the files: channel, items.coupon")
    ]
    assert {"severity": "WARNING"}.items() <= project.lines()[-1].items()


def test_what_no_item_was_like_before_is_told_once_in_the_log_and_in_ops(project, shop):
    """New, missing and retyped; a type that BigQuery refuses puts the file aside, and it is told all the
    same."""
    shop.items["sales"] = sales(1, 10)
    project.copy()
    assert project.rows("SELECT * FROM ops.drift") == []
    new = [sale(11, store_id="330", channel="web"), sale(12), sale(13)]
    del new[1]["customer_id"]
    shop.items["sales"] += new
    for _ in range(2):
        project.copy(start="11")
    told = project.rows("SELECT field, change, was, now, file_name FROM ops.drift ORDER BY field")
    [(file,)] = project.rows("SELECT MIN(SYS_FILE_NAME) FROM raw.sales WHERE id = '11'")
    assert told == [
        ("channel", "new", None, "text", file),
        ("customer_id", "missing", "number", "absent", file),
        ("store_id", "retyped", "number", "text", file),
    ]
    lines = [line for line in project.lines() if line["message"] == "finds drift"]
    assert [(line["field"], line["change"]) for line in lines] == [row[:2] for row in told]
    shop.items["sales"].append(sale(14, items="none"))
    with pytest.raises(Unfinished):
        project.copy(start="14")
    assert project.rows("SELECT change, now FROM ops.drift WHERE field = 'items'") == [("retyped", "text")]


def test_a_field_arrives_from_the_archive_once_it_has_a_column(project, shop, tmp_path):
    """What has no column is kept in the file, and replayed when the schema has it."""
    shop.items["sales"] = [sale(1, channel="web"), sale(2, channel="shop"), sale(3)]
    project.copy()
    [(file,)] = project.rows("SELECT file_name FROM ops.file_log")
    columns = json.loads((schemas.SCHEMAS / "sales.json").read_text())
    wider = [{"name": "channel", "type": "STRING", "mode": "NULLABLE"}, *columns]
    (tmp_path / "sales.json").write_text(json.dumps(wider))
    project.rows("ALTER TABLE raw.sales ADD COLUMN channel STRING")
    try:
        project.replay(file, schema_folder=tmp_path)
        rows = project.rows("SELECT id, channel FROM raw.sales WHERE channel IS NOT NULL ORDER BY id")
    finally:
        project.rows("ALTER TABLE raw.sales DROP COLUMN channel")
    assert rows == [("1", "web"), ("2", "shop")]
    [(_, before), (_, after)] = project.log("status, notes")
    assert "channel" in before and after is None


# --- a file that BigQuery refuses
# ------------------------------------------------------------------------------


def test_one_bad_file_fails_alone_and_can_be_replayed(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.items["sales"][299] = sale(300, items="none")
    with pytest.raises(
        Unfinished, match="1 files lie in sales/failed/.*python -m connector replay --endpoint sales"
    ):
        project.copy()
    assert project.ids() == [*range(1, 251), *range(501, 601)]
    [name] = project.failed()
    assert project.left() == []
    [(reason,)] = project.rows("SELECT reason FROM ops.file_log WHERE state = 'failed'")
    assert name.rpartition("/")[2] in reason
    assert project.log("status, files, rows_loaded") == [("partial", 2, 350)]

    with pytest.raises(Unfinished):
        project.replay()  # not healed yet: it fails again, and nothing comes twice
    assert len(project.ids()) == 350 and project.failed() == [name]

    project.heal(name, b'"items": "none"', b'"items": []')
    project.replay()
    assert sorted(project.ids()) == list(range(1, 601))
    assert project.failed() == [] and project.left() == []
    lineage = project.rows(
        "SELECT DISTINCT SYS_FILE_NAME FROM raw.sales WHERE CAST(id AS INT64) BETWEEN 251 AND 500"
    )
    assert lineage == [(name.rpartition("/")[2],)]
    project.replay()
    assert len(project.ids()) == 600
    assert "nothing lies in sales/failed/" in project.lines()[-1]["message"]


def test_a_partial_run_moves_the_window_on(project, shop):
    shop.items["sales"] = [sale(n, items="none") for n in range(1, 3)]
    with pytest.raises(Unfinished):
        project.copy()
    shop.items["sales"] += sales(3, 700)
    project.copy(start="3")
    project.copy()
    assert project.log("window_from, window_until") == [(1, 2), (3, 700), (201, 700)]


def test_a_file_named_by_hand_is_loaded_again(project, shop):
    shop.items["sales"] = sales(1, 300)
    project.copy()
    [first, second] = [item.name.rpartition("/")[2] for item in project.bucket.list("sales/archive/")]
    small = (
        first
        if project.rows(f"SELECT COUNT(*) FROM raw.sales WHERE SYS_FILE_NAME = '{first}'") == [(50,)]
        else second
    )
    project.replay(small)
    assert sorted(project.ids()) == sorted([*range(1, 301), *range(251, 301)])
    assert len(project.rows("SELECT DISTINCT SYS_FILE_NAME FROM raw.sales")) == 2


def test_a_day_is_loaded_again(project, shop):
    """What its runs brought, archived or failed, and nothing of another day."""
    shop.items["sales"] = [*sales(1, 250), sale(251, items="none")]
    with pytest.raises(Unfinished):
        project.copy()
    [failed] = project.failed()
    day = failed.rpartition("/")[2].split("_")[1]
    project.heal(failed, b'"items": "none"', b'"items": []')
    project.clock += 24 * 3600 * 1000
    shop.items["sales"] += sales(252, 260)
    project.copy(start="252")
    project.replay(day=day)
    assert sorted(project.ids()) == sorted([*range(1, 251), *range(1, 252), *range(252, 261)])
    assert project.failed() == [] and project.left() == []
    assert len(project.rows("SELECT DISTINCT SYS_FILE_NAME FROM raw.sales")) == 3
    project.replay(day="20010101")
    assert "nothing lies in sales/archive/20010101/" in project.lines()[-1]["message"]


def test_a_file_that_is_nowhere(project):
    name = "sales_20260131_0930_01a1fd06-ca73-7000-8000-000000000000.json"
    with pytest.raises(NotFound, match="is neither in sales/failed/ nor in sales/archive/"):
        project.replay(name)
    with pytest.raises(UsageError, match="not the name of a file"):
        project.replay("sales.json")
    assert project.left() == []


# --- two at once
# -----------------------------------------------------------------------------------------------


def test_a_second_run_leaves_and_says_why(project, shop):
    shop.items["sales"] = sales(1, 300)
    refused = []

    def meanwhile():
        with pytest.raises(LeaseHeld, match="is going: it renews gs://.*sales/run.json") as raised:
            project.copy(sleep=time.sleep)
        refused.append(raised)

    shop.after_page = {2: meanwhile}
    project.copy(renew_seconds=0.05)
    assert refused
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]


def test_a_run_that_was_only_silent_is_taken_over_and_nothing_comes_twice(project, shop):
    """The first process stops for long enough to count as dead, and wakes up when another has finished its
    run."""
    shop.items["sales"] = sales(1, 300)
    shop.after_page = {2: lambda: project.copy()}
    with pytest.raises(LeaseLost):
        project.copy(renew_seconds=NEVER)
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]
    project.copy(start="301")  # the page that the first one wrote when it woke up is swept away
    assert project.left() == [] and project.failed() == []
    assert project.ids() == list(range(1, 301))


def test_files_of_a_run_that_was_given_up_wait_in_failed(project, shop):
    shop.items["sales"] = sales(1, 250 * 30)
    shop.faults = [Fault(page=page, times=99, status=503) for page in range(10, 31)]
    with pytest.raises(SourceUnavailable):
        project.copy()
    project.bucket.delete("sales/run.json")
    shop.faults = []
    project.copy()
    assert project.ids() == list(range(1, 7501))
    assert project.left() == []
    assert project.failed()
    project.replay()
    assert set(project.ids()) == set(range(1, 7501))
    assert project.failed() == []
