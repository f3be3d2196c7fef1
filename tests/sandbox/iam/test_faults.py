"""Grants that were wrong once: each of them fails here, and the grant that replaced it succeeds."""

import time
from typing import Any

from sandbox.iam.access import DELETED
from tests.sandbox.iam.project import Project, binding, error, single_value

ALICE = "alice@example.com"
ANALYSTS = "analysts@example.com"


def test_a_custom_role_with_a_permission_that_does_not_exist_is_rejected(project: Project) -> None:
    roles = f"iam/v1/{project.name}/roles"
    names = ["bigquery.datasets.get", "bigquery.datasets.list"]
    body = {"roleId": "delivery_plan_old", "role": {"title": "Plan", "includedPermissions": names}}
    assert error(project.send("POST", roles, body)) == (
        400,
        "Permission bigquery.datasets.list is not valid.",
    )
    body["role"] = {"title": "Plan", "includedPermissions": names[:1]}
    assert project.send("POST", roles, body).ok
    change = {"includedPermissions": names}
    changed = project.send("PATCH", f"{roles}/delivery_plan_old?updateMask=includedPermissions", change)
    assert error(changed) == (400, "Permission bigquery.datasets.list is not valid.")


def test_an_analyst_reads_a_view_only_if_its_tables_authorize_it(project: Project) -> None:
    """dmt.sales_final is a view over ods, and analysts may read dmt only."""
    group = project.group(ANALYSTS, ALICE)
    project.grant_on_project(binding("roles/bigquery.jobUser", group))
    project.create_dataset("faults_ods")
    project.create_dataset("faults_dmt", {"role": "READER", "groupByEmail": ANALYSTS})
    assert project.query("CREATE OR REPLACE TABLE faults_ods.products AS SELECT 7 AS id").ok
    assert project.query("CREATE OR REPLACE VIEW faults_dmt.final AS SELECT id FROM faults_ods.products").ok

    query = "SELECT id FROM faults_dmt.final"
    table = f"{project.state.project}:faults_ods.products"
    assert error(project.query(query, ALICE)) == (
        403,
        f"Access Denied: Table {table}: User does not have permission to query table {table}, "
        "or perhaps it does not exist.",
    )
    views = {"projectId": project.state.project, "datasetId": "faults_dmt"}
    project.create_dataset("faults_ods", {"dataset": {"dataset": views, "targetTypes": ["VIEWS"]}})
    assert single_value(project.query(query, ALICE)) == "7"
    assert project.query("SELECT id FROM faults_ods.products", ALICE).status_code == 403
    assert project.query(query, "bob@example.com").status_code == 403  # is not in the group


def test_metadata_viewer_reads_partitions_and_not_the_legacy_table(project: Project) -> None:
    """__TABLES__ requires bigquery.tables.getData."""
    pipeline = project.account("faults-pipeline")
    project.grant_on_project(binding("roles/bigquery.jobUser", f"serviceAccount:{pipeline}"))
    project.create_dataset(
        "faults_watched", {"role": "roles/bigquery.metadataViewer", "userByEmail": pipeline}
    )
    assert project.query("CREATE OR REPLACE TABLE faults_watched.sales AS SELECT 7 AS id").ok

    denied = project.query("SELECT row_count FROM faults_watched.__TABLES__", pipeline)
    assert error(denied) == (
        403,
        f"Access Denied: Dataset {project.state.project}:faults_watched: Permission bigquery.tables.getData "
        f"denied on dataset {project.state.project}:faults_watched (or it may not exist).",
    )
    assert denied.json()["error"]["errors"][0]["reason"] == "accessDenied"
    measured = "SELECT SUM(total_rows) FROM faults_watched.INFORMATION_SCHEMA.PARTITIONS"
    assert single_value(project.query(measured, pipeline)) == "1"
    assert project.query("SELECT id FROM faults_watched.sales", pipeline).status_code == 403


