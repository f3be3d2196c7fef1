"""The record of Terraform's apply: what it keeps, and that it can be replayed.

Whether it is stale is seen where Terraform applies: tests/terraform/test_apply.py.
"""

import json

import pytest
import requests

from demo.recorded_apply.record import normalised
from demo.recorded_apply.replay import replay
from demo.server import running
from sandbox.errors import CannotRecord, ReplayFailed
from sandbox.recorder import FILE

PROVIDER = {"User-Agent": "Terraform/1.11.4 terraform-provider-google/7.45.0"}
ADDRESS = "http://127.0.0.1:1"


def line(method, path, body, **query):
    return json.dumps({"method": method, "path": path, "query": query, "body": body})


def read(lines):
    return [(one["method"], one["path"], one["body"]) for one in map(json.loads, lines)]


def test_grants_on_one_resource_are_one_request_and_come_last():
    first = {"policy": {"etag": "1", "bindings": [{"role": "r", "members": ["b"]}]}}
    second = {"policy": {"etag": "2", "bindings": [{"role": "r", "members": ["b", "a"]}]}}
    lines = [
        line("POST", "/v1/p:setIamPolicy", first),
        line("POST", "/v1/p:setIamPolicy", second, alt="json"),
        line("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
        line("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "b"}], "etag": "x"}),
        line("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "b"}, {"role": "a"}]}),
    ]
    assert read(normalised(lines, ADDRESS)) == [
        ("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
        ("POST", "/v1/p:setIamPolicy", {"policy": {"bindings": [{"role": "r", "members": ["a", "b"]}]}}),
        ("PATCH", "/bigquery/v2/projects/p/datasets/d", {"access": [{"role": "a"}, {"role": "b"}]}),
    ]


def test_services_are_enabled_together():
    path = "/serviceusage/v1/projects/p/services:batchEnable"
    lines = [line("POST", path, {"serviceIds": ["b", "c"]}), line("POST", path, {"serviceIds": ["a", "b"]})]
    assert read(normalised(lines, ADDRESS)) == [("POST", path, {"serviceIds": ["a", "b", "c"]})]


def test_what_contains_something_comes_before_it_whatever_the_order():
    lines = [
        line("POST", "/bigquery/v2/projects/p/datasets/d/tables", {"tableReference": {"tableId": "t"}}),
        line("POST", "/storage/v1/b", {"name": "b"}, project="p"),
        line("POST", "/bigquery/v2/projects/p/datasets", {"datasetReference": {"datasetId": "d"}}),
    ]
    assert normalised(lines, ADDRESS) == normalised(reversed(lines), ADDRESS)
    assert [path.rsplit("/", 1)[-1] for _, path, _ in read(normalised(lines, ADDRESS))] == [
        "b",
        "datasets",
        "tables",
    ]


def test_a_secret_waits_for_the_right_to_tell_its_topics():
    lines = [
        line("POST", "/secretmanager/v1/projects/p/secrets/s:setIamPolicy", {}),
        line("POST", "/secretmanager/v1/projects/p/secrets", {"topics": []}),
        line("POST", "/pubsub/v1/projects/p/topics/t:setIamPolicy", {}),
        line("POST", "/iam/v1/projects/p/serviceAccounts", {}),
        line("PUT", "/pubsub/v1/projects/p/subscriptions/s", {}),
        line("PUT", "/pubsub/v1/projects/p/topics/t", {}),
    ]
    paths = [path.split("/projects/p/")[1] for _, path, _ in read(normalised(lines, ADDRESS))]
    assert paths == [
        "topics/t",
        "serviceAccounts",
        "subscriptions/s",
        "topics/t:setIamPolicy",
        "secrets",
        "secrets/s:setIamPolicy",
    ]


def test_an_order_that_matters_is_kept():
    body = {"template": {"containers": [{"args": ["z", "a"]}]}}
    assert read(normalised([line("POST", "/run/v2/jobs", body)], ADDRESS))[0][2] == body


def test_the_sandbox_own_address_cannot_be_recorded():
    with pytest.raises(CannotRecord, match="127.0.0.1:1"):
        normalised([line("POST", "/x", {"uri": f"{ADDRESS}/run"})], ADDRESS)


def test_only_accepted_changes_of_the_provider_are_kept_and_replay_repeats_them(sandbox, tmp_path):
    with running(tmp_path, "--record") as state:
        buckets = f"{state.address}/storage/v1/b"
        asked = [
            requests.post(
                f"{buckets}?project=sandbox-local&alt=json", json={"name": name}, headers=headers, timeout=10
            )
            for name, headers in [
                ("recorded-bucket", PROVIDER),
                ("recorded-bucket", PROVIDER),
            ]
        ]
        by_hand = f"{state.address}/pubsub/v1/projects/sandbox-local/topics/by-hand"
        assert requests.put(by_hand, json={}, timeout=10).ok
        requests.get(f"{buckets}/recorded-bucket", headers=PROVIDER, timeout=10)
        lines = normalised((tmp_path / FILE).read_text().splitlines(), state.address)
    assert [answer.status_code for answer in asked] == [200, 409]
    assert lines == [line("POST", "/storage/v1/b", {"name": "recorded-bucket"}, project="sandbox-local")]
    record = tmp_path / "record.jsonl"
    record.write_text(lines[0] + "\n")
    assert replay(sandbox, record) == 1
    assert requests.get(f"{sandbox.address}/storage/v1/b/recorded-bucket", timeout=10).ok
    with pytest.raises(ReplayFailed, match="POST /storage/v1/b was refused with 409"):
        replay(sandbox, record)


def test_the_replayed_sandbox_has_what_the_product_needs(provisioned):
    ask = lambda path: requests.get(f"{provisioned.address}{path}", timeout=10).json()  # noqa: E731
    project = f"projects/{provisioned.project}"
    datasets = ask(f"/bigquery/v2/{project}/datasets")["datasets"]
    names = {one["datasetReference"]["datasetId"] for one in datasets}
    assert names >= {"raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"}
    jobs = ask(f"/run/v2/{project}/locations/europe-west1/jobs")["jobs"]
    declared = {"connector", "key-rotation", "pipeline", "sheets-sync"}
    assert {one["name"].rsplit("/", 1)[-1] for one in jobs} == declared
    assert ask("/storage/v1/b/sandbox-local-landing")["versioning"] == {"enabled": True}
    secrets = ask(f"/secretmanager/v1/{project}/secrets")["secrets"]
    assert [one["name"].rsplit("/", 1)[-1] for one in secrets] == ["retail-api-key"]
