"""Compilation results and releases; the real CLI compiles every project."""

import pytest
from google.api_core import exceptions
from google.cloud import dataform_v1 as dataform

from tests.sandbox.dataform.dataform_client import D, commit, commit_project, compile_commit, invoke


def test_a_compilation_error_is_in_the_result(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset, c='config { type: "tabel" }\nSELECT 1', d=D)
    result = compile_commit(client, repository)
    errors = {error.path: error.message for error in result.compilation_errors}
    assert errors["definitions/c.sqlx"] == "Unrecognized action type: tabel"
    assert client.get_compilation_result(name=result.name) == result
    with pytest.raises(exceptions.BadRequest, match="compilation errors"):
        invoke(client, repository, result)


def test_another_core_version_does_not_compile(client: dataform.DataformClient, repository: str) -> None:
    commit(client, repository, {"workflow_settings.yaml": "dataformCoreVersion: 3.0.0\ndefaultProject: p\n"})
    errors = compile_commit(client, repository).compilation_errors
    assert ["3.0.0" in error.message for error in errors] == [True]


def test_the_compilation_config_overrides_the_settings(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    config = {"default_database": "p", "schema_suffix": "ci", "vars": {"greeting": "a, b=c"}}
    result = compile_commit(client, repository, git_commitish="main", code_compilation_config=config)
    a, b, check = client.query_compilation_result_actions(request={"name": result.name})
    assert (a.target.database, a.target.schema, a.target.name) == ("p", f"{dataset}_ci", "a")
    assert "'a, b=c' AS greeting" in a.relation.select_query
    assert list(b.relation.dependency_targets) == [a.target]
    assert b.relation.incremental_table_config.unique_key_parts == ["x"]
    assert check.assertion.parent_action == a.target


def test_the_live_result_must_come_from_the_release_itself(
    client: dataform.DataformClient, repository: str, dataset: str
) -> None:
    commit_project(client, repository, dataset)
    config = {"git_commitish": "main", "code_compilation_config": {"default_database": "sandbox-local"}}
    live = client.create_release_config(
        parent=repository, release_config=dataform.ReleaseConfig(config), release_config_id="live"
    )
    stray = compile_commit(client, repository)
    update = {"name": live.name, "release_compilation_result": stray.name}
    mask = {"paths": ["release_compilation_result"]}
    with pytest.raises(exceptions.BadRequest, match="live"):
        client.update_release_config(release_config=dataform.ReleaseConfig(update), update_mask=mask)
    own_result = compile_commit(client, repository, release_config=live.name)
    update["release_compilation_result"] = own_result.name
    updated = client.update_release_config(release_config=dataform.ReleaseConfig(update), update_mask=mask)
    assert updated.release_compilation_result == own_result.name
    assert updated.git_commitish == "main"  # not in the mask, so unchanged
    assert client.get_release_config(name=live.name) == updated
    assert own_result.code_compilation_config.default_database == "sandbox-local"
