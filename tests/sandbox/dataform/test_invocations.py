"""Workflow invocations; the real CLI runs every action."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.cloud import dataform_v1 as dataform

from demo.cloud import Cloud
from sandbox.dataform.execution import fail_interrupted
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State
from tests.sandbox.dataform.dataform_client import (
    ACCOUNT,
    C,
    D,
    commit_project,
    compile_commit,
    invoke,
    outcomes,
    wait_for_end,
)


def test_an_invocation_runs_the_actions_that_its_tag_selects(
    sandbox: State, client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset, c=C, x=7)
    invocation = invoke(client, repository, compile_commit(client, repository), included_tags=["hourly"])
    check = f"{dataset}_a_assertions_rowConditions"
    assert outcomes(client, invocation) == dict.fromkeys(["a", "b", check], "SUCCEEDED")  # no c
    assert invocation.state == dataform.WorkflowInvocation.State.SUCCEEDED
    warehouse = Cloud(sandbox).bigquery
    rows = warehouse.query_and_wait(f"SELECT x, greeting FROM {dataset}.a JOIN {dataset}.b USING (x)")
    assert [tuple(row) for row in rows] == [(7, "hello")]


def test_a_failed_action_has_a_reason_and_skips_its_dependents(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset, c=C, d=D)
    selection = {"included_tags": ["daily"], "transitive_dependencies_included": True}
    invocation = invoke(client, repository, compile_commit(client, repository), **selection)
    assert invocation.state == dataform.WorkflowInvocation.State.FAILED
    assert outcomes(client, invocation) == {
        "a": "SUCCEEDED",
        "b": "SUCCEEDED",
        "c": "FAILED bigquery error: Unrecognized name: nope",
        "d": "SKIPPED",
    }


def test_a_failed_assertion_is_a_failed_action(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset, x="NULL")
    invocation = invoke(client, repository, compile_commit(client, repository), included_tags=["hourly"])
    check = f"{dataset}_a_assertions_rowConditions"
    assert outcomes(client, invocation)[check].startswith("FAILED bigquery error: Assertion failed")


def test_a_cancelled_invocation_ends(client: dataform.DataformClient, repository: str, dataset: str) -> None:
    commit_project(client, repository, dataset)
    result = compile_commit(client, repository)
    config = {"service_account": ACCOUNT}
    invocation = client.create_workflow_invocation(
        parent=repository,
        workflow_invocation=dataform.WorkflowInvocation(
            compilation_result=result.name, invocation_config=config
        ),
    )
    with pytest.raises(exceptions.BadRequest, match="running"):
        client.delete_workflow_invocation(name=invocation.name)
    client.cancel_workflow_invocation(request={"name": invocation.name})
    invocation = wait_for_end(client, invocation)
    assert invocation.state == dataform.WorkflowInvocation.State.CANCELLED
    assert set(outcomes(client, invocation).values()) == {"CANCELLED"}
    with pytest.raises(exceptions.BadRequest, match="ended"):
        client.cancel_workflow_invocation(request={"name": invocation.name})
    client.delete_workflow_invocation(name=invocation.name)


def test_an_invocation_needs_a_service_account(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    with pytest.raises(exceptions.BadRequest, match="serviceAccount"):
        invoke(client, repository, compile_commit(client, repository), service_account="")


def test_the_caller_needs_permission_to_act_as_the_account(
    sandbox: State, client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    result = compile_commit(client, repository)
    caller = f"caller-{dataset.replace('_', '-')}"
    accounts = f"{sandbox.address}/iam/v1/projects/{sandbox.project}/serviceAccounts"
    for name in (caller, "runner"):
        requests.post(accounts, json={"accountId": name, "serviceAccount": {}}, timeout=10)
    token = requests.get(
        f"{sandbox.address}/metadata/{sandbox.identity(caller)}/computeMetadata/v1"
        "/instance/service-accounts/default/token",
        headers={"Metadata-Flavor": "Google"},
        timeout=10,
    ).json()["access_token"]

    def error_of_invocation() -> Any:
        config = {"serviceAccount": sandbox.identity("runner"), "includedTags": ["yearly"]}
        return requests.post(
            f"{sandbox.address}/dataform/v1/{repository}/workflowInvocations",
            json={"compilationResult": result.name, "invocationConfig": config},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).json()["error"]

    assert "iam.serviceAccounts.actAs" in error_of_invocation()["message"]
    user = {"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{sandbox.identity(caller)}"]}
    policy = {"policy": {"bindings": [user]}}
    requests.post(f"{accounts}/{sandbox.identity('runner')}:setIamPolicy", json=policy, timeout=10)
    assert "selects no action" in error_of_invocation()["message"]


def test_an_interrupted_invocation_fails_after_a_restart(tmp_path: Path) -> None:
    name = "projects/p/locations/l/repositories/r/workflowInvocations/i"
    target = {"schema": "ods", "name": "a"}
    with closing(Store(tmp_path)) as store:
        service = Service(State(tmp_path, port=0), store, "/dataform/v1")
        key = service.key(name)
        store.put(key, {"name": name, "state": "RUNNING", "invocationTiming": {}})
        store.put(f"{key}/actions/ods.a", {"target": target})
        store.put(f"{key}/actions/ods.b", {"target": target | {"name": "b"}, "state": "SUCCEEDED"})
        fail_interrupted(service)
        assert service.find(name)["state"] == "FAILED"
        a, b = store.children(f"{key}/actions")
    assert (a["state"], a["failureReason"]) == ("FAILED", "The sandbox was stopped while this ran.")
    assert b["state"] == "SUCCEEDED"
