"""Policies at each level, conditions, groups, and what an identity may do with other identities."""

from typing import Any

import pytest
import requests

from sandbox.metadata import token_of
from tests.sandbox.iam.project import Project, binding, error, single_value

ALICE = "alice@example.com"


@pytest.fixture
def writer(project: Project) -> str:
    """A service account that may use the objects below pipeline/ of the bucket iam-objects, and list it."""
    email = project.account("iam-writer")
    project.create_bucket("iam-objects")
    bucket = "projects/_/buckets/iam-objects"
    expression = f'resource.name == "{bucket}" || resource.name.startsWith("{bucket}/objects/pipeline/")'
    member = f"serviceAccount:{email}"
    granted = binding("roles/storage.objectUser", member, expression=expression)
    assert project.grant("storage/v1/b/iam-objects", granted).ok
    return email


def test_a_condition_limits_a_grant_to_a_folder(project: Project, writer: str) -> None:
    assert project.upload("iam-objects", "pipeline/lease.json", writer).ok
    objects = "storage/v1/b/iam-objects/o"
    assert error(project.upload("iam-objects", "sales/a.json", writer)) == (
        403,
        f"{writer} does not have storage.objects.create access to the Google Cloud Storage object. "
        "Permission 'storage.objects.create' denied on resource (or it may not exist).",
    )
    assert project.upload("iam-objects", "sales/a.json").ok
    for name, status in (("pipeline%2Flease.json", 200), ("pipeline%2Fabsent", 404), ("sales%2Fa.json", 403)):
        assert project.send("GET", f"{objects}/{name}", identity=writer).status_code == status, name
        assert (
            project.send("GET", f"download/{objects}/{name}?alt=media", identity=writer).status_code == status
        )
    assert project.send("DELETE", f"{objects}/sales%2Fa.json", identity=writer).status_code == 403
    assert project.send("GET", objects, identity=writer).ok
    assert project.send("GET", "iam-objects/sales/a.json", identity=writer).status_code == 403
    denied = project.send("GET", "storage/v1/b/iam-objects", identity=writer)
    assert "storage.buckets.get access to the Google Cloud Storage bucket" in error(denied)[1]
    assert denied.json()["error"]["errors"][0]["reason"] == "forbidden"


def test_a_missing_object_is_forbidden_to_a_caller_that_may_not_list(project: Project) -> None:
    email = project.account("iam-blind")
    project.create_bucket("iam-blind-objects")
    expression = 'resource.name.startsWith("projects/_/buckets/iam-blind-objects/objects/pipeline/")'
    granted = binding("roles/storage.objectUser", f"serviceAccount:{email}", expression=expression)
    assert project.grant("storage/v1/b/iam-blind-objects", granted).ok
    absent = project.send("GET", "storage/v1/b/iam-blind-objects/o/pipeline%2Fabsent", identity=email)
    assert absent.status_code == 403 and "storage.objects.list" in error(absent)[1]


