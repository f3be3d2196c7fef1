"""The real gspread and the real BigQuery client against the sandbox."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from sheets_sync import run_log, sync
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.errors import NotFound, NotShared, Refused, WarehouseError
from sheets_sync.export_parser import parse_export
from sheets_sync.outcome import Counts, Outcome
from sheets_sync.warehouse import Warehouse

ROWS = [
    (date(2017, 1, 1), 3, Decimal("12.50"), "=HYPERLINK(1)"),
    (date(2017, 1, 2), 2**53 + 1, Decimal("123456789012345678.25"), "+1"),
    (date(2017, 1, 3), None, None, None),
    (date(2017, 1, 4), 1234, Decimal("0.005"), "@sum\nsecond line"),
]


def test_a_mart_becomes_a_tab(mirror, person):
    done = mirror(ROWS)
    assert (done.calls, done.counts.inserted.count) == (2, 4)
    assert person.see("'Daily sales'") == [
        ["Day", "Baskets", "Revenue", "Note"],
        ["2017-01-01", "3", "12.50", "=HYPERLINK(1)"],
        ["2017-01-02", "9007199254740993", "123456789012345678.25", "+1"],
        ["2017-01-03"],
        ["2017-01-04", "1,234", "0.01", "@sum\nsecond line"],
    ]
    exact = person.see("'Daily sales'!A2:D5", valueRenderOption="UNFORMATTED_VALUE")
    assert exact[0] == [42736, 3, 12.5, "=HYPERLINK(1)"]
    assert exact[3][2] == 0.005
    formulas = person.see("'Daily sales'!D2:D5", valueRenderOption="FORMULA")
    assert formulas == [["=HYPERLINK(1)"], ["+1"], [], ["@sum\nsecond line"]]
    assert person.tabs() == ["Sheet1", "Daily sales", "Sync log"]


def test_the_header_is_frozen_and_the_first_tab_is_unchanged(mirror, person):
    mirror(ROWS)
    first, permission, *_ = person.sheets()
    assert first["properties"]["title"] == "Sheet1"
    assert "developerMetadata" not in first
    assert permission["properties"]["gridProperties"] == {
        "rowCount": 5,
        "columnCount": 9,
        "frozenRowCount": 1,
    }


def test_nothing_new_costs_two_reads_and_no_write(mirror, cloud):
    mirror(ROWS)
    requests.delete(f"{cloud.control}/calls", timeout=10)
    assert mirror(ROWS).counts == Counts()
    count_rows = requests.get(f"{cloud.control}/calls", timeout=10).json()
    assert (count_rows["reads"], count_rows["writes"]) == (2, 0)


def test_a_changed_cell_costs_three_calls_and_few_bytes(mirror, cloud, person):
    first = date(2017, 1, 1)
    many = [(first + timedelta(number), number, Decimal(number), "x" * 20) for number in range(1000)]
    mirror(many)
    changed = [*many[:500], (*many[500][:2], Decimal("7.5"), "x" * 20), *many[501:]]
    requests.delete(f"{cloud.control}/calls", timeout=10)
    assert mirror(changed).calls == 3
    write = requests.get(f"{cloud.control}/calls", timeout=10).json()["calls"][-1]
    assert write["kind"] == "spreadsheets.batchUpdate"
    assert write["bytes"] < 3_000
    assert person.see("'Daily sales'!C502", valueRenderOption="UNFORMATTED_VALUE") == [[7.5]]


def test_what_people_have_beside_us_follows_its_row(mirror, person):
    mirror(ROWS)
    person.type("'Daily sales'!F1", [["Mine"], ["=B2*2"], ["gone"], ["of the third"], ["=B5+1"]])
    done = mirror([(date(2016, 12, 31), 1, None, None), ROWS[3], ROWS[0], ROWS[2]])
    assert (done.counts.inserted.count, done.counts.deleted.count) == (1, 1)
    assert person.see("'Daily sales'!A2:F5", valueRenderOption="FORMULA") == [
        [42735, 1],
        [42739, 1234, 0.005, "@sum\nsecond line", "", "=B3+1"],
        [42736, 3, 12.5, "=HYPERLINK(1)", "", "=B4*2"],
        [42738, "", "", "", "", "of the third"],
    ]


def test_what_people_changed_in_our_columns_is_written_again(mirror, person):
    mirror(ROWS)
    person.type("'Daily sales'!B2", [["=1+2", "'12.50"]])
    done = mirror(ROWS)
    assert (done.counts.updated.count, done.counts.drift.count) == (1, 1)
    assert person.see("'Daily sales'!B2:C2", valueRenderOption="FORMULA") == [["=1+2", 12.5]]


def test_moments_are_shown_in_the_time_zone_of_the_spreadsheet(mirror, person, declared):
    zone = {"properties": {"timeZone": "Europe/Paris"}, "fields": "timeZone"}
    person.batch({"updateSpreadsheetProperties": zone})
    fields = declared | {"columns": {"day": {"header": "At"}}}
    moment = datetime(2017, 7, 1, 10, tzinfo=UTC)
    mirror([(moment,)], export=parse_export("t", "t.yaml", fields), types={"day": "TIMESTAMP"})
    assert person.see("'Daily sales'") == [["At"], ["2017-07-01 12:00:00"]]


def test_many_values_go_by_a_hidden_tab_in_one_swap(mirror, person, cloud):
    first = date(2017, 1, 1)
    large: list[tuple[object, ...]]
    large = [(first + timedelta(number), number, Decimal(1), "x" * 40_000) for number in range(60)]
    large[3] = (date(2017, 1, 4), 3, None, "=1+1")
    mirror(ROWS)
    person.type("'Daily sales'!F3", [["mine"]])
    requests.delete(f"{cloud.control}/calls", timeout=10)
    mirror(large)
    calls = requests.get(f"{cloud.control}/calls", timeout=10).json()["calls"]
    assert [call["kind"] for call in calls] == [
        "spreadsheets.get",
        "values.batchGet",
        "spreadsheets.batchUpdate",
        "values.batchUpdate",
        "values.batchUpdate",
        "spreadsheets.batchUpdate",
    ]
    assert all(call["bytes"] < 2_100_000 for call in calls)
    assert [len(row) for row in person.see("'Daily sales'")] == [4, 4, 6, *[4] * 58]
    assert person.see("'Daily sales'!A5:D5") == [["2017-01-04", "3", "", "=1+1"]]
    assert person.see("'Daily sales'!F3") == [["mine"]]
    assert person.tabs() == ["Sheet1", "Daily sales", "Sync log"]
    assert mirror(large).counts == Counts()
    assert mirror(ROWS).counts.deleted.count == 56  # four days are in both
    assert len(person.see("'Daily sales'")) == 5


def test_rows_that_users_protected_are_refused_and_nothing_is_written(mirror, person, spreadsheet):
    mirror(ROWS)
    tab = next(tab["properties"] for tab in person.sheets() if tab["properties"]["title"] == "Daily sales")
    place = {"sheetId": tab["sheetId"], "startRowIndex": 2, "endRowIndex": 3}
    person.batch({"addProtectedRange": {"protectedRange": {"range": place}}})
    before = person.see("'Daily sales'")
    for rows in (ROWS[2:], [ROWS[0], (ROWS[1][0], 1, None, None), *ROWS[2:]], list(reversed(ROWS))):
        with pytest.raises(Refused, match=f"A user protected cells .* Let {spreadsheet.identity} edit"):
            mirror(rows)
        assert person.see("'Daily sales'") == before


def test_an_error_about_read_only_access_names_the_needed_role(mirror, person, spreadsheet):
    mirror(ROWS)
    files = spreadsheet.client.endpoint.replace("/sheets", f"/drive/v3/files/{person.id}/permissions")
    owner = {"Authorization": "Bearer person"}
    listed = requests.get(f"{files}?fields=*", headers=owner, timeout=10).json()["permissions"]
    permission = next(item["id"] for item in listed if item["role"] == "writer")
    requests.delete(f"{files}/{permission}", headers=owner, timeout=10).raise_for_status()
    share = {"role": "reader", "type": "user", "emailAddress": spreadsheet.identity}
    requests.post(files, json=share, headers=owner, timeout=10).raise_for_status()
    with pytest.raises(NotShared, match="as an editor"):
        mirror(ROWS[:2])


def test_an_error_about_missing_access_names_the_account(mirror, person, cloud, spreadsheet):
    spreadsheet.client.auth.token = "sandbox.stranger@example.com"
    with pytest.raises(NotShared, match=f"Share it with {spreadsheet.identity} as an editor"):
        mirror(ROWS)
    assert len(person.sheets()) == 1


def test_a_spreadsheet_that_is_not_there_is_named(mirror, spreadsheet):
    spreadsheet.id = "gone"
    with pytest.raises(NotFound, match="There is no spreadsheet gone"):
        mirror(ROWS)


@pytest.fixture
def warehouse(cloud):
    """dmt.daily_sales with two days."""
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS "
        "SELECT DATE '2017-01-02' AS day, 5 AS baskets, NUMERIC '12.50' AS revenue, 'b' AS note "
        "UNION ALL SELECT DATE '2017-01-01', 9007199254740993, NUMERIC '123456789012345678.25', "
        "CAST(NULL AS STRING)"
    )
    return Warehouse(cloud.bigquery)


@pytest.fixture
def sheets(spreadsheet, cloud):
    """What sync.run makes of an export's destination."""
    return lambda _: SheetsDestination(spreadsheet, cloud.state.project)


