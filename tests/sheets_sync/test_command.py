"""python -m sheets_sync, as Cloud Run starts it."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
import requests

from runtime.structured_log import TRACE_FIELD
from tests.sheets_sync.run_command import log_lines, run_command

ROOT = Path(__file__).parents[2]
REST = "7 AS units, NUMERIC '{0}' AS revenue, 0 AS discount_amount"


@pytest.fixture
def start(cloud, person):
    return partial(run_command, cloud, DAILY_SALES_SPREADSHEET=person.id)


def test_the_declared_export_is_synced(start, cloud, person):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 3 AS baskets, "
        "7 AS units, NUMERIC '12.50' AS revenue, NUMERIC '0' AS discount_amount"
    )
    done = start("--export", "daily_sales")
    assert (done.returncode, done.stdout) == (0, "")
    [line] = log_lines(done)
    message = "daily_sales: 1 rows in tab 'Daily sales', 1 inserted, 0 updated, 0 deleted, 2 calls"
    assert (line["severity"], line["message"]) == ("INFO", message)
    assert (line["export"], line["status"], line["inserted"], line["calls"]) == (
        "daily_sales",
        "success",
        1,
        2,
    )
    assert re.fullmatch(f"projects/{cloud.state.project}/traces/[0-9a-f]{{32}}", line[TRACE_FIELD])
    assert person.see("'Daily sales'") == [
        ["Day", "Baskets", "Units", "Revenue", "Discount"],
        ["2017-01-01", "3", "7", "12.50", "0.00"],
    ]


def test_a_dry_run_prints_the_changes_and_writes_nothing(start, cloud, person):
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
        "  drift          1  2017-01-02: Revenue: 2 → 99 (overwritten)",
        "  1 calls would write it, 2 have read. Nothing is changed.",
    ]


def test_the_version_before_is_put_back(start, cloud, person):
    created = "CREATE OR REPLACE TABLE dmt.daily_sales AS "
    table = f"{created} SELECT DATE '2017-01-01' AS day, {{0}} AS baskets, {REST}"
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
    assert "--restore needs exactly one --export" in log_lines(refused)[-1]["message"]


def test_a_failure_is_a_sentence_and_a_code(start, cloud):
    created = "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 1 AS baskets, "
    cloud.bigquery.query_and_wait(created + REST.format(1))
    done = start(DAILY_SALES_SPREADSHEET="nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    failed, last = log_lines(done)
    assert failed["message"].startswith("daily_sales: There is no spreadsheet nowhere.")
    assert (failed["severity"], failed["status"]) == ("ERROR", "failed")
    assert last["message"] == "1 of 2 exports failed: daily_sales"


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["--export", "weekly"], {}, "There is no export 'weekly'. Declared are: daily_sales, last_night."),
        (["--weekly"], {}, "unrecognized arguments: --weekly"),
        ([], {"PROJECT_ID": None}, "missing environment variables: PROJECT_ID."),
    ],
)
def test_wrong_arguments_and_settings_end_with_exit_code_2(start, arguments, settings, message):
    done = start(*arguments, **settings)
    [line] = log_lines(done)
    assert (done.returncode, line["severity"]) == (2, "ERROR")
    assert line["message"].startswith(message)


EXPORT = "table: daily_sales\ntab: Units\nmode: mirror\nkey: [day]\ncolumns: {day: {header: Day}}\n"
# One broken export of every kind: the content of its file, and the beginning of its error.
BROKEN = {
    "a_value": (EXPORT.replace("mirror", "mirro"), "a_value.yaml: mode is 'mirro', expected one of mirror, "),
    "b_syntax": (EXPORT + "notify: [", "b_syntax.yaml is not YAML: "),
    "c_duplicate": (EXPORT + "tab: Other\n", "c_duplicate.yaml is not YAML: tab is declared twice"),
    "d_field": (EXPORT + "colour: red\n", "d_field.yaml: Object contains unknown field `colour`"),
    "e_empty": ("", "e_empty.yaml: the file is"),
    "f_unset": (EXPORT, "missing environment variables: F_UNSET_SPREADSHEET."),
    "g_mart": (EXPORT.replace("daily_sales", "nothing"), "There is no table dmt.nothing"),
    "h_column": (EXPORT.replace("{day:", "{week: {header: W}, day:"), "Export h_column uses columns that"),
    "i_unshared": (EXPORT, "sheets-sync@"),
    "j_unknown": (EXPORT, "There is no spreadsheet nowhere."),
}


@pytest.fixture
def broken(start, cloud, person, tmp_path):
    """A copy of the job with many broken exports beside `daily_sales`."""
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 1 AS baskets, "
        + REST.format(1)
    )
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "sheets_sync", tmp_path / "sheets_sync", ignore=ignored)
    for name, (content, _) in BROKEN.items():
        (tmp_path / f"sheets_sync/exports/{name}.yaml").write_text(content)
    (tmp_path / "sheets_sync/exports/z_trashed.yaml").write_text(EXPORT)
    drive, files = requests.Session(), f"{cloud.state.address}/drive/v3/files"
    drive.headers["Authorization"] = "Bearer person"
    unshared = drive.post(files, json={"name": "Not shared"}, timeout=10).json()["id"]
    assert drive.patch(f"{files}/{person.id}", json={"trashed": True}, timeout=10).json()["trashed"]
    spreadsheets = {
        f"{name.upper()}_SPREADSHEET": person.id for name in [*BROKEN, "z_trashed"] if name != "f_unset"
    }
    environ = spreadsheets | {"I_UNSHARED_SPREADSHEET": unshared, "J_UNKNOWN_SPREADSHEET": "nowhere"}
    return partial(start, folder=tmp_path, **environ)


def test_broken_exports_of_every_kind_stop_only_themselves(broken, cloud, person):
    done = broken()
    assert done.returncode == 1
    *lines, last = log_lines(done)
    failed = {line["export"]: line["message"] for line in lines if line["severity"] == "ERROR"}
    assert failed.keys() == BROKEN.keys()
    for name, (_, error) in BROKEN.items():
        assert failed[name].startswith(f"{name}: {error}"), failed[name]
    synced = {line["export"]: line for line in lines if line["severity"] == "INFO"}
    assert {name: line["status"] for name, line in synced.items()} == {
        "daily_sales": "success",
        "z_trashed": "success",
    }
    assert last["message"] == f"10 of 13 exports failed: {', '.join(BROKEN)}"
    run_id = synced["daily_sales"]["run_id"]
    query = f"SELECT export, status, error FROM ops.sync_run WHERE run_id = '{run_id}'"
    logged = {row["export"]: (row["status"], row["error"]) for row in cloud.bigquery.query_and_wait(query)}
    assert {name for name, (status, _) in logged.items() if status == "failed"} == BROKEN.keys()
    assert all(BROKEN[name][1] in error for name, (_, error) in logged.items() if error)
    assert person.see("'Daily sales'!A2") == [["2017-01-01"]]


def test_a_deleted_tab_is_created_again_and_a_dry_run_reports_all_exports(broken, person):
    broken("--export", "daily_sales")
    [tab] = [
        tab["properties"]["sheetId"] for tab in person.sheets() if tab["properties"]["title"] == "Daily sales"
    ]
    person.batch({"deleteSheet": {"sheetId": tab}})
    done = broken("--dry-run")
    assert done.returncode == 1
    # last_night has no spreadsheet in these settings; a run that follows the schedules leaves it out.
    assert {line["export"] for line in log_lines(done)[:-1]} == BROKEN.keys() | {"last_night"}
    assert [line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith(" ")] == [
        "daily_sales",
        "z_trashed",
    ]
    assert broken("--export", "daily_sales").returncode == 0
    assert person.see("'Daily sales'!A2") == [["2017-01-01"]]