def test_dataform_editor_cannot_release(project: Project) -> None:
    """A release commits and changes a release config, for which delivery has a custom role."""
    delivery = f"serviceAccount:{project.account('faults-delivery')}"
    repositories = f"dataform/v1/{project.name}/locations/europe-west1/repositories"
    assert project.send("POST", f"{repositories}?repositoryId=faults", {}).status_code in (200, 409)
    repository = f"{repositories}/faults"
    assert project.grant(repository, binding("roles/dataform.editor", delivery)).ok
    commit = {
        "commitMetadata": {"author": {"name": "a", "emailAddress": "a@example.com"}, "commitMessage": "m"},
        "fileOperations": {"a.txt": {"writeFile": {"contents": "YQ=="}}},
    }
    release = f"{repository}/releaseConfigs?releaseConfigId=live"
    body = {"gitCommitish": "main"}
    email = delivery.removeprefix("serviceAccount:")

    name = f"{project.name}/locations/europe-west1/repositories/faults"
    assert error(project.send("POST", f"{repository}:commit", commit, email)) == (
        403,
        f"Permission 'dataform.repositories.commit' denied on resource '{name}' (or it may not exist).",
    )
    assert error(project.send("POST", release, body, email))[0] == 403
    assert project.send("GET", repository, identity=email).ok
    permissions = ["dataform.repositories.commit", "dataform.releaseConfigs.create"]
    role = {"roleId": "faults_release", "role": {"title": "Release", "includedPermissions": permissions}}
    assert project.send("POST", f"iam/v1/{project.name}/roles", role).ok
    project.grant_on_project(binding(f"{project.name}/roles/faults_release", delivery))
    assert project.send("POST", f"{repository}:commit", commit, email).ok
    assert project.send("POST", release, body, email).ok
    assert project.send("DELETE", f"{repository}?force=true").ok


def test_a_scheduled_query_fails_while_its_agent_has_no_role(project: Project) -> None:
    """Google grants no role to an agent that was created on request."""
    queries = project.account("faults-queries")
    agent = f"serviceAccount:{project.agent('bigquerydatatransfer')}"
    runs_queries = binding("roles/bigquery.jobUser", f"serviceAccount:{queries}")
    account = f"iam/v1/{project.name}/serviceAccounts/{queries}"
    assert project.grant(account, binding("roles/iam.serviceAccountTokenCreator", agent)).ok
    configs = f"bigquerydatatransfer/v1/{project.name}/locations/eu/transferConfigs"
    body = {"displayName": "One", "dataSourceId": "scheduled_query", "params": {"query": "SELECT 1"}}
    config = project.send("POST", f"{configs}?serviceAccountName={queries}", body).json()["name"]

    project.grant_on_project(runs_queries)
    failed = run_transfer(project, config)
    assert failed["state"] == "FAILED"
    assert "roles/bigquerydatatransfer.serviceAgent" in failed["errorStatus"]["message"]
    project.grant_on_project(runs_queries, binding("roles/bigquerydatatransfer.serviceAgent", agent))
    assert run_transfer(project, config)["state"] == "SUCCEEDED"
    project.grant_on_project(binding("roles/bigquerydatatransfer.serviceAgent", agent))
    failed = run_transfer(project, config)  # now the account itself may not run queries
    assert "User does not have bigquery.jobs.create permission" in failed["errorStatus"]["message"]


def run_transfer(project: Project, config: str) -> dict[str, Any]:
    start = f"bigquerydatatransfer/v1/{config}:startManualRuns"
    [run] = project.send("POST", start, {"requestedRunTime": "2026-11-20T06:00:00Z"}).json()["runs"]
    deadline = time.monotonic() + 60
    while run["state"] not in ("SUCCEEDED", "FAILED") and time.monotonic() < deadline:
        run = project.send("GET", f"bigquerydatatransfer/v1/{run['name']}").json()
    return dict(run)


def test_a_deleted_service_account_has_no_rights(project: Project) -> None:
    email = project.account("faults-deleted")
    secrets = f"secretmanager/v1/{project.name}/secrets"
    assert project.send("GET", secrets, identity=email).status_code == 403
    assert project.send("DELETE", f"iam/v1/{project.name}/serviceAccounts/{email}").ok
    assert project.send("GET", secrets, identity=email).status_code == 403
    assert DELETED.startswith("/sandbox/")
