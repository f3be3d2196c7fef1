"""Workflow invocations; the real CLI runs every action."""

from contextlib import closing
from pathlib import Path

import pytest
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
from tests.sandbox.iam.project import Project, binding, error


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


def test_the_caller_acts_as_the_account_and_the_agent_has_its_token(
    sandbox: State, client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    result = compile_commit(client, repository)
    project = Project(sandbox)
    caller, runner = project.account(f"caller-{dataset.replace('_', '-')}"), project.account("acted-as")
    config = {"serviceAccount": runner, "includedTags": ["yearly"]}
    body = {"compilationResult": result.name, "invocationConfig": config}

    def error_of_invocation() -> str:
        return error(project.send("POST", f"dataform/v1/{repository}/workflowInvocations", body, caller))[1]

    member, agent = f"serviceAccount:{caller}", f"serviceAccount:{project.agent('dataform')}"
    acting = binding("roles/iam.serviceAccountUser", member)
    assert "dataform.workflowInvocations.create" in error_of_invocation()
    assert project.grant(f"dataform/v1/{repository}", binding("roles/dataform.editor", member)).ok
    assert "iam.serviceAccounts.actAs" in error_of_invocation()
    account = f"iam/v1/{project.name}/serviceAccounts/{runner}"
    assert project.grant(account, acting).ok
    assert "iam.serviceAccounts.getAccessToken" in error_of_invocation()
    assert project.grant(account, acting, binding("roles/iam.serviceAccountTokenCreator", agent)).ok
    assert "selects no action" in error_of_invocation()


def test_sql_runs_with_the_rights_of_the_account(
    sandbox: State, client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    """The runner may start queries, but not write to the dataset of the models."""
    commit_project(client, repository, dataset)
    result = compile_commit(client, repository)
    project = Project(sandbox)
    runner = project.account("runs-sql")
    project.grant_on_project(binding("roles/bigquery.jobUser", f"serviceAccount:{runner}"))
    agent = binding("roles/iam.serviceAccountTokenCreator", f"serviceAccount:{project.agent('dataform')}")
    assert project.grant(f"iam/v1/{project.name}/serviceAccounts/{runner}", agent).ok
    project.create_dataset(dataset)
    invocation = invoke(client, repository, result, service_account=runner)
    actions = client.query_workflow_invocation_actions(
        request=dataform.QueryWorkflowInvocationActionsRequest(name=invocation.name)
    )
    reasons = [action.failure_reason for action in actions if action.failure_reason]
    assert any("Access Denied" in reason for reason in reasons), reasons
    project.grant_on_project()


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
