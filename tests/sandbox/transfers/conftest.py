"""Fixtures only."""

import pytest
import requests

from tests.sandbox.transfers.transfers_client import DATASETS, PROJECT, grant


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
