"""Scheduled queries: what is kept of them, what is refused, and what a run leaves in the warehouse."""

import base64
import json
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery_datatransfer_v1

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State
from sandbox.transfers import config, template
from sandbox.transfers.runner import Runner

PROJECT = "projects/sandbox-local"
NUMBERED = "projects/100000000001"
PARENT = f"{PROJECT}/locations/eu"
CONFIGS = f"bigquerydatatransfer/v1/{PARENT}/transferConfigs"
DATASETS = f"bigquery/v2/{PROJECT}/datasets"
OWNER = "query-runner@sandbox-local.iam.gserviceaccount.com"
AT = "2026-11-20T06:00:00Z"


@pytest.fixture
def call(sandbox):
    def send(method, path, body=None):
        return requests.request(method, f"{sandbox.address}/{path}", json=body, timeout=60)

    return send


@pytest.fixture
def dataset(call, request):
    """A dataset and a topic with a subscription, called as the test is; OWNER may run queries."""
    name = request.node.originalname
    call("POST", DATASETS, {"datasetReference": {"projectId": "sandbox-local", "datasetId": name}})
    call("PUT", f"pubsub/v1/{PROJECT}/topics/{name}", {})
    call("PUT", f"pubsub/v1/{PROJECT}/subscriptions/{name}", {"topic": f"{PROJECT}/topics/{name}"})
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "query-runner", "serviceAccount": {}})
    grant(call, "roles/bigquery.jobUser")
    return name


def grant(call, role):
    policy = {"bindings": [{"role": role, "members": [f"serviceAccount:{OWNER}"]}]}
    assert call("POST", f"cloudresourcemanager/v1/{PROJECT}:setIamPolicy", {"policy": policy}).ok


def scheduled(query, **more):
    return {
        "displayName": "Snapshot",
        "dataSourceId": "scheduled_query",
        "schedule": "every day 06:00",
        "params": {"query": query},
        **more,
    }


def into(dataset, query, table="day_{run_date}", disposition="WRITE_TRUNCATE"):
    parameters = {"destination_table_name_template": table, "write_disposition": disposition}
    topic = f"{PROJECT}/topics/{dataset}"
    return scheduled(
        query,
        params={"query": query, **parameters},
        destinationDatasetId=dataset,
        notificationPubsubTopic=topic,
    )


def create(call, body):
    made = call("POST", f"{CONFIGS}?serviceAccountName={OWNER}", body)
    assert made.ok, made.text
    return made.json()["name"]


def run(call, name, at=AT):
    """A run by hand, followed to its end."""
    (started,) = call(
        "POST", f"bigquerydatatransfer/v1/{name}:startManualRuns", {"requestedRunTime": at}
    ).json()["runs"]
    assert (started["state"], started["runTime"]) == ("PENDING", at)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        followed = call("GET", f"bigquerydatatransfer/v1/{started['name']}").json()
        if followed["state"] in ("SUCCEEDED", "FAILED"):
            return followed
        time.sleep(0.05)
    raise AssertionError(f"run {started['name']} did not end")


def rows(call, dataset, table):
    answer = call("GET", f"{DATASETS}/{dataset}/tables/{table}/data").json()
    return [[cell["v"] for cell in row["f"]] for row in answer.get("rows", [])]


def notices(call, subscription):
    path = f"pubsub/v1/{PROJECT}/subscriptions/{subscription}:pull"
    received = call("POST", path, {"maxMessages": 9}).json().get("receivedMessages", [])
    return [one["message"] for one in received]


def test_a_run_writes_what_its_query_says_for_its_time(call, dataset):
    name = create(call, into(dataset, "SELECT @run_date AS day, @run_time AS at"))
    for _ in range(2):  # truncated: the second leaves one row as well
        assert run(call, name)["state"] == "SUCCEEDED"
    stamp = f"{datetime(2026, 11, 20, 6, tzinfo=UTC).timestamp():.1f}"
    assert rows(call, dataset, "day_20261120") == [["2026-11-20", stamp]]
    assert call("GET", f"bigquerydatatransfer/v1/{name}").json()["state"] == "SUCCEEDED"
    listed = call("GET", f"bigquerydatatransfer/v1/{name}/runs").json()["transferRuns"]
    assert [one["state"] for one in listed] == ["SUCCEEDED", "SUCCEEDED"]


