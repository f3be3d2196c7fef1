"""Runs of scheduled queries: result, failure, notification."""

import base64
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from requests import Response

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State
from sandbox.transfers import template
from sandbox.transfers.runner import Runner
from tests.sandbox.transfers.transfers_client import (
    AT,
    PARENT,
    create_config,
    grant,
    pull_messages,
    query_into,
    rows,
    run_transfer,
    scheduled_query,
)


def test_a_run_writes_the_result_for_its_run_time(call: Callable[..., Response], dataset: str) -> None:
    name = create_config(call, query_into(dataset, "SELECT @run_date AS day, @run_time AS moment"))
    for _ in range(2):  # truncated: one row after the second run, too
        assert run_transfer(call, name)["state"] == "SUCCEEDED"
    stamp = f"{datetime(2026, 11, 20, 6, tzinfo=UTC).timestamp():.1f}"
    assert rows(call, dataset, "day_20261120") == [["2026-11-20", stamp]]
    assert call("GET", f"bigquerydatatransfer/v1/{name}").json()["state"] == "SUCCEEDED"
    listed = call("GET", f"bigquerydatatransfer/v1/{name}/runs").json()["transferRuns"]
    assert [listed_run["state"] for listed_run in listed] == ["SUCCEEDED", "SUCCEEDED"]


def test_rows_are_appended_and_dml_needs_no_destination(call: Callable[..., Response], dataset: str) -> None:
    name = create_config(call, query_into(dataset, "SELECT 1 AS n", "plain", "WRITE_APPEND"))
    runs = [run_transfer(call, name) for _ in range(2)]
    insert = create_config(
        call, scheduled_query(f"INSERT INTO {dataset}.plain SELECT EXTRACT(YEAR FROM @run_date)")
    )
    runs.append(run_transfer(call, insert))
    assert [finished["state"] for finished in runs] == ["SUCCEEDED"] * 3
    assert rows(call, dataset, "plain") == [["1"], ["1"], ["2026"]]


def test_a_failed_run_has_a_reason_and_notifies_the_topic(
    call: Callable[..., Response], dataset: str
) -> None:
    name = create_config(call, query_into(dataset, f"SELECT * FROM {dataset}.absent"))
    failed = run_transfer(call, name)
    assert (failed["state"], failed["errorStatus"]["code"]) == ("FAILED", 5)
    assert "absent" in failed["errorStatus"]["message"]
    (message,) = pull_messages(call, dataset)
    assert message["attributes"] == {"eventType": "TRANSFER_RUN_FINISHED", "payloadFormat": "JSON_API_V1"}
    assert json.loads(base64.b64decode(message["data"])) == failed
    messages = call("GET", f"bigquerydatatransfer/v1/{failed['name']}/transferLogs").json()
    assert failed["errorStatus"]["message"] in [line["messageText"] for line in messages["transferMessages"]]


def test_a_successful_run_notifies_the_topic(call: Callable[..., Response], dataset: str) -> None:
    run_transfer(call, create_config(call, query_into(dataset, "SELECT 1 AS n")))
    (message,) = pull_messages(call, dataset)
    assert json.loads(base64.b64decode(message["data"]))["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("query", "role", "reason"),
    [
        ("SELECT 1 AS n", "roles/bigquery.dataViewer", "bigquery.jobs.create"),
        ("CREATE TABLE {0}.made AS SELECT 1 AS n", "roles/bigquery.jobUser", "Cannot set destination table"),
        ("DECLARE n INT64; SELECT 1 AS n", "roles/bigquery.jobUser", "cannot be set for scripts"),
    ],
)
def test_errors_that_only_a_run_detects(
    call: Callable[..., Response], dataset: str, query: str, role: str, reason: str
) -> None:
    grant(call, role)
    failed = run_transfer(call, create_config(call, query_into(dataset, query.format(dataset), "never")))
    assert failed["state"] == "FAILED"
    assert reason in failed["errorStatus"]["message"]
    assert rows(call, dataset, "never") == []


def test_an_interrupted_run_fails_after_a_restart(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        service = Service(State(tmp_path, 0), store, "/bigquerydatatransfer/v1")
        name = f"{PARENT}/transferConfigs/cut-off"
        store.put(service.key(name), {"name": name})
        for state in ("RUNNING", "SUCCEEDED"):
            store.put(service.key(f"{name}/runs/{state}"), {"name": f"{name}/runs/{state}", "state": state})
        Runner(service).fail_interrupted()
        ends = {
            run["name"].rsplit("/", 1)[-1]: run["state"]
            for run in store.children(service.key(f"{name}/runs"))
        }
    assert ends == {"RUNNING": "FAILED", "SUCCEEDED": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain", "plain"),
        ("day_{run_date}", "day_20261120"),
        ('{run_time|"%Y_%m"}', "2026_11"),
        ('{run_time-6h1s|"%Y%m%d_%H"}', "20261119_23"),
        ('day${run_time+18h|"%Y%m%d"}', "day$20261121"),
    ],
)
def test_the_name_of_a_table_contains_the_run_time(text: str, name: str) -> None:
    assert template.table_name(text, datetime.fromisoformat(AT)) == name


@pytest.mark.parametrize("text", ["{run_day}", "a.b", '{run_time|"%H:%M"}'])
def test_an_invalid_table_name_is_rejected(text: str) -> None:
    with pytest.raises(InvalidArgument):
        template.check_template(text)
