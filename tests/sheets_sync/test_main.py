"""python -m sheets_sync, as Cloud Run starts it."""

from functools import partial

import pytest
import requests

from tests.sheets_sync.job import started

REST = "7 AS units, NUMERIC '{0}' AS revenue, 0 AS discount_amount"


@pytest.fixture
def start(cloud, person):
    return partial(started, cloud, DAILY_SALES_SPREADSHEET=person.id)


def test_the_declared_export_is_synced(start, cloud, person):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 3 AS baskets, "
        "7 AS units, NUMERIC '12.50' AS revenue, NUMERIC '0' AS discount_amount"
    )
    done = start("--export", "daily_sales")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout == "daily_sales: 1 rows in tab 'Daily sales', 1 inserted, 0 updated, 0 deleted, 2 calls\n"
    )
    assert person.see("'Daily sales'") == [
        ["Day", "Baskets", "Units", "Revenue", "Discount"],
        ["2017-01-01", "3", "7", "12.50", "0.00"],
    ]


def test_a_dry_run_says_what_would_change_and_changes_nothing(start, cloud, person):
    days = f"SELECT DATE '2017-01-0{{0}}' AS day, {{0}} AS baskets, {REST}"
    table = "CREATE OR REPLACE TABLE dmt.daily_sales AS "
    cloud.bigquery.query_and_wait(table + " UNION ALL ".join(days.format(day) for day in (1, 2, 3, 4)))
    assert start("--export", "daily_sales").returncode == 0
    later = [days.format(day) for day in (1, 2, 4, 5)] + [days.format(1)]
    cloud.bigquery.query_and_wait(table + " UNION ALL ".join([*later, "SELECT NULL, 1, 1, 1, 1"]))
    cloud.bigquery.query_and_wait("UPDATE dmt.daily_sales SET units = 8 WHERE day = '2017-01-02'")
    person.type("'Daily sales'!D3", [[99]])
    before = person.client.fetch_sheet_metadata(person.id), person.see("'Daily sales'")
    requests.delete(f"{cloud.control}/calls", timeout=10)
    done = start("--export", "daily_sales", "--dry-run")
    calls = requests.get(f"{cloud.control}/calls", timeout=10).json()
    assert (calls["reads"], calls["writes"]) == (2, 0)
    assert (person.client.fetch_sheet_metadata(person.id), person.see("'Daily sales'")) == before
    assert (done.returncode, done.stderr) == (0, "")
    link = f"https://docs.google.com/spreadsheets/d/{person.id}/edit#gid="
    first, *rest = done.stdout.splitlines()
    assert first.startswith(f"daily_sales: 6 rows of dmt.daily_sales to 'Daily sales', {link}")
    assert rest == [
        "  inserted       1  2017-01-05",
        "  updated        1  2017-01-02: Units: 7 → 8, Revenue: 99 → 2",
        "  deleted        1  2017-01-03",
        "  rejected       3  nothing: null key: day",
        "                    2017-01-01: duplicate key: 2 rows have it",
        "                    2017-01-01: duplicate key: 2 rows have it",
        "  drift          1  2017-01-02: Revenue: 2 → 99 (written over)",
        "  1 calls would write it, 2 have read. Nothing is changed.",
    ]


def test_the_version_before_is_put_back(start, cloud, person):
    made = "CREATE OR REPLACE TABLE dmt.daily_sales AS "
    table = f"{made} SELECT DATE '2017-01-01' AS day, {{0}} AS baskets, {REST}"
    for baskets in (3, 4):
        cloud.bigquery.query_and_wait(table.format(baskets))
        assert start("--export", "daily_sales").returncode == 0
    assert start("--export", "daily_sales", "--restore").returncode == 0
    assert person.see("'Daily sales'!B2") == [["3"]]
    cloud.bigquery.query_and_wait("DROP TABLE dmt.daily_sales")  # a broken mart is why one restores
    assert start("--export", "daily_sales", "--restore").returncode == 0
    assert person.see("'Daily sales'!A2:B2") == [["2017-01-01", "4"]]
    refused = start("--restore")
    assert refused.returncode == 2
    assert "--restore needs the one --export to put back" in refused.stderr


def test_a_failure_is_a_sentence_and_a_code(start, cloud):
    made = "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 1 AS baskets, "
    cloud.bigquery.query_and_wait(made + REST.format(1))
    done = start(DAILY_SALES_SPREADSHEET="nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("daily_sales: There is no spreadsheet nowhere.")
    assert done.stderr.endswith("sheets_sync: 1 of 1 exports failed: daily_sales\n")
    assert "Traceback" not in done.stderr


def test_missing_settings_are_named_at_once(start):
    done = start(LOCATION=None, DAILY_SALES_SPREADSHEET=None)
    assert done.returncode == 1
    assert done.stderr.startswith("sheets_sync: Missing LOCATION, DAILY_SALES_SPREADSHEET.")


def test_an_unknown_export_is_refused(start):
    done = start("--export", "weekly")
    assert done.returncode == 1
    assert done.stderr == "sheets_sync: There is no export 'weekly'. Declared are: daily_sales.\n"