def test_calls_in_a_batch_have_the_caller_of_the_batch(project: Project, writer: str) -> None:
    assert project.upload("iam-objects", "sales/batch.json").ok
    calls = "".join(
        f"--b\r\nContent-Type: application/http\r\n\r\nDELETE /storage/v1/b/iam-objects/o/{name} HTTP/1.1\r\n\r\n"
        for name in ("sales%2Fbatch.json", "pipeline%2Fabsent")
    )
    response = requests.post(
        f"{project.state.address}/batch/storage/v1",
        data=f"{calls}--b--",
        headers={
            "Content-Type": "multipart/mixed; boundary=b",
            "Authorization": f"Bearer {token_of(writer)}",
        },
        timeout=60,
    )
    statuses = [line.split()[1] for line in response.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["403", "404"]


def test_permissions_on_a_bucket_can_be_tested(project: Project, writer: str) -> None:
    permissions = "storage.objects.create&permissions=storage.buckets.delete"
    tested = project.send(
        "GET", f"storage/v1/b/iam-objects/iam/testPermissions?permissions={permissions}", identity=writer
    )
    assert tested.json()["permissions"] == ["storage.objects.create"]  # the condition matches the bucket
    assert project.send("GET", "storage/v1/b?project=sandbox-local", identity=writer).status_code == 403


def test_an_expired_grant_does_not_count(project: Project) -> None:
    email = project.account("iam-temporary")
    secrets = f"secretmanager/v1/{project.name}/secrets"
    for year, status in (("2001", 403), ("2999", 200)):
        expression = f'request.time < timestamp("{year}-01-01T00:00:00Z")'
        member = f"serviceAccount:{email}"
        project.grant_on_project(binding("roles/secretmanager.viewer", member, expression=expression))
        assert project.send("GET", secrets, identity=email).status_code == status


def test_a_condition_that_cannot_be_evaluated_is_refused(project: Project) -> None:
    granted = binding("roles/viewer", "user:a@example.com", expression='resource.type == "x"')
    refused = project.grant(f"cloudresourcemanager/v1/{project.name}", granted)
    assert error(refused)[0] == 400 and "does not support the condition" in error(refused)[1]


def test_secrets_are_granted_one_by_one(project: Project) -> None:
    email = project.account("iam-reader")
    secrets = f"secretmanager/v1/{project.name}/secrets"
    for name in ("iam-one", "iam-two"):
        body: dict[str, Any] = {"replication": {"automatic": {}}}
        assert project.send("POST", f"{secrets}?secretId={name}", body).status_code in (200, 409)
        value = {"payload": {"data": "YQ=="}}
        assert project.send("POST", f"{secrets}/{name}:addVersion", value).ok
    accessor = binding("roles/secretmanager.secretAccessor", f"serviceAccount:{email}")
    assert project.grant(f"{secrets}/iam-one", accessor).ok
    assert project.send("GET", f"{secrets}/iam-one/versions/latest:access", identity=email).ok
    version = f"{project.name}/secrets/iam-two/versions/latest"
    assert error(project.send("GET", f"{secrets}/iam-two/versions/latest:access", identity=email)) == (
        403,
        f"Permission 'secretmanager.versions.access' denied for resource '{version}' (or it may not exist).",
    )
    assert project.send("POST", f"{secrets}/iam-one:addVersion", {}, email).status_code == 403


def test_a_limited_administrator_cannot_grant_itself_more(project: Project) -> None:
    """As delivery-apply: it changes the project's policy, but only grants of the listed roles."""
    email = project.account("iam-granter")
    role = {"roleId": "iam_grant", "role": {"title": "Grant", "includedPermissions": GRANTING}}
    assert project.send("POST", f"iam/v1/{project.name}/roles", role).status_code in (200, 409)
    limit = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
    expression = f"{limit}.hasOnly(['roles/bigquery.jobUser'])"
    grant = binding(f"{project.name}/roles/iam_grant", f"serviceAccount:{email}", expression=expression)
    project.grant_on_project(grant)
    path = f"cloudresourcemanager/v1/{project.name}:setIamPolicy"
    for granted, status in (("roles/bigquery.jobUser", 200), ("roles/owner", 403)):
        added = binding(granted, f"serviceAccount:{email}")
        body = {"policy": {"version": 3, "bindings": [grant, added]}}
        assert project.send("POST", path, body, email).status_code == status, granted


GRANTING = ["resourcemanager.projects.setIamPolicy"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "run/v2/{0}/jobs?jobId=iam-job", {"template": {"template": {"serviceAccount": "{1}"}}}),
        ("POST", "dataform/v1/{0}/repositories?repositoryId=iam-repository", {"serviceAccount": "{1}"}),
        (
            "POST",
            "scheduler/v1/{0}/jobs",
            {"name": "n", "httpTarget": {"uri": "u", "oauthToken": {"serviceAccountEmail": "{1}"}}},
        ),
    ],
)
def test_attaching_an_account_requires_to_act_as_it(
    project: Project, method: str, path: str, body: dict[str, object]
) -> None:
    creator, account = project.account("iam-creator"), project.account("iam-attached")
    admin = ["roles/run.admin", "roles/dataform.admin", "roles/editor"]
    member = f"serviceAccount:{creator}"
    kinds = [binding(role, member) for role in admin[:2]]
    scheduler = {"roleId": "iam_schedule", "role": {"title": "S", "includedPermissions": SCHEDULING}}
    assert project.send("POST", f"iam/v1/{project.name}/roles", scheduler).status_code in (200, 409)
    kinds.append(binding(f"{project.name}/roles/iam_schedule", member))
    project.grant_on_project(*kinds)
    filled = path.format(f"{project.name}/locations/europe-west1")
    text = replaced(body, account)
    denied = project.send(method, filled, text, creator)
    assert "iam.serviceAccounts.actAs" in error(denied)[1]
    resource = f"iam/v1/{project.name}/serviceAccounts/{account}"
    assert project.grant(resource, binding("roles/iam.serviceAccountUser", member)).ok
    assert project.send(method, filled, text, creator).status_code != 403
    assert project.grant(resource).ok


