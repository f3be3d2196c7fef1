"""Secrets in the environment of a Cloud Run job."""

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from requests import Response

from tests.sandbox.jobs.jobs_client import (
    IDENTITY,
    PROJECT,
    Clients,
    completed,
    create_job,
    failed_execution,
    output,
    run_job,
)

SECRETS = f"secretmanager/v1/{PROJECT}/secrets"


def create_secret(call: Callable[..., Response], name: str, readable: bool = True) -> list[dict[str, Any]]:
    call("POST", f"{SECRETS}?secretId={name}", {"replication": {"automatic": {}}})
    if readable:
        call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "reader", "serviceAccount": {}})
        members = [f"serviceAccount:{IDENTITY}"]
        policy = {"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": members}]}
        assert call("POST", f"{SECRETS}/{name}:setIamPolicy", {"policy": policy}).ok
    return [{"name": "KEY", "value_source": {"secret_key_ref": {"secret": name, "version": "latest"}}}]


def test_a_secret_is_read_when_the_execution_starts(clients: Clients, call: Callable[..., Response]) -> None:
    job = create_job(clients, "keyed", "import os; print(os.environ['KEY'])", create_secret(call, "rotated"))
    for data, text in (("Zmlyc3Q=", "first\n"), ("c2Vjb25k", "second\n")):
        call("POST", f"{SECRETS}/rotated:addVersion", {"payload": {"data": data}})
        assert output(run_job(clients, job).result()) == text


@pytest.mark.parametrize(
    ("name", "readable", "versions", "reason"),
    [
        ("empty", True, 0, "versions/latest was not found"),
        ("locked", False, 1, "Permission denied on secret"),
    ],
)
def test_a_secret_that_cannot_be_read_fails_the_execution(
    clients: Clients, call: Callable[..., Response], name: str, readable: bool, versions: int, reason: str
) -> None:
    job = create_job(clients, f"job-{name}", "print('started')", create_secret(call, name, readable))
    for _ in range(versions):
        call("POST", f"{SECRETS}/{name}:addVersion", {"payload": {"data": "eA=="}})
    execution = failed_execution(clients, run_job(clients, job), GoogleAPICallError)
    assert reason in completed(execution).message
    assert completed(execution).reason.name == "SECRETS_ACCESS_CHECK_FAILED"
    assert "started" not in output(execution)
