"""Requests of Google's Dataform client, with a small project to compile and run."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from google.cloud import dataform_v1 as dataform

ACCOUNT = "dataform-runner@sandbox-local.iam.gserviceaccount.com"
ACTIVE = (dataform.WorkflowInvocation.State.RUNNING, dataform.WorkflowInvocation.State.CANCELING)
SETTINGS = """
dataformCoreVersion: 3.0.62
defaultProject: nowhere
defaultDataset: {dataset}
defaultLocation: EU
defaultAssertionDataset: {dataset}
vars:
  greeting: hello
"""
A = """config {{ type: "table", tags: ["hourly"], assertions: {{ nonNull: ["x"] }} }}
SELECT {x} AS x, '${{dataform.projectConfig.vars.greeting}}' AS greeting"""
B = """config { type: "incremental", uniqueKey: ["x"], tags: ["hourly", "daily"] }
SELECT x FROM ${ref("a")}"""
C = """config { type: "view", tags: ["daily"] }
SELECT nope FROM ${ref("a")}"""
D = """config { type: "view", tags: ["daily"] }
SELECT * FROM ${ref("c")}"""


def commit(
    client: dataform.DataformClient,
    repository: str,
    files: Mapping[str, str],
    head: str = "",
    delete: Iterable[str] = (),
) -> str:
    writes: dict[str, Any] = {
        path: {"write_file": {"contents": text.encode()}} if text is not None else {"delete_file": {}}
        for path, text in (dict(files) | dict.fromkeys(delete)).items()
    }
    request = {
        "name": repository,
        "commit_metadata": {"author": {"name": "a", "email_address": "a@b.example"}, "commit_message": "m"},
        "required_head_commit_sha": head,
        "file_operations": writes,
    }
    return client.commit_repository_changes(request=request).commit_sha


def commit_project(
    client: dataform.DataformClient, repository: str, dataset: str, x: object = 1, **more: Any
) -> str:
    files = {
        "workflow_settings.yaml": SETTINGS.format(dataset=dataset),
        "definitions/a.sqlx": A.format(x=x),
        "definitions/b.sqlx": B,
    }
    return commit(
        client, repository, files | {f"definitions/{name}.sqlx": text for name, text in more.items()}
    )


def compile_commit(
    client: dataform.DataformClient, repository: str, **source: Any
) -> dataform.CompilationResult:
    config = {"default_database": "sandbox-local"}
    fields = source or {"git_commitish": "main", "code_compilation_config": config}
    result = dataform.CompilationResult(fields)
    return client.create_compilation_result(parent=repository, compilation_result=result)


def invoke(
    client: dataform.DataformClient, repository: str, result: dataform.CompilationResult, **config: Any
) -> dataform.WorkflowInvocation:
    config = {"service_account": ACCOUNT} | config
    invocation = client.create_workflow_invocation(
        parent=repository,
        workflow_invocation=dataform.WorkflowInvocation(
            compilation_result=result.name, invocation_config=config
        ),
    )
    return wait_for_end(client, invocation)


def wait_for_end(
    client: dataform.DataformClient, invocation: dataform.WorkflowInvocation
) -> dataform.WorkflowInvocation:
    deadline = time.monotonic() + 60
    while invocation.state in ACTIVE:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        invocation = client.get_workflow_invocation(name=invocation.name)
    return invocation


def outcomes(client: dataform.DataformClient, invocation: dataform.WorkflowInvocation) -> dict[str, str]:
    """{action: its state, and the reason of a failure}"""
    actions = client.query_workflow_invocation_actions(request={"name": invocation.name})
    return {action.target.name: f"{action.state.name} {action.failure_reason}".strip() for action in actions}