def clock():
    return datetime(2026, 11, 21, tzinfo=UTC)


def logged(cloud, run_id, table="sync_run"):
    order = "state DESC" if table == "sync_row" else "export"
    query = f"SELECT * FROM ops.{table} WHERE run_id = '{run_id}' ORDER BY {order}"
    return [dict(row) for row in cloud.bigquery.query_and_wait(query)]


def test_a_column_that_a_user_protects_for_herself_is_named_with_the_remedy(mirror, person):
    mirror(ROWS)
    [tab] = [tab for tab in person.sheets() if tab["properties"]["title"] == "Daily sales"]
    mine = {"sheetId": tab["properties"]["sheetId"], "startColumnIndex": 5, "endColumnIndex": 6}
    person.batch({"addProtectedRange": {"protectedRange": {"protectedRangeId": 5, "range": mine}}})
    changed = [(*ROWS[0][:3], "other"), *ROWS[1:]]
    assert mirror(changed).counts.updated.count == 1  # no cell of hers is written
    with pytest.raises(Refused, match="inserts or moves rows. Let sheets-sync@.* edit them"):
        mirror(changed[:1])
    person.batch({"deleteProtectedRange": {"protectedRangeId": 5}})
    assert mirror(changed[:1]).counts.deleted.count == len(ROWS) - 1


