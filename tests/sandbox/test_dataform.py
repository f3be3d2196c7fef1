"""Dataform on this machine, spoken to by Google's own client; every compilation and run is the real CLI's."""

import time
import uuid
from contextlib import closing

import pytest
import requests
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1 as dataform

from sandbox.dataform.execution import bury
from demo.cloud import Cloud
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State

ACCOUNT = "dataform-runner@sandbox-local.iam.gserviceaccount.com"
GOING = (dataform.WorkflowInvocation.State.RUNNING, dataform.WorkflowInvocation.State.CANCELING)
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


@pytest.fixture(scope="module")
def client(sandbox):
    return dataform.DataformClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=f"{sandbox.address}/dataform"),
    )


@pytest.fixture
def location(sandbox):
    return f"projects/{sandbox.project}/locations/europe-west1"


@pytest.fixture
def repository(client, location):
    made = client.create_repository(
        parent=location,
        repository=dataform.Repository(display_name="warehouse"),
        repository_id=f"r-{uuid.uuid4().hex[:8]}",
    )
    return made.name


@pytest.fixture
def dataset():
    return f"d_{uuid.uuid4().hex[:8]}"


def commit(client, repository, files, head="", delete=()):
    writes = {
        path: {"write_file": {"contents": text.encode()}} if text is not None else {"delete_file": {}}
        for path, text in (files | dict.fromkeys(delete)).items()
    }
    request = {
        "name": repository,
        "commit_metadata": {"author": {"name": "a", "email_address": "a@b.example"}, "commit_message": "m"},
        "required_head_commit_sha": head,
        "file_operations": writes,
    }
    return client.commit_repository_changes(request=request).commit_sha


def committed(client, repository, dataset, x=1, **more):
    files = {
        "workflow_settings.yaml": SETTINGS.format(dataset=dataset),
        "definitions/a.sqlx": A.format(x=x),
        "definitions/b.sqlx": B,
    }
    return commit(
        client, repository, files | {f"definitions/{name}.sqlx": text for name, text in more.items()}
    )


def compiled(client, repository, **source):
    config = {"default_database": "sandbox-local"}
    result = source or {"git_commitish": "main", "code_compilation_config": config}
    return client.create_compilation_result(parent=repository, compilation_result=result)


def invoke(client, repository, result, **config):
    config = {"service_account": ACCOUNT} | config
    invocation = client.create_workflow_invocation(
        parent=repository,
        workflow_invocation={"compilation_result": result.name, "invocation_config": config},
    )
    return ended(client, invocation)


def ended(client, invocation):
    deadline = time.monotonic() + 60
    while invocation.state in GOING:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        invocation = client.get_workflow_invocation(name=invocation.name)
    return invocation


def outcomes(client, invocation):
    """{action: its state's name, and the reason when it failed}"""
    found = client.query_workflow_invocation_actions(request={"name": invocation.name})
    return {one.target.name: f"{one.state.name} {one.failure_reason}".strip() for one in found}


def test_a_commit_is_found_again(client, repository):
    first = commit(client, repository, {"a.txt": "1", "folder/b.txt": "2"})
    second = commit(client, repository, {"a.txt": "3"}, head=first, delete=["folder/b.txt"])
    entries = client.query_repository_directory_contents(request={"name": repository, "commit_sha": first})
    assert [(entry.file, entry.directory) for entry in entries] == [("", "folder"), ("a.txt", "")]
    now = client.query_repository_directory_contents(request={"name": repository})
    assert [entry.file for entry in now] == ["a.txt"]  # folder/b.txt is gone, and the folder with it
    read = client.read_repository_file(request={"name": repository, "path": "a.txt"})
    assert read.contents == b"3"
    history = client.fetch_repository_history(request={"name": repository})
    assert [entry.commit_sha for entry in history] == [second, first]


def test_a_commit_on_another_head_is_refused(client, repository):
    first = commit(client, repository, {"a.txt": "1"})
    second = commit(client, repository, {"a.txt": "2"}, head=first)
    with pytest.raises(exceptions.Conflict, match=second):
        commit(client, repository, {"a.txt": "3"}, head=first)
    assert client.read_repository_file(request={"name": repository, "path": "a.txt"}).contents == b"2"


def test_a_repository_with_a_remote_takes_no_commits(client, location):
    remote = {"url": "https://git.example/x.git", "default_branch": "main"}
    made = client.create_repository(
        parent=location, repository={"git_remote_settings": remote}, repository_id="remote"
    )
    with pytest.raises(exceptions.BadRequest, match="remote"):
        commit(client, made.name, {"a.txt": "1"})


@pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a/./b"])
def test_a_path_outside_the_repository_is_refused(client, repository, path):
    with pytest.raises(exceptions.BadRequest):
        commit(client, repository, {path: "1"})


def test_a_compilation_error_is_in_the_result(client, repository, dataset):
    committed(client, repository, dataset, c='config { type: "tabel" }\nSELECT 1', d=D)
    result = compiled(client, repository)
    errors = {error.path: error.message for error in result.compilation_errors}
    assert errors["definitions/c.sqlx"] == "Unrecognized action type: tabel"
    assert client.get_compilation_result(name=result.name) == result
    with pytest.raises(exceptions.BadRequest, match="compilation errors"):
        invoke(client, repository, result)


def test_another_core_version_does_not_compile(client, repository):
    commit(client, repository, {"workflow_settings.yaml": "dataformCoreVersion: 3.0.0\ndefaultProject: p\n"})
    errors = compiled(client, repository).compilation_errors
    assert ["3.0.0" in error.message for error in errors] == [True]


def test_the_compilation_config_overrides_the_settings(client, repository, dataset):
    committed(client, repository, dataset)
    config = {"default_database": "p", "schema_suffix": "ci", "vars": {"greeting": "a, b=c"}}
    result = compiled(client, repository, git_commitish="main", code_compilation_config=config)
    found = list(client.query_compilation_result_actions(request={"name": result.name}))
    a, b, check = found
    assert (a.target.database, a.target.schema, a.target.name) == ("p", f"{dataset}_ci", "a")
    assert "'a, b=c' AS greeting" in a.relation.select_query
    assert list(b.relation.dependency_targets) == [a.target]
    assert b.relation.incremental_table_config.unique_key_parts == ["x"]
    assert check.assertion.parent_action == a.target


def test_a_release_lives_only_by_its_own_result(client, repository, dataset):
    committed(client, repository, dataset)
    config = {"git_commitish": "main", "code_compilation_config": {"default_database": "sandbox-local"}}
    live = client.create_release_config(parent=repository, release_config=config, release_config_id="live")
    stray = compiled(client, repository)
    wanted = {"name": live.name, "release_compilation_result": stray.name}
    mask = {"paths": ["release_compilation_result"]}
    with pytest.raises(exceptions.BadRequest, match="live"):
        client.update_release_config(release_config=wanted, update_mask=mask)
    own = compiled(client, repository, release_config=live.name)
    wanted["release_compilation_result"] = own.name
    updated = client.update_release_config(release_config=wanted, update_mask=mask)
    assert updated.release_compilation_result == own.name
    assert updated.git_commitish == "main"  # not in the mask, so not touched
    assert client.get_release_config(name=live.name) == updated
    assert own.code_compilation_config.default_database == "sandbox-local"


def test_an_invocation_runs_what_its_tag_selects(sandbox, client, repository, dataset):
    committed(client, repository, dataset, c=C, x=7)
    invocation = invoke(client, repository, compiled(client, repository), included_tags=["hourly"])
    check = f"{dataset}_a_assertions_rowConditions"
    assert outcomes(client, invocation) == dict.fromkeys(["a", "b", check], "SUCCEEDED")  # no c
    assert invocation.state == dataform.WorkflowInvocation.State.SUCCEEDED
    warehouse = Cloud(sandbox).bigquery
    rows = warehouse.query_and_wait(f"SELECT x, greeting FROM {dataset}.a JOIN {dataset}.b USING (x)")
    assert [tuple(row) for row in rows] == [(7, "hello")]


def test_a_failed_action_says_why_and_stops_what_follows(client, repository, dataset):
    committed(client, repository, dataset, c=C, d=D)
    selection = {"included_tags": ["daily"], "transitive_dependencies_included": True}
    invocation = invoke(client, repository, compiled(client, repository), **selection)
    assert invocation.state == dataform.WorkflowInvocation.State.FAILED
    assert outcomes(client, invocation) == {
        "a": "SUCCEEDED",
        "b": "SUCCEEDED",
        "c": "FAILED bigquery error: Unrecognized name: nope",
        "d": "SKIPPED",
    }


def test_a_failed_assertion_is_a_failed_action(client, repository, dataset):
    committed(client, repository, dataset, x="NULL")
    invocation = invoke(client, repository, compiled(client, repository), included_tags=["hourly"])
    check = f"{dataset}_a_assertions_rowConditions"
    assert outcomes(client, invocation)[check].startswith("FAILED bigquery error: Assertion failed")


