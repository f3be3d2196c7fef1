"""The methods of resources as clients see them: what is stored, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.protobuf import field_mask_pb2

PROJECT = "projects/sandbox-local"
SECRETS = f"secretmanager/v1/{PROJECT}/secrets"
ACCOUNTS = f"iam/v1/{PROJECT}/serviceAccounts"
ROLES = f"iam/v1/{PROJECT}/roles"
USAGE = f"serviceusage/v1/{PROJECT}/services"
POLICY = f"cloudresourcemanager/v1/{PROJECT}"
JOBS = f"run/v2/{PROJECT}/locations/europe-west1/jobs"
JOB = {"template": {"containers": [{"image": "example"}]}}
AUTOMATIC: dict[str, Any] = {"replication": {"automatic": {}}}


@pytest.fixture
def secrets(control_plane):
    return SecretManagerServiceClient(
        transport="rest",
        client_options={"api_endpoint": f"{control_plane.address}/secretmanager"},
        credentials=AnonymousCredentials(),
    )


def test_a_created_resource_has_the_sent_fields_and_its_name(call):
    created = call("POST", f"{SECRETS}?secretId=echo", AUTOMATIC | {"labels": {"a": "b"}}).json()
    assert created.pop("createTime") and created.pop("etag")
    assert created == AUTOMATIC | {"labels": {"a": "b"}, "name": f"{PROJECT}/secrets/echo"}


def granting(role, member, **condition):
    binding = {"role": role, "members": [member]} | ({"condition": condition} if condition else {})
    return {"policy": {"bindings": [binding]}}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", f"{SECRETS}?secretId=once", AUTOMATIC, 409),  # exists
        ("POST", SECRETS, AUTOMATIC, 400),  # no id
        ("POST", f"{SECRETS}?secretId=a/b", AUTOMATIC, 400),
        ("POST", f"{SECRETS}?secretId=new&region=x", AUTOMATIC, 400),  # an unknown parameter
        ("POST", f"{SECRETS}?secretId=new", {}, 400),  # replication is required
        ("POST", f"{SECRETS}?secretId=new", AUTOMATIC | {"colour": "red"}, 400),
        (
            "POST",
            f"{SECRETS}?secretId=new",
            {"replication": {"auto": {}}},
            400,
        ),  # unknown, in a nested message
        ("POST", f"{SECRETS}?secretId=new", ["replication"], 400),
        ("GET", f"{SECRETS}/absent", None, 404),
        ("GET", f"{SECRETS}/once:addVersion", None, 404),  # the method of another verb
        ("PUT", f"{SECRETS}/once", AUTOMATIC, 404),
        ("PATCH", f"{SECRETS}/once", {"labels": {}}, 400),  # no mask
        ("PATCH", f"{SECRETS}/once?updateMask=colour", {"labels": {}}, 400),
        ("PATCH", f"{SECRETS}/once?updateMask=createTime", {}, 400),  # output only
        ("PATCH", f"{SECRETS}/absent?updateMask=labels", {"labels": {}}, 404),
        ("DELETE", f"{SECRETS}/absent", None, 404),
        ("GET", f"{SECRETS}?pageSize=many", None, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": {"data": "not base64!"}}, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": {"data": "eA==", "dataCrc32c": "1"}}, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": {}}, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": None}, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": {"data": 5}}, 400),
        ("POST", f"{SECRETS}/once:addVersion", {"payload": {"data": "eA==", "dataCrc32c": "x"}}, 400),
        ("POST", f"{SECRETS}/once:setIamPolicy", {"bindings": []}, 400),  # a policy is wrapped
        ("POST", f"{SECRETS}/once:setIamPolicy", {"policy": {"rules": []}}, 400),
        ("GET", f"{SECRETS}/absent:getIamPolicy", None, 404),
        ("POST", f"{SECRETS}/once:getIamPolicy", {}, 404),  # GET for secrets, POST for projects
        ("GET", f"{POLICY}:getIamPolicy", None, 404),
        ("GET", "secretmanager/v1/projects/another/secrets", None, 403),
        ("POST", ACCOUNTS, {"accountId": "short", "serviceAccount": {}}, 400),
        ("POST", ACCOUNTS, {"accountId": "reader", "displayName": "not wrapped"}, 400),
        ("POST", ACCOUNTS, {"accountId": "reader", "serviceAccount": {"description": 5}}, 400),
        ("POST", ROLES, {"roleId": "new", "role": {"includedPermissions": "run.jobs.run"}}, 400),
        ("POST", f"{ROLES}/absent:undelete", {"role": {}}, 400),
        ("DELETE", f"scheduler/v1/{PROJECT}/locations/europe-west1/jobs/absent?etag=1", None, 400),
        ("POST", f"scheduler/v1/{PROJECT}/locations/europe-west1/jobs", {"name": 5}, 400),
        ("POST", ROLES, {"roleId": ["new"], "role": {}}, 400),
        ("PATCH", f"{SECRETS}/once?updateMask=labels", {"labels": {"Team": "data"}}, 400),
        ("PATCH", f"{SECRETS}/once?updateMask=labels", {"labels": {"team": "a team"}}, 400),
        ("PATCH", f"{SECRETS}/once?updateMask=labels", {"labels": {"1": "data"}}, 400),
        ("POST", f"{SECRETS}/once:setIamPolicy", granting("viewer", "user:a@example.com"), 400),
        ("POST", f"{SECRETS}/once:setIamPolicy", granting("roles/viewer", "a@example.com"), 400),
        ("POST", f"{SECRETS}/once:setIamPolicy", granting("roles/viewer", "user:a", title="t"), 400),
        ("POST", f"{USAGE}/nonsense:enable", {}, 404),
        ("POST", f"{USAGE}:batchEnable", {"serviceIds": []}, 400),
        ("GET", f"{USAGE}?filter=name:run", None, 400),
    ],
)
def test_invalid_requests_get_google_s_status_codes(call, method, path, body, code):
    call("POST", f"{SECRETS}?secretId=once", AUTOMATIC)
    answer = call(method, path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code), answer.text
    assert answer.json()["error"].keys() == {"code", "message", "status"}
    assert call("GET", f"{SECRETS}/new").status_code == 404


ETAGGED = {
    f"{SECRETS}/tagged": (f"{SECRETS}?secretId=tagged", AUTOMATIC, "labels", {"a": "b"}),
    f"{ROLES}/tagged": (ROLES, {"roleId": "tagged", "role": {"title": "t"}}, "title", "u"),
    f"{JOBS}/tagged": (f"{JOBS}?jobId=tagged", {"template": JOB}, "labels", {"a": "b"}),
}


@pytest.mark.parametrize("path", ETAGGED)
def test_a_stale_etag_is_a_conflict(call, path):
    create, body, field, value = ETAGGED[path]
    assert call("POST", create, body).ok
    first = call("GET", path).json()
    changed = {name: first[name] for name in ("template", "replication") if name in first} | {field: value}
    mask = "" if path.startswith("run/") else f"?updateMask={field}"
    assert call("PATCH", f"{path}{mask}", changed | {"etag": first["etag"]}).ok
    second = call("GET", path).json()
    assert second["etag"] != first["etag"]
    for method, where, sent in (("PATCH", f"{path}{mask}", changed), ("DELETE", path, None)):
        query = f"?etag={first['etag']}" if method == "DELETE" else ""
        stale = call(method, f"{where}{query}", sent and sent | {"etag": first["etag"]})
        assert (stale.status_code, stale.json()["error"]["status"]) == (409, "ABORTED")
    assert call("GET", path).json() == second
    assert call("DELETE", f"{path}?etag={second['etag']}").ok


def test_a_stale_etag_of_a_secret_version_is_a_conflict(call):
    call("POST", f"{SECRETS}?secretId=versioned", AUTOMATIC)
    version = call("POST", f"{SECRETS}/versioned:addVersion", {"payload": {"data": "eA=="}}).json()
    path = f"secretmanager/v1/{version['name']}"
    disabled = call("POST", f"{path}:disable", {"etag": version["etag"]}).json()
    assert disabled["etag"] != version["etag"]
    assert call("POST", f"{path}:enable", {"etag": version["etag"]}).status_code == 409
    assert call("GET", path).json() == disabled


def test_every_change_of_a_job_is_a_generation(call):
    path = f"{JOBS}/counted"
    call("POST", f"{JOBS}?jobId=counted", {"template": JOB})
    first = call("GET", path).json()
    call("PATCH", path, {"template": JOB, "labels": {"a": "b"}})
    second = call("GET", path).json()
    assert (first["generation"], second["generation"], second["observedGeneration"]) == ("1", "2", "2")
    assert (first["uid"], first["createTime"]) == (second["uid"], second["createTime"])
    assert second["updateTime"] > first["updateTime"]


def test_an_update_changes_only_the_fields_in_the_mask(call):
    call("POST", f"{SECRETS}?secretId=masked", AUTOMATIC | {"labels": {"a": "1"}, "annotations": {"b": "2"}})
    path = f"{SECRETS}/masked?updateMask=annotations"
    changed = call("PATCH", path, {"labels": {"a": "9"}}).json()
    assert changed["labels"] == {"a": "1"}
    assert "annotations" not in changed  # in the mask and absent from the body: cleared
    assert call("GET", f"{SECRETS}/masked").json() == changed


def test_one_of_many_concurrent_creates_succeeds(call):
    with ThreadPoolExecutor(10) as pool:
        codes = pool.map(lambda _: call("POST", f"{SECRETS}?secretId=race", AUTOMATIC).status_code, range(10))
    assert sorted(codes) == [200] + [409] * 9


def test_a_list_comes_in_pages(call):
    for number in range(3):
        call("POST", ROLES, {"roleId": f"paged{number}", "role": {"title": str(number)}})
    titles, token = [], ""
    while token is not None:
        answer = call("GET", f"{ROLES}?pageSize=2&pageToken={token}").json()
        titles += [role["title"] for role in answer["roles"]]
        token = answer.get("nextPageToken")
    assert [title for title in titles if title in "012"] == ["0", "1", "2"]


def test_the_versions_of_a_secret_are_added_disabled_and_destroyed(secrets):
    secret = secrets.create_secret(parent=PROJECT, secret_id="life", secret=AUTOMATIC).name
    latest = f"{secret}/versions/latest"
    with pytest.raises(NotFound):
        secrets.access_secret_version(name=latest)  # no version yet
    for value in (b"first", b"second"):
        secrets.add_secret_version(parent=secret, payload={"data": value})
    answer = secrets.access_secret_version(name=latest)
    assert (answer.name, answer.payload.data) == (f"{secret}/versions/2", b"second")
    secrets.disable_secret_version(name=f"{secret}/versions/2")
    with pytest.raises(BadRequest, match="state"):
        secrets.access_secret_version(name=latest)  # latest is the newest version in any state
    secrets.enable_secret_version(name=f"{secret}/versions/2")
    secrets.destroy_secret_version(name=f"{secret}/versions/1")
    with pytest.raises(BadRequest, match="state"):
        secrets.enable_secret_version(name=f"{secret}/versions/1")
    assert [item.state.name for item in secrets.list_secret_versions(parent=secret)] == [
        "ENABLED",
        "DESTROYED",
    ]
    secrets.delete_secret(name=secret)
    secrets.create_secret(parent=PROJECT, secret_id="life", secret=AUTOMATIC)
    assert not list(secrets.list_secret_versions(parent=secret))  # no versions of the deleted secret


def test_google_s_client_updates_labels(secrets):
    secret = secrets.create_secret(parent=PROJECT, secret_id="labelled", secret=AUTOMATIC)
    mask = field_mask_pb2.FieldMask(paths=["labels"])
    changed = secrets.update_secret(
        secret={"name": secret.name, "labels": {"team": "data"}}, update_mask=mask
    )
    assert dict(changed.labels) == {"team": "data"}
    assert secret.name in [item.name for item in secrets.list_secrets(parent=PROJECT)]


def binding(email):
    return {"role": "roles/viewer", "members": [f"serviceAccount:{email}"]}


def test_a_stale_etag_of_a_policy_is_a_conflict(call):
    call("POST", f"{SECRETS}?secretId=etagged", AUTOMATIC)
    first = call("GET", f"{SECRETS}/etagged:getIamPolicy").json()
    assert first == {"etag": "ACAB"}
    policy = {"bindings": [binding("agent@gcp-sa-dataform.iam.gserviceaccount.com")], "etag": first["etag"]}
    second = call("POST", f"{SECRETS}/etagged:setIamPolicy", {"policy": policy}).json()
    assert second["etag"] != first["etag"]
    stale = call("POST", f"{SECRETS}/etagged:setIamPolicy", {"policy": policy | {"bindings": []}})
    assert (stale.status_code, stale.json()["error"]["status"]) == (409, "ABORTED")
    assert call("GET", f"{SECRETS}/etagged:getIamPolicy?options.requestedPolicyVersion=3").json() == second


def test_a_grant_to_an_absent_account_is_refused_unless_the_policy_has_it_already(call):
    email = "leaver@sandbox-local.iam.gserviceaccount.com"
    policy = {"policy": {"bindings": [binding(email)]}}
    refused = call("POST", f"{POLICY}:setIamPolicy", policy)
    assert refused.json()["error"]["message"] == f"Service account {email} does not exist."
    account = call("POST", ACCOUNTS, {"accountId": "leaver", "serviceAccount": {"displayName": "L"}}).json()
    assert (account["email"], len(account["uniqueId"])) == (email, 21)
    assert call("POST", f"{POLICY}:setIamPolicy", policy).ok
    assert call("DELETE", f"{ACCOUNTS}/{email}").ok
    assert call("POST", f"{POLICY}:setIamPolicy", policy).ok
    assert call("POST", f"{POLICY}:setIamPolicy", {"policy": {"bindings": []}}).json().get("bindings") == []


def test_a_policy_can_be_read_with_a_version_in_the_query(call):
    call("POST", ACCOUNTS, {"accountId": "versioned", "serviceAccount": {}})
    account = f"{ACCOUNTS}/versioned@sandbox-local.iam.gserviceaccount.com"
    answer = call("POST", f"{account}:getIamPolicy?options.requestedPolicyVersion=3")
    assert answer.json() == {"etag": "ACAB"}


def test_audit_configs_stay_unless_they_are_in_the_mask(call):
    call("POST", f"{SECRETS}?secretId=audited", AUTOMATIC)
    path, audit = f"{SECRETS}/audited:setIamPolicy", [{"service": "allServices"}]
    call("POST", path, {"policy": {"auditConfigs": audit}, "updateMask": "bindings,etag,auditConfigs"})
    assert call("POST", path, {"policy": {"bindings": []}}).json()["auditConfigs"] == audit


def test_a_deleted_role_keeps_its_id_until_it_is_undeleted(call):
    body = {"roleId": "deleted_role", "role": {"title": "B", "includedPermissions": ["run.jobs.run"]}}
    call("POST", ROLES, body)
    assert call("DELETE", f"{ROLES}/deleted_role").json()["deleted"] is True
    assert call("GET", f"{ROLES}/deleted_role").json()["deleted"] is True
    assert "deleted_role" not in call("GET", ROLES).text
    assert call("POST", ROLES, body).status_code == 409
    assert call("POST", f"{ROLES}/deleted_role:undelete", {}).json()["deleted"] is False


def test_services_are_enabled_and_disabled_by_operations(call):
    names = ["dataform.googleapis.com", "sheets.googleapis.com"]
    operation = call("POST", f"{USAGE}:batchEnable", {"serviceIds": names}).json()
    assert operation["done"] is True
    assert call("GET", f"serviceusage/v1/{operation['name']}").json() == operation
    call("POST", f"{USAGE}/sheets.googleapis.com:disable", {})
    enabled = call("GET", f"{USAGE}?filter=state:ENABLED").json()["services"]
    numbered = [f"projects/100000000001/services/{name}" for name in names]
    assert [item["name"] for item in enabled if item["name"] in numbered] == numbered[:1]
    assert call("POST", f"{USAGE}/sheets.googleapis.com:disable", {}).status_code == 400


def test_a_service_agent_needs_an_enabled_service(call):
    path = f"serviceusage/v1beta1/{PROJECT}/services"
    operation = call("POST", f"{path}/secretmanager.googleapis.com:generateServiceIdentity", {}).json()
    agent = "service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com"
    assert operation["response"]["email"] == agent
    assert call("GET", f"serviceusage/v1beta1/{operation['name']}").json() == operation
    assert call("POST", f"{path}/redis.googleapis.com:generateServiceIdentity", {}).status_code == 400


def test_the_project_has_a_number_and_a_billing_account(call):
    project = call("GET", f"cloudresourcemanager/v1/{PROJECT}").json()
    assert call("GET", f"cloudresourcemanager/v1/projects/{project['projectNumber']}").json() == project
    assert call("GET", f"cloudbilling/v1/{PROJECT}/billingInfo").json()["billingEnabled"] is True


def test_stored_resources_survive_a_kill(restartable):
    for code in (200, 409):
        with restartable() as (state, process):
            body = {"roleId": "lasting", "role": {"title": "L"}}
            assert requests.post(f"{state.address}/{ROLES}", json=body, timeout=10).status_code == code
            process.kill()
