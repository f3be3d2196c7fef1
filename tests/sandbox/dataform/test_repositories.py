"""Repositories: commits, files and the requests that the API rejects."""

from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.cloud import dataform_v1 as dataform

from sandbox.state import State
from tests.sandbox.dataform.dataform_client import commit, commit_project, compile_commit


def test_a_commit_can_be_read_back(client: dataform.DataformClient, repository: str) -> None:
    first = commit(client, repository, {"a.txt": "1", "folder/b.txt": "2"})
    second = commit(client, repository, {"a.txt": "3"}, head=first, delete=["folder/b.txt"])
    entries = client.query_repository_directory_contents(request={"name": repository, "commit_sha": first})
    assert [(entry.file, entry.directory) for entry in entries] == [("", "folder"), ("a.txt", "")]
    now = client.query_repository_directory_contents(request={"name": repository})
    assert [entry.file for entry in now] == ["a.txt"]  # folder/b.txt was deleted, and the folder with it
    read = client.read_repository_file(request={"name": repository, "path": "a.txt"})
    assert read.contents == b"3"
    history = client.fetch_repository_history(request={"name": repository})
    assert [entry.commit_sha for entry in history] == [second, first]


def test_a_commit_on_another_head_is_rejected(client: dataform.DataformClient, repository: str) -> None:
    first = commit(client, repository, {"a.txt": "1"})
    second = commit(client, repository, {"a.txt": "2"}, head=first)
    with pytest.raises(exceptions.Conflict, match=second):
        commit(client, repository, {"a.txt": "3"}, head=first)
    assert client.read_repository_file(request={"name": repository, "path": "a.txt"}).contents == b"2"


def test_a_repository_with_a_remote_rejects_commits(client: dataform.DataformClient, location: str) -> None:
    remote = {"url": "https://git.example/x.git", "default_branch": "main"}
    created = client.create_repository(
        parent=location, repository=dataform.Repository(git_remote_settings=remote), repository_id="remote"
    )
    with pytest.raises(exceptions.BadRequest, match="remote"):
        commit(client, created.name, {"a.txt": "1"})


@pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a/./b"])
def test_a_path_outside_the_repository_is_rejected(
    client: dataform.DataformClient, repository: str, path: str
) -> None:
    with pytest.raises(exceptions.BadRequest):
        commit(client, repository, {path: "1"})


@pytest.mark.parametrize(
    ("verb", "path", "body", "code", "message"),
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
def test_invalid_requests_are_rejected(
    sandbox: State, location: str, verb: str, path: str, body: Any, code: int, message: str
) -> None:
    response = requests.request(
        verb, f"{sandbox.address}/dataform/v1/{location}/{path}", json=body, timeout=30
    )
    assert (response.status_code, response.json()["error"]["code"]) == (code, code)
    assert message in response.json()["error"]["message"]


def test_a_repository_with_children_is_deleted_only_with_force(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    compile_commit(client, repository)
    with pytest.raises(exceptions.BadRequest, match="force"):
        client.delete_repository(name=repository)
    client.delete_repository(request={"name": repository, "force": True})
    with pytest.raises(exceptions.NotFound):
        client.fetch_repository_history(request={"name": repository})
