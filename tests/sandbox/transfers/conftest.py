"""Fixtures only."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests import Response

from sandbox.state import State
from tests.sandbox.transfers.transfers_client import DATASETS, OWNER, PROJECT, grant


@pytest.fixture
def call(sandbox: State) -> Callable[..., Response]:
    def send(method: str, path: str, body: Any = None) -> Response:
        return requests.request(method, f"{sandbox.address}/{path}", json=body, timeout=60)

    return send


@pytest.fixture
def dataset(call: Callable[..., Response], request: pytest.FixtureRequest) -> str:
    """Creates a dataset and a topic with a subscription, all named like the test; OWNER may run queries
    and write to the dataset."""
    name = str(request.node.originalname)
    writer = {"role": "WRITER", "userByEmail": OWNER}
    reference = {"projectId": "sandbox-local", "datasetId": name}
    call("POST", DATASETS, {"datasetReference": reference, "access": [writer]})
    call("PUT", f"pubsub/v1/{PROJECT}/topics/{name}", {})
    call("PUT", f"pubsub/v1/{PROJECT}/subscriptions/{name}", {"topic": f"{PROJECT}/topics/{name}"})
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "query-runner", "serviceAccount": {}})
    grant(call, "roles/bigquery.jobUser")
    return name
