"""What is a consequence of what: a cause explains only what it is connected with, at the time that it can have changed.

Rows of a month of quiet nights are loaded once; a test loads the tables that it changes.
"""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.report.nights import (
    History,
    duplicate_replay,
    fail_run,
    half_a_load,
    late_list,
    orphan_burst,
    price_change,
    quiet,
    shift,
    source_down,
)
from tests.report.warehouse import create_ops

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def base():
    return quiet(datetime.now(UTC))


@pytest.fixture(scope="module")
def findings(sandbox, base):
    """A function: the rows of ops.last_night of a history. It loads only tables that changed since the call before."""
    ops = create_ops(sandbox.address)
    loaded: dict[str, str] = {}

    def read(history):
        texts = {table: json.dumps(rows) for table, rows in history.rows.items()}
        for table in loaded.keys() - texts.keys():
            texts[table], history.rows[table] = "[]", []
        ops.load({name: history.rows[name] for name, text in texts.items() if loaded.get(name) != text})
        loaded.update(texts)
        return ops.findings()

    return read


@pytest.fixture
def history(base):
    return History(base.now, copy.deepcopy(base.rows))


@pytest.fixture
def verdict(findings):
    """Findings of a history that are not consequences, as (kind, subject, state)."""
    return lambda history: [
        (row["kind"], row["subject"], row["state"])
        for row in findings(history)
        if row["explained_by"] is None
    ]


def fail_check(history, run, **changed):
    row = {
        "run_id": run["run_id"], "action": "assertions.sales_keys", "kind": "check", "state": "failed",
        "seconds": 1.0, "bad_rows": 3, "reason": "query returned 3 row(s).", "logged_at": run["finished_at"],
    }  # fmt: skip
    history.rows["action_log"].append(row | changed)


def age_of(history, row):
    return (history.now - datetime.fromisoformat(row["started_at"])) / timedelta(hours=1)