def test_appended_rows_stay_and_statements_need_no_destination(call, dataset):
    name = create(call, into(dataset, "SELECT 1 AS n", "plain", "WRITE_APPEND"))
    runs = [run(call, name) for _ in range(2)]
    insert = create(call, scheduled(f"INSERT INTO {dataset}.plain SELECT EXTRACT(YEAR FROM @run_date)"))
    runs.append(run(call, insert))
    assert [one["state"] for one in runs] == ["SUCCEEDED"] * 3
    assert rows(call, dataset, "plain") == [["1"], ["1"], ["2026"]]


def test_a_run_that_fails_says_why_and_tells_the_topic(call, dataset):
    name = create(call, into(dataset, f"SELECT * FROM {dataset}.absent"))
    failed = run(call, name)
    assert (failed["state"], failed["errorStatus"]["code"]) == ("FAILED", 5)
    assert "absent" in failed["errorStatus"]["message"]
    (notice,) = notices(call, dataset)
    assert notice["attributes"] == {"eventType": "TRANSFER_RUN_FINISHED", "payloadFormat": "JSON_API_V1"}
    assert json.loads(base64.b64decode(notice["data"])) == failed
    messages = call("GET", f"bigquerydatatransfer/v1/{failed['name']}/transferLogs").json()
    assert failed["errorStatus"]["message"] in [one["messageText"] for one in messages["transferMessages"]]


def test_success_is_told_as_well(call, dataset):
    run(call, create(call, into(dataset, "SELECT 1 AS n")))
    (notice,) = notices(call, dataset)
    assert json.loads(base64.b64decode(notice["data"]))["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("query", "role", "reason"),
    [
        ("SELECT 1 AS n", "roles/bigquery.dataViewer", "bigquery.jobs.create"),
        ("CREATE TABLE {0}.made AS SELECT 1 AS n", "roles/bigquery.jobUser", "Cannot set destination table"),
        ("DECLARE n INT64; SELECT 1 AS n", "roles/bigquery.jobUser", "cannot be set for scripts"),
    ],
)
def test_what_only_a_run_finds_out(call, dataset, query, role, reason):
    grant(call, role)
    failed = run(call, create(call, into(dataset, query.format(dataset), "never")))
    assert failed["state"] == "FAILED"
    assert reason in failed["errorStatus"]["message"]
    assert rows(call, dataset, "never") == []


def test_google_s_client_makes_finds_changes_and_deletes_a_config(sandbox, call, dataset):
    client = bigquery_datatransfer_v1.DataTransferServiceClient(
        transport="rest",
        client_options={"api_endpoint": f"{sandbox.address}/bigquerydatatransfer"},
        credentials=AnonymousCredentials(),
    )
    asked = bigquery_datatransfer_v1.CreateTransferConfigRequest(parent=PARENT, service_account_name=OWNER)
    asked.transfer_config = bigquery_datatransfer_v1.TransferConfig.from_json(
        json.dumps(scheduled("SELECT 1"))
    )
    made = client.create_transfer_config(asked)
    assert made.name.startswith(f"{NUMBERED}/locations/eu/transferConfigs/")
    assert made.owner_info.email == OWNER
    made.params["query"] = "SELECT 2"
    changed = client.update_transfer_config(transfer_config=made, update_mask={"paths": ["params"]})
    assert (changed.params["query"], changed.schedule) == ("SELECT 2", "every day 06:00")
    assert made.name in [one.name for one in client.list_transfer_configs(parent=PARENT)]
    client.delete_transfer_config(name=made.name)
    assert call("GET", f"bigquerydatatransfer/v1/{made.name}").status_code == 404