def test_an_owner_protected_header_does_not_lock_the_job_out(mirror, declared, person):
    export = parse_export("daily_sales", "daily_sales.yaml", declared | {"protect": "owner"})
    mirror(ROWS, export)
    person.type("'Daily sales'!A1", [["Datum"]])
    mirror(ROWS, export)
    assert person.see("'Daily sales'!A1") == [["Day"]]


def test_a_mart_that_needs_more_memory_than_the_job_has_is_an_error(warehouse, cloud, export):
    limited = Warehouse(cloud.bigquery, memory_limit=140_000_500)
    with pytest.raises(WarehouseError, match="2 rows of 4 columns, .* about 140 MB; the job has 140 MB"):
        limited.read_mart(export)
    assert len(Warehouse(cloud.bigquery, memory_limit=150_000_000).read_mart(export).rows) == 2


def test_rows_come_from_bigquery_in_order_and_exact(warehouse, export):
    mart = warehouse.read_mart(export)
    assert mart.rows == [
        (date(2017, 1, 1), 2**53 + 1, Decimal("123456789012345678.25"), None),
        (date(2017, 1, 2), 5, Decimal("12.50"), "b"),
    ]
    assert mart.types["day"] == "DATE"


def test_a_run_syncs_and_is_logged(warehouse, export, sheets, person, cloud):
    [synced] = sync.sync_exports({"daily_sales": lambda: export}, warehouse, sheets, clock, "run_1")
    outcome = synced.outcome
    assert outcome.error is None
    assert person.see("'Daily sales'!A1:B3") == [
        ["Day", "Baskets"],
        ["2017-01-01", "9007199254740993"],
        ["2017-01-02", "5"],
    ]
    assert logged(cloud, "run_1") == [
        {
            "run_id": "run_1",
            "export": "daily_sales",
            "destination": "sheets",
            "place": person.id,
            "title": "Daily sales",
            "link": outcome.link,
            "started_at": clock(),
            "finished_at": clock(),
            "status": "success",
            "rows": 2,
            "inserted": 2,
            "updated": 0,
            "deleted": 0,
            "rejected": 0,
            "drift": 0,
            "calls": 2,
            "error": None,
            "unchanged": None,
            "seen": None,
        }
    ]
    tab = next(tab["properties"] for tab in person.sheets() if tab["properties"]["title"] == "Daily sales")
    assert outcome.link == f"https://docs.google.com/spreadsheets/d/{person.id}/edit#gid={tab['sheetId']}"
    assert logged(cloud, "run_1", "sync_row") == []