def test_a_cancelled_invocation_ends(client, repository, dataset):
    committed(client, repository, dataset)
    result = compiled(client, repository)
    config = {"service_account": ACCOUNT}
    invocation = client.create_workflow_invocation(
        parent=repository,
        workflow_invocation={"compilation_result": result.name, "invocation_config": config},
    )
    with pytest.raises(exceptions.BadRequest, match="running"):
        client.delete_workflow_invocation(name=invocation.name)
    client.cancel_workflow_invocation(request={"name": invocation.name})
    invocation = ended(client, invocation)
    assert invocation.state == dataform.WorkflowInvocation.State.CANCELLED
    assert set(outcomes(client, invocation).values()) == {"CANCELLED"}
    with pytest.raises(exceptions.BadRequest, match="ended"):
        client.cancel_workflow_invocation(request={"name": invocation.name})
    client.delete_workflow_invocation(name=invocation.name)


def test_an_invocation_acts_as_somebody(client, repository, dataset):
    committed(client, repository, dataset)
    with pytest.raises(exceptions.BadRequest, match="serviceAccount"):
        invoke(client, repository, compiled(client, repository), service_account="")


def test_who_invokes_must_be_allowed_to_act_as_the_account(sandbox, client, repository, dataset):
    committed(client, repository, dataset)
    result = compiled(client, repository)
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

    def invoked():
        config = {"serviceAccount": sandbox.identity("runner"), "includedTags": ["yearly"]}
        return requests.post(
            f"{sandbox.address}/dataform/v1/{repository}/workflowInvocations",
            json={"compilationResult": result.name, "invocationConfig": config},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).json()["error"]

    assert "iam.serviceAccounts.actAs" in invoked()["message"]
    user = {"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{sandbox.identity(caller)}"]}
    policy = {"policy": {"bindings": [user]}}
    requests.post(f"{accounts}/{sandbox.identity('runner')}:setIamPolicy", json=policy, timeout=10)
    assert "selects no action" in invoked()["message"]


def test_what_a_stopped_sandbox_left_running_has_failed(tmp_path):
    name = "projects/p/locations/l/repositories/r/workflowInvocations/i"
    target = {"schema": "ods", "name": "a"}
    with closing(Store(tmp_path)) as store:
        service = Service(State(tmp_path, port=0), store, "/dataform/v1")
        key = service.key(name)
        store.put(key, {"name": name, "state": "RUNNING", "invocationTiming": {}})
        store.put(f"{key}/actions/ods.a", {"target": target})
        store.put(f"{key}/actions/ods.b", {"target": target | {"name": "b"}, "state": "SUCCEEDED"})
        bury(service)
        assert service.find(name)["state"] == "FAILED"
        a, b = store.children(f"{key}/actions")
    assert (a["state"], a["failureReason"]) == ("FAILED", "The sandbox was stopped while this ran.")
    assert b["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("verb", "path", "body", "code", "says"),
    [
        ("POST", "repositories?repositoryId=x", {"displayNam": "x"}, 400, "displayNam"),
        ("POST", "repositories?repositoryID=x", {}, 400, "repositoryID"),
        ("POST", "repositories", {}, 400, "Invalid id ''"),
        ("POST", "repositories?repositoryId=x", [], 400, "must be an object"),
        ("PUT", "repositories/x", {}, 404, "not found for PUT"),
        ("GET", "repositories/absent", None, 404, "was not found"),
        ("GET", "repositories?filter=a", None, 400, "filter"),
        ("GET", "elsewhere", None, 404, "not found for GET"),
        ("POST", "repositories/absent/compilationResults", {"gitCommitish": "main"}, 404, "was not found"),
        ("POST", "repositories/absent/releaseConfigs?releaseConfigId=x", {}, 404, "was not found"),
    ],
)  # fmt: skip
def test_what_google_refuses_is_refused(sandbox, location, verb, path, body, code, says):
    answer = requests.request(verb, f"{sandbox.address}/dataform/v1/{location}/{path}", json=body, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code)
    assert says in answer.json()["error"]["message"]


def test_a_repository_with_children_goes_only_by_force(client, repository, dataset):
    committed(client, repository, dataset)
    compiled(client, repository)
    with pytest.raises(exceptions.BadRequest, match="force"):
        client.delete_repository(name=repository)
    client.delete_repository(request={"name": repository, "force": True})
    with pytest.raises(exceptions.NotFound):
        client.fetch_repository_history(request={"name": repository})