def test_the_identity_changes_only_if_the_mask_names_it(call, dataset):
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "other-runner", "serviceAccount": {}})
    other = OWNER.replace("query", "other")
    name = create(call, scheduled("SELECT 1"))

    def owner(mask):
        path = f"bigquerydatatransfer/v1/{name}?updateMask={mask}&serviceAccountName={other}"
        return call("PATCH", path, scheduled("SELECT 1")).json()["ownerInfo"]["email"]

    assert owner("display_name") == OWNER
    assert owner("display_name,service_account_name") == other


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 200),
        ({"dataSourceId": "amazon_s3"}, 404),
        ({"params": {}}, 400),
        ({"params": {"query": "SELECT 1", "service_account_name": OWNER}}, 400),
        ({"params": {"query": "SELECT 1", "write_disposition": "WRITE_EMPTY"}}, 400),
        ({"params": {"query": "SELECT 1", "destination_table_name_template": "t"}}, 400),  # no dataset
        ({"destinationDatasetId": "ops"}, 400),  # no table
        ({"schedule": "0 6 * * *"}, 400),
        ({"schedule": "every 5 minutes"}, 400),
        ({"notificationPubsubTopic": f"{PROJECT}/topics/absent"}, 404),
        ({"colour": "red"}, 400),
    ],
)
def test_a_wrong_config_is_refused(call, change, code):
    answer = call("POST", CONFIGS, scheduled("SELECT 1") | change)
    assert answer.status_code == code, answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", f"{CONFIGS}?serviceAccountName=nobody@sandbox-local.iam.gserviceaccount.com", None, 400),
        ("POST", "{}:startManualRuns", {}, 400),
        ("POST", "{}:startManualRuns", {"requestedRunTime": "now"}, 400),
        ("POST", "{}:startManualRuns", {"requestedRunTime": "2099-01-01T00:00:00Z"}, 400),
        ("PATCH", "{}", {"displayName": "No mask"}, 400),
        ("PATCH", "{}?updateMask=dataSourceId", {"dataSourceId": "scheduled_query"}, 400),
        ("GET", "{}/runs/absent", None, 404),
    ],
)
def test_wrong_requests_are_refused(call, dataset, method, path, body, code):
    name = f"bigquerydatatransfer/v1/{create(call, scheduled('SELECT 1'))}"
    body = scheduled("SELECT 1") if body is None and method == "POST" else body
    assert call(method, path.format(name), body).status_code == code


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
def test_a_table_is_named_after_the_time_of_the_run(text, name):
    assert template.table(text, datetime.fromisoformat(AT)) == name


@pytest.mark.parametrize("text", ["{run_day}", "a.b", '{run_time|"%H:%M"}'])
def test_a_name_that_bigquery_would_not_take_is_refused(text):
    with pytest.raises(InvalidArgument):
        template.check(text)


@pytest.mark.parametrize(
    "schedule",
    ["", "every 24 hours", "every 15 minutes", "every mon,wed 09:00", "1st,third monday of month 15:30"],
)
def test_schedules_as_app_engine_spells_them(schedule):
    config.check_schedule(schedule)


def test_a_run_that_the_sandbox_did_not_survive_has_failed(tmp_path):
    with closing(Store(tmp_path)) as store:
        service = Service(State(tmp_path, 0), store, "/bigquerydatatransfer/v1")
        name = f"{PARENT}/transferConfigs/cut-off"
        store.put(service.key(name), {"name": name})
        for state in ("RUNNING", "SUCCEEDED"):
            store.put(service.key(f"{name}/runs/{state}"), {"name": f"{name}/runs/{state}", "state": state})
        Runner(service).bury()
        ends = {
            run["name"].rsplit("/", 1)[-1]: run["state"]
            for run in store.children(service.key(f"{name}/runs"))
        }
    assert ends == {"RUNNING": "FAILED", "SUCCEEDED": "SUCCEEDED"}