def move_products(history, age_in_day):
    """The list comes at this age of each day of 24 hours; a function of the day's number."""
    for row in history.rows["run_log"]:
        if row["endpoint"] == "products":
            day = int(age_of(history, row) // 24)
            row |= shift(row, age_of(history, row) - 24 * day - age_in_day(day))


def copy_products_for_nine_weeks(history):
    oldest = next(row for row in history.rows["run_log"] if row["endpoint"] == "products")
    earlier = [shift(oldest | {"run_id": f"{day}"}, -24 * day) for day in range(1, 33)]
    history.rows["run_log"][:0] = earlier


def drop(history, is_lost):
    """The loads of products with such an age, in days, never happened."""
    history.rows["run_log"] = [
        row
        for row in history.rows["run_log"]
        if row["endpoint"] != "products" or not is_lost(age_of(history, row) / 24)
    ]


def test_a_failed_check_explains_the_step_that_ran_it_and_no_other(history, verdict):
    runs = history.last_night("pipeline_log")
    fail_check(history, runs[5])
    fail_run(history, runs[5]["run_id"], "dataform", "assertions.sales_keys failed")
    check = ("check", "assertions.sales_keys", "new")
    assert verdict(history) == [check]
    fail_run(history, runs[9]["run_id"], "connector:retail/sales", "the image does not exist")
    fail_run(history, runs[12]["run_id"], "dataform", "quota exceeded")
    copying, transforming = ("step", "connector:retail/sales", "new"), ("step", "dataform", "new")
    assert verdict(history) == [check, copying, transforming]


def test_a_check_that_could_not_run_is_not_one_that_rows_violate(history, findings):
    fail_check(
        history, history.last_night("pipeline_log")[5], bad_rows=None, reason="Unrecognized name: colour"
    )
    [row] = findings(history)
    assert (row["kind"], row["what"], row["now"]) == (
        "check",
        "could not run: Unrecognized name: colour",
        None,
    )


def test_sheets_that_dataform_blocked_are_its_consequence(history, verdict):
    runs = history.last_night("pipeline_log")[8:12]
    for run in runs:
        fail_check(history, run)
        fail_run(history, run["run_id"], "dataform", "assertions.sales_keys failed")
    began, ended = runs[0]["started_at"], runs[-1]["finished_at"]
    history.rows["sync_run"] = [
        row for row in history.rows["sync_run"] if not began <= row["started_at"] <= ended
    ]
    assert verdict(history) == [("check", "assertions.sales_keys", "new")]


def test_a_price_change_does_not_explain_a_slow_copy(history, verdict):
    price_change(history)
    history.last_night("step_log", step="connector:retail/sales")[9]["seconds"] = 900.0
    assert verdict(history) == [
        ("duration", "hourly connector:retail/sales", "new"),
        ("rewritten days", "ods.sales_orphans", "new"),
    ]


def test_a_late_list_explains_orphans_of_its_days_only(history, verdict):
    late_list(history)
    assert verdict(history) == [("gap", "retail/products", "new")]
    orphan_burst(history)
    assert verdict(history) == [("gap", "retail/products", "new"), ("orphans", "ods.sales_orphans", "new")]


def test_an_outage_does_not_explain_that_all_other_loads_are_half(history, verdict):
    half_a_load(history)
    source_down(history)
    assert verdict(history) == [
        ("night volume", "retail/sales", "new"),
        ("source", "retail/sales", "new"),
    ]


def test_too_few_rows_are_not_explained_by_a_file_that_came_twice(history, verdict):
    half_a_load(history)
    duplicate_replay(history)
    assert ("duplicate", "retail/sales", "new") in verdict(history)
    assert ("night volume", "retail/sales", "new") in verdict(history)


def test_a_mail_server_that_is_down_is_not_explained_by_a_failed_sync(history, verdict):
    row = history.last_night("sync_run")[8]
    row |= {"status": "failed", "error": "403"}
    fail_run(history, row["run_id"], "sheets_sync", "403")
    history.add(
        "notice_log", run_id=row["run_id"], export="daily_sales", event="failure", state="failed", delivery="d",
        channel="mail", target="a@example.com", notice=None, error="refused", logged_at=row["finished_at"],
    )  # fmt: skip
    assert verdict(history) == [
        ("notice", "sheet daily_sales", "new"),
        ("sync", "sheet daily_sales", "new"),
    ]


@pytest.mark.parametrize(("days", "state"), [(1, "new"), (2, "known"), (4, "known"), (20, "known")])
def test_a_list_that_never_comes_is_new_once(history, verdict, days, state):
    drop(history, lambda age: age < days)
    assert verdict(history) == [("gap", "retail/products", state)]


@pytest.mark.parametrize(("days", "state"), [(26, "known"), (40, "known"), (58, None)])
def test_a_gap_of_weeks_does_not_end_by_itself(history, verdict, days, state):
    """After eight weeks, when nothing shows any more what is usual, the finding ends, but it never recovered."""
    copy_products_for_nine_weeks(history)
    drop(history, lambda age: age < days)
    assert verdict(history) == ([("gap", "retail/products", state)] if state else [])


def test_a_gap_of_weeks_recovers_when_the_list_comes(history, verdict):
    copy_products_for_nine_weeks(history)
    drop(history, lambda age: 1 <= age < 40)
    assert verdict(history) == [("gap", "retail/products", "known")]
    drop(history, lambda age: 2 <= age < 40)
    newest = [row for row in history.rows["run_log"] if row["endpoint"] == "products"][-1]
    history.rows["run_log"].append(shift(newest | {"run_id": "before"}, -24))
    assert verdict(history) == [("gap", "retail/products", "recovered")]


def test_an_open_gap_is_not_explained_by_a_failure_that_is_over(history, verdict):
    """Yesterday's load failed, and since then nothing was even tried."""
    drop(history, lambda age: age < 1)
    failed = [row for row in history.rows["run_log"] if row["endpoint"] == "products"][-1]
    failed |= {"status": "failed", "error": "503"}
    assert verdict(history) == [
        ("gap", "retail/products", "new"),
        ("source", "retail/products", "recovered"),
    ]


@pytest.mark.parametrize(
    "age",
    [
        lambda day: 0.5 if day == 0 else -0.5,  # 23 hours apart, both in the last 24 hours
        lambda day: 0.2 if day == 0 else 1.2,  # 25 hours apart
    ],
    ids=["spring", "autumn"],
)
def test_a_change_of_the_clock_is_not_reported(history, verdict, age):
    move_products(history, age)
    assert verdict(history) == []


def test_a_list_that_is_copied_again_came_once(history, verdict):
    newest = [row for row in history.rows["run_log"] if row["endpoint"] == "products"][-1]
    history.rows["run_log"].append(shift(newest | {"run_id": "again"}, 0.3))
    assert verdict(history) == []


def test_what_is_usual_on_a_weekday_is_not_reported(history, verdict):
    """No row on each seventh day; then no load at all on it; then a Sunday without rows that is not usual."""
    for row in history.rows["run_log"]:
        if row["endpoint"] == "products" and int(age_of(history, row) // 24) % 7 == 0:
            row["rows_loaded"] = 0
    assert verdict(history) == []
    drop(history, lambda age: int(age) % 7 == 0)
    assert verdict(history) == []


def test_an_empty_list_on_another_weekday_is_a_finding(history, verdict):
    for row in history.rows["run_log"]:
        if row["endpoint"] == "products" and int(age_of(history, row) // 24) in (0, 10, 17, 24):
            row["rows_loaded"] = 0
    assert verdict(history)[0] == ("night volume", "retail/products", "new")


def test_runs_that_begin_around_the_full_hour_are_one_an_hour(history, verdict):
    for number, row in enumerate(history.rows["run_log"]):
        if row["endpoint"] == "sales":
            start = datetime.fromisoformat(row["started_at"])
            hour = start.replace(minute=0, second=0) + timedelta(
                hours=1, seconds=(-40, -3, 2, 30)[number * 7 % 4]
            )
            row |= shift(row, (hour - start) / timedelta(hours=1))
            row["rows_loaded"] *= 20
    assert verdict(history) == []


def test_a_pipeline_that_paused_is_one_finding(history, verdict):
    """Six hours without a run; the first load after them brings what is missing."""
    runs = history.last_night("pipeline_log")
    began, ended = runs[-9]["started_at"], runs[-3]["started_at"]
    for table, rows in history.rows.items():
        moment = "started_at" if table in ("run_log", "step_log", "pipeline_log", "sync_run") else "logged_at"
        if rows and moment in rows[0]:
            history.rows[table] = [row for row in rows if not began <= row[moment] < ended]
    history.last_night("run_log", endpoint="sales")[-3]["rows_loaded"] += 150
    assert verdict(history) == [("pause", "pipeline", "new")]
