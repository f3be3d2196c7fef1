"""Requests of the Data Transfer API, and what they leave in BigQuery and Pub/Sub."""

import time
from collections.abc import Callable
from typing import Any

from requests import Response

from sandbox.transfers.query import AGENT

PROJECT = "projects/sandbox-local"
NUMBERED = "projects/100000000001"
PARENT = f"{PROJECT}/locations/eu"
CONFIGS = f"bigquerydatatransfer/v1/{PARENT}/transferConfigs"
DATASETS = f"bigquery/v2/{PROJECT}/datasets"
OWNER = "query-runner@sandbox-local.iam.gserviceaccount.com"
AT = "2026-11-20T06:00:00Z"


def grant(call: Callable[..., Response], role: str) -> None:
    """Grants `role` to OWNER, and to the service's agent what it needs for every run; nothing else remains."""
    bindings = [
        {"role": role, "members": [f"serviceAccount:{OWNER}"]},
        {"role": "roles/bigquerydatatransfer.serviceAgent", "members": [f"serviceAccount:{AGENT}"]},
    ]
    policy = {"policy": {"bindings": bindings}}
    assert call("POST", f"cloudresourcemanager/v1/{PROJECT}:setIamPolicy", policy).ok


def scheduled_query(query: str, **more: Any) -> dict[str, Any]:
    return {
        "displayName": "Snapshot",
        "dataSourceId": "scheduled_query",
        "schedule": "every day 06:00",
        "params": {"query": query},
        **more,
    }


def query_into(
    dataset: str, query: str, table: str = "day_{run_date}", disposition: str = "WRITE_TRUNCATE"
) -> dict[str, Any]:
    parameters = {"destination_table_name_template": table, "write_disposition": disposition}
    topic = f"{PROJECT}/topics/{dataset}"
    return scheduled_query(
        query,
        params={"query": query, **parameters},
        destinationDatasetId=dataset,
        notificationPubsubTopic=topic,
    )


def create_config(call: Callable[..., Response], body: Any) -> str:
    response = call("POST", f"{CONFIGS}?serviceAccountName={OWNER}", body)
    assert response.ok, response.text
    return str(response.json()["name"])


def run_transfer(call: Callable[..., Response], name: str, at: str = AT) -> Any:
    """Starts a manual run and waits for its end."""
    (started,) = call(
        "POST", f"bigquerydatatransfer/v1/{name}:startManualRuns", {"requestedRunTime": at}
    ).json()["runs"]
    assert (started["state"], started["runTime"]) == ("PENDING", at)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        current = call("GET", f"bigquerydatatransfer/v1/{started['name']}").json()
        if current["state"] in ("SUCCEEDED", "FAILED"):
            return current
        time.sleep(0.05)
    raise AssertionError(f"run {started['name']} did not end")


def rows(call: Callable[..., Response], dataset: str, table: str) -> list[list[Any]]:
    response = call("GET", f"{DATASETS}/{dataset}/tables/{table}/data").json()
    return [[cell["v"] for cell in row["f"]] for row in response.get("rows", [])]


def pull_messages(call: Callable[..., Response], subscription: str) -> list[Any]:
    path = f"pubsub/v1/{PROJECT}/subscriptions/{subscription}:pull"
    received = call("POST", path, {"maxMessages": 9}).json().get("receivedMessages", [])
    return [entry["message"] for entry in received]