def test_rejected_and_drifted_rows_are_logged_one_by_one(warehouse, export, sheets, person, cloud):
    list(sync.sync_exports({"daily_sales": lambda: export}, warehouse, sheets, clock, "run_3"))
    person.type("'Daily sales'!B3", [[6]])
    cloud.bigquery.query_and_wait("INSERT INTO dmt.daily_sales (day, baskets) VALUES (NULL, 1)")
    [synced] = sync.sync_exports({"daily_sales": lambda: export}, warehouse, sheets, clock, "run_4")
    outcome = synced.outcome
    assert (outcome.status, outcome.counts.rejected.count, outcome.counts.drift.count) == ("partial", 1, 1)
    assert [(row["state"], row["key"], row["detail"]) for row in logged(cloud, "run_4", "sync_row")] == [
        ("rejected", "nothing", "null key: day"),
        ("drift", "2017-01-02", "Baskets: 5 → 6 (overwritten)"),
    ]


def test_an_entry_that_is_sent_twice_is_logged_once(warehouse, export, cloud):
    outcome = Outcome("twice", export.name, "sheets", "s", "Daily sales", "", "success", clock(), clock())
    for _ in range(2):
        warehouse.append_log(run_log.RUN_TABLE, outcome.run_id, outcome.export, [run_log.run_row(outcome)])
    assert len(logged(cloud, "twice")) == 1


def test_an_export_that_fails_does_not_affect_the_others(warehouse, export, declared, sheets, cloud):
    other = parse_export("other", "other.yaml", declared | {"table": "nowhere", "tab": "Other"})
    loaders = {"other": lambda: other, "daily_sales": lambda: export}
    outcomes = [synced.outcome for synced in sync.sync_exports(loaders, warehouse, sheets, clock, "run_2")]
    assert "There is no table dmt.nowhere" in str(outcomes[0].error)
    assert outcomes[1].error is None
    assert {row["export"]: row["status"] for row in logged(cloud, "run_2")} == {
        "other": "failed",
        "daily_sales": "success",
    }


def test_a_column_that_the_mart_lacks_is_named_with_those_it_has(warehouse, declared):
    declared["columns"]["profit"] = {"header": "Profit"}
    with pytest.raises(
        WarehouseError,
        match="uses columns that dmt.daily_sales does not have: profit. Available: day, baskets, revenue, note",
    ):
        warehouse.read_mart(parse_export("daily_sales", "x.yaml", declared))
