"""The recorded apply: which requests it has, their order, and that it can be replayed.

tests/terraform/test_apply.py checks that it is current.
"""

import json

import pytest
import requests

from demo.errors import CannotRecord, ReplayFailed
from demo.recorded_apply.record import normalize
from demo.recorded_apply.replay import replay
from demo.server import running
from sandbox.recorder import FILE

PROVIDER = {"User-Agent": "Terraform/1.11.4 terraform-provider-google/7.45.0"}
ADDRESS = "http://127.0.0.1:1"


def line(method, path, body, **query):
    return json.dumps({"method": method, "path": path, "query": query, "body": body})


def parse(lines):
    return [(request["method"], request["path"], request["body"]) for request in map(json.loads, lines)]


def test_grants_on_a_resource_are_merged_and_come_last():
    first = {"policy": {"etag": "1", "bindings": [{"role": "r", "members": ["b"]}]}}
    second = {"policy": {"etag": "2", "bindings": [{"role": "r", "members": ["b", "a"]}]}}
    lines = [
        line("POST", "/v1/p:setIamPolicy", first),
        line("POST", "/v1/p:setIamPolicy", second, alt="json"),
        line("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
        line("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "b"}], "etag": "x"}),
        line("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "b"}, {"role": "a"}]}),
    ]
    assert parse(normalize(lines, ADDRESS)) == [
        ("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
        ("POST", "/v1/p:setIamPolicy", {"policy": {"bindings": [{"role": "r", "members": ["a", "b"]}]}}),
        ("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "a"}, {"role": "b"}]}),
    ]


def test_requests_to_enable_services_are_merged():
    path = "/serviceusage/v1/projects/p/services:batchEnable"
    lines = [line("POST", path, {"serviceIds": ["b", "c"]}), line("POST", path, {"serviceIds": ["a", "b"]})]
    assert parse(normalize(lines, ADDRESS)) == [("POST", path, {"serviceIds": ["a", "b", "c"]})]


def test_parents_come_before_their_children_in_any_order():
    lines = [
        line("POST", "/bigquery/v2/projects/p/datasets/d/tables", {"tableReference": {"tableId": "t"}}),
        line("POST", "/storage/v1/b", {"name": "b"}, project="p"),
        line("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
    ]
    assert normalize(lines, ADDRESS) == normalize(reversed(lines), ADDRESS)
    assert [path.rsplit("/", 1)[-1] for _, path, _ in parse(normalize(lines, ADDRESS))] == [
        "b",
        "datasets",
        "tables",
    ]


def test_a_secret_comes_after_the_policy_of_its_topics():
    lines = [
        line("POST", "/secretmanager/v1/projects/p/secrets/s:setIamPolicy", {}),
        line("POST", "/secretmanager/v1/projects/p/secrets", {"topics": []}),
        line("POST", "/pubsub/v1/projects/p/topics/t:setIamPolicy", {}),
        line("POST", "/iam/v1/projects/p/serviceAccounts", {}),
        line("PUT", "/pubsub/v1/projects/p/subscriptions/s", {}),
        line("PUT", "/pubsub/v1/projects/p/topics/t", {}),
    ]
    paths = [path.split("/projects/p/")[1] for _, path, _ in parse(normalize(lines, ADDRESS))]
    assert paths == [
        "topics/t",
        "serviceAccounts",
        "subscriptions/s",
        "topics/t:setIamPolicy",
        "secrets",
        "secrets/s:setIamPolicy",
    ]


def test_the_order_of_arguments_is_unchanged():
    body = {"template": {"containers": [{"args": ["z", "a"]}]}}
    assert parse(normalize([line("POST", "/run/v2/jobs", body)], ADDRESS))[0][2] == body


def test_an_address_of_the_sandbox_cannot_be_recorded():
    with pytest.raises(CannotRecord, match="127.0.0.1:1"):
        normalize([line("POST", "/x", {"uri": f"{ADDRESS}/run"})], ADDRESS)


def test_accepted_changes_of_the_provider_are_recorded_and_replayed(sandbox, tmp_path):
    with running(tmp_path, "--record") as state:
        buckets = f"{state.address}/storage/v1/b"
        responses = [
            requests.post(
                f"{buckets}?project=sandbox-local&alt=json", json={"name": name}, headers=headers, timeout=10
            )
            for name, headers in [
                ("recorded-bucket", PROVIDER),
                ("recorded-bucket", PROVIDER),
            ]
        ]
        manual = f"{state.address}/pubsub/v1/projects/sandbox-local/topics/by-hand"
        assert requests.put(manual, json={}, timeout=10).ok
        requests.get(f"{buckets}/recorded-bucket", headers=PROVIDER, timeout=10)
        lines = normalize((tmp_path / FILE).read_text().splitlines(), state.address)
    assert [response.status_code for response in responses] == [200, 409]
    assert lines == [line("POST", "/storage/v1/b", {"name": "recorded-bucket"}, project="sandbox-local")]
    record = tmp_path / "record.jsonl"
    record.write_text(lines[0] + "\n")
    assert replay(sandbox, record) == 1
    assert requests.get(f"{sandbox.address}/storage/v1/b/recorded-bucket", timeout=10).ok
    with pytest.raises(ReplayFailed, match="POST /storage/v1/b was rejected with 409"):
        replay(sandbox, record)


def test_the_replayed_sandbox_has_all_resources(provisioned):
    def get(path):
        return requests.get(f"{provisioned.address}{path}", timeout=10).json()

    project = f"projects/{provisioned.project}"
    datasets = get(f"/bigquery/v2/{project}/datasets")["datasets"]
    names = {dataset["datasetReference"]["datasetId"] for dataset in datasets}
    assert names >= {"raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"}
    jobs = get(f"/run/v2/{project}/locations/europe-west1/jobs")["jobs"]
    declared = {"connector", "key-rotation", "pipeline", "rehearse", "report", "restore", "sheets-sync"}
    assert {job["name"].rsplit("/", 1)[-1] for job in jobs} == declared
    assert get("/storage/v1/b/sandbox-local-landing")["versioning"] == {"enabled": True}
    secrets = get(f"/secretmanager/v1/{project}/secrets")["secrets"]
    assert [secret["name"].rsplit("/", 1)[-1] for secret in secrets] == ["retail-api-key"]