SCHEDULING = ["cloudscheduler.jobs.create"]


def replaced(value: object, account: str) -> object:
    if isinstance(value, dict):
        return {name: replaced(item, account) for name, item in value.items()}
    return account if value == "{1}" else value


def test_an_alert_on_log_lines_requires_a_second_permission(project: Project) -> None:
    """Delivery could not create the alerts on log lines with monitoring.alertPolicies only."""
    email = project.account("iam-alerts")
    member = f"serviceAccount:{email}"
    policies = f"monitoring/v3/{project.name}/alertPolicies"
    body = {
        "displayName": "A",
        "combiner": "OR",
        "conditions": [{"displayName": "A", "conditionMatchedLog": {"filter": "severity>=ERROR"}}],
        "alertStrategy": {"notificationRateLimit": {"period": "300s"}},
    }
    names = ["monitoring.alertPolicies.create", "logging.notificationRules.create"]
    for count, status in ((1, 403), (2, 200)):
        role = {"title": "A", "includedPermissions": names[:count]}
        roles = f"iam/v1/{project.name}/roles"
        project.send("POST", roles, {"roleId": f"iam_alerts_{count}", "role": role})
        project.grant_on_project(binding(f"{project.name}/roles/iam_alerts_{count}", member))
        response = project.send("POST", policies, body, email)
        assert response.status_code == status, response.text
    assert project.send("DELETE", f"monitoring/v3/{response.json()['name']}").ok


def test_rights_on_a_dataset(project: Project) -> None:
    reader, writer = project.account("iam-readers"), project.account("iam-writers")
    members = [f"serviceAccount:{email}" for email in (reader, writer)]
    project.grant_on_project(binding("roles/bigquery.jobUser", *members))
    project.create_dataset(
        "iam_rights", {"role": "READER", "userByEmail": reader}, {"role": "WRITER", "userByEmail": writer}
    )
    assert project.query("CREATE OR REPLACE TABLE iam_rights.sales AS SELECT 1 AS id", writer).ok
    assert project.query("INSERT INTO iam_rights.sales SELECT 2 AS id", writer).ok
    assert single_value(project.query("SELECT COUNT(*) FROM iam_rights.sales", reader)) == "2"
    for statement in (
        "INSERT INTO iam_rights.sales SELECT 3 AS id",
        "UPDATE iam_rights.sales SET id = 3 WHERE id = 1",
        "DELETE FROM iam_rights.sales WHERE id = 1",
        "TRUNCATE TABLE iam_rights.sales",
        "MERGE iam_rights.sales USING (SELECT 1 AS n) ON id = n WHEN MATCHED THEN DELETE",
        "DROP TABLE iam_rights.sales",
        "CREATE TABLE iam_rights.copy AS SELECT * FROM iam_rights.sales",
        "ALTER TABLE iam_rights.sales ADD COLUMN n INT64",
        "CREATE SNAPSHOT TABLE iam_rights.kept_rows CLONE iam_rights.sales",
        "CREATE SCHEMA iam_more",
        "DROP SCHEMA iam_rights CASCADE",
        "ALTER SCHEMA iam_rights SET OPTIONS (description = 'd')",
        "BEGIN DECLARE n INT64; INSERT INTO iam_rights.sales SELECT 3 AS id; END",
    ):
        assert project.query(statement, reader).status_code == 403, statement
    hidden = "DECLARE n INT64 DEFAULT (SELECT COUNT(*) FROM iam_rights.sales); SELECT n"
    assert project.query(hidden, ALICE).status_code == 403
    tables = f"bigquery/v2/{project.name}/datasets/iam_rights/tables"
    assert project.send("GET", f"{tables}/sales/data", identity=reader).ok
    assert project.send("PATCH", f"{tables}/sales", {"description": "d"}, reader).status_code == 403
    assert project.send("DELETE", f"{tables}/sales", identity=reader).status_code == 403
    assert single_value(project.query("SELECT COUNT(*) FROM iam_rights.sales")) == "2"


def test_a_chain_of_views_needs_an_authorization_at_each_dataset(project: Project) -> None:
    """iam_final reads a view of iam_middle, which reads a table of iam_source."""
    reader = project.account("iam-chain")
    project.grant_on_project(binding("roles/bigquery.jobUser", f"serviceAccount:{reader}"))
    names = {"projectId": project.state.project}
    middle = {"view": names | {"datasetId": "iam_middle", "tableId": "named"}}
    final = {"view": names | {"datasetId": "iam_final", "tableId": "named"}}
    project.create_dataset("iam_source", middle)
    project.create_dataset("iam_middle", final)
    project.create_dataset("iam_final", {"role": "READER", "userByEmail": reader})
    assert project.query("CREATE OR REPLACE TABLE iam_source.sales AS SELECT 7 AS id").ok
    assert project.query("CREATE OR REPLACE VIEW iam_middle.named AS SELECT id FROM iam_source.sales").ok
    for name in ("named", "other"):
        assert project.query(f"CREATE OR REPLACE VIEW iam_final.{name} AS SELECT id FROM iam_middle.named").ok
    query = "WITH named AS (SELECT id FROM iam_final.named) SELECT id FROM named"
    assert single_value(project.query(query, reader)) == "7"
    assert project.query("SELECT id FROM iam_final.other", reader).status_code == 403
    project.create_dataset("iam_source")
    assert project.query(query, reader).status_code == 403


def test_a_reader_without_a_job_role_cannot_query(project: Project) -> None:
    reader = project.account("iam-no-jobs")
    project.create_dataset("iam_no_jobs", {"role": "READER", "userByEmail": reader})
    name = project.state.project
    assert error(project.query("SELECT 1", reader)) == (
        403,
        f"Access Denied: Project {name}: User does not have bigquery.jobs.create permission in project {name}.",
    )


def test_a_load_job_reads_its_files_as_the_caller(project: Project, writer: str) -> None:
    project.grant_on_project(binding("roles/bigquery.jobUser", f"serviceAccount:{writer}"))
    project.create_dataset("iam_load", {"role": "WRITER", "userByEmail": writer})
    table = {"projectId": project.state.project, "datasetId": "iam_load", "tableId": "loaded"}
    for folder, state in (("pipeline", None), ("sales", "accessDenied")):
        assert project.upload("iam-objects", f"{folder}/rows.json").ok
        uri = f"gs://iam-objects/{folder}/rows.json"
        load = {"sourceUris": [uri], "destinationTable": table, "sourceFormat": "NEWLINE_DELIMITED_JSON"}
        configuration = {"configuration": {"load": load | {"autodetect": True}}}
        job = project.send("POST", f"bigquery/v2/{project.name}/jobs", configuration, writer).json()
        assert job["status"].get("errorResult", {}).get("reason") == state, job


def test_the_jobs_of_others_are_listed_with_a_role_only(project: Project) -> None:
    email = project.account("iam-jobs")
    member = f"serviceAccount:{email}"
    query = "SELECT COUNT(*) >= 0 FROM `region-eu`.INFORMATION_SCHEMA.JOBS"
    project.grant_on_project(binding("roles/bigquery.jobUser", member))
    assert project.query(query, email).status_code == 403
    viewer = binding("roles/bigquery.resourceViewer", member)
    project.grant_on_project(binding("roles/bigquery.jobUser", member), viewer)
    assert project.query(query, email).ok
