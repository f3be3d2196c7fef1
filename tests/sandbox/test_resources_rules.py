"""The rules of single APIs: alerts, dashboards, log metrics, registries, federation and budgets."""

import uuid
from typing import Any

import pytest
import requests

PROJECT = "projects/sandbox-local"
NUMBERED = "projects/100000000001"
MONITORING = f"monitoring/v3/{PROJECT}"
METRICS = f"logging/v2/{PROJECT}/metrics"
DASHBOARDS = f"monitoring/v1/{PROJECT}/dashboards"
REPOSITORIES = f"artifactregistry/v1/{PROJECT}/locations/europe-west1/repositories"
POOLS = f"iam/v1/{PROJECT}/locations/global/workloadIdentityPools"
BUDGETS = "billingbudgets/v1/billingAccounts/012345-6789AB-CDEF01/budgets"
GITHUB = "https://token.actions.githubusercontent.com"


def assert_refused(answer, code):
    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code), answer.text


# Monitoring

EMAIL: dict[str, Any] = {"type": "email", "labels": {"email_address": "data@example.com"}}
THRESHOLD = {"filter": 'metric.type="run.googleapis.com/job/x" AND resource.type="cloud_run_job"'}
MATCHED = {"displayName": "c", "conditionMatchedLog": {"filter": "severity>=ERROR"}}
LIMIT = {"notificationRateLimit": {"period": "3600s"}}


def condition(kind="conditionThreshold", **fields):
    return {"displayName": "c", kind: THRESHOLD | fields}


def policy(*conditions, **fields):
    return {"displayName": "p", "combiner": "OR", "conditions": list(conditions), **fields}


def test_the_server_names_an_alert_policy_and_its_conditions(call):
    channel = call("POST", f"{MONITORING}/notificationChannels", EMAIL).json()
    assert channel["enabled"] is True
    sent = policy(condition(), condition(), notificationChannels=[channel["name"]])
    created = call("POST", f"{MONITORING}/alertPolicies", sent).json()
    assert created["name"].rsplit("/", 1)[-1].isdigit()
    names = [item["name"] for item in created["conditions"]]
    assert names == [f"{created['name']}/conditions/{index}" for index in (1, 2)]
    assert_refused(call("DELETE", f"monitoring/v3/{channel['name']}"), 400)  # a policy uses it
    assert call("DELETE", f"monitoring/v3/{channel['name']}?force=true").ok


def test_generated_ids_are_the_same_in_another_sandbox_and_unique_in_one(call, restartable):
    sent = EMAIL | {"displayName": "Recorded"}
    names = [call("POST", f"{MONITORING}/notificationChannels", sent).json()["name"] for _ in range(2)]
    with restartable() as (state, _):
        path = f"{state.address}/{MONITORING}/notificationChannels"
        assert requests.post(path, json=sent, timeout=10).json()["name"] == names[0]
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (policy(condition()), 200),
        (policy(MATCHED, alertStrategy=LIMIT), 200),
        (policy(condition("conditionAbsent", duration="7200s")), 200),
        (policy(), 400),
        (policy(condition()) | {"combiner": "ANY"}, 400),
        (policy({"displayName": "c"}), 400),  # no condition type
        (policy(condition() | {"conditionAbsent": THRESHOLD}), 400),  # two condition types
        (policy(condition(filter='metric.type="x"')), 400),  # no resource type
        (policy(condition(duration="90s")), 400),  # whole minutes
        (policy(condition("conditionAbsent", duration="60s")), 400),
        (policy(condition("conditionAbsent", duration="172800s")), 400),  # two days
        (policy(condition(threshold=1)), 400),  # the field is thresholdValue
        (policy(MATCHED), 400),  # no rate limit
        (policy(MATCHED, MATCHED, alertStrategy=LIMIT), 400),
        (policy(condition(), alertStrategy=LIMIT), 400),
        (policy(condition(), documentation={"content": "x" * 10_241}), 400),
        (policy(condition(), notificationChannels=[f"{PROJECT}/notificationChannels/1"]), 404),
    ],
)
def test_rules_of_alert_policies(call, sent, code):
    answer = call("POST", f"{MONITORING}/alertPolicies", sent)
    assert answer.status_code == code, answer.text


def test_an_alert_on_a_log_metric_needs_the_metric(call):
    text = 'metric.type="logging.googleapis.com/user/sales/rows" AND resource.type="cloud_run_job"'
    sent = policy(condition(filter=text))
    assert_refused(call("POST", f"{MONITORING}/alertPolicies", sent), 404)
    assert call("POST", METRICS, {"name": "sales/rows", "filter": "severity>=INFO"}).ok
    assert call("POST", f"{MONITORING}/alertPolicies", sent).ok
    assert call("GET", f"{METRICS}/sales%2Frows").json()["name"] == "sales/rows"


@pytest.mark.parametrize(
    "channel",
    [
        EMAIL | {"type": "pigeon"},
        EMAIL | {"labels": {}},
        EMAIL | {"labels": {"email_address": ""}},
        EMAIL | {"labels": EMAIL["labels"] | {"colour": "red"}},
        EMAIL | {"address": "data@example.com"},
    ],
)
def test_a_channel_needs_the_labels_of_its_type(call, channel):
    assert_refused(call("POST", f"{MONITORING}/notificationChannels", channel), 400)


def test_a_stale_etag_of_a_dashboard_is_a_conflict(call):
    board = {"displayName": "d", "gridLayout": {"widgets": [{"title": "t", "text": {"content": "x"}}]}}
    created = call("POST", DASHBOARDS, board).json()
    assert created["name"].startswith(f"{NUMBERED}/dashboards/")
    path = f"monitoring/v1/{created['name']}"
    changed = call("PATCH", path, board | {"displayName": "e", "etag": created["etag"]}).json()
    assert changed["etag"] != created["etag"]
    assert_refused(call("PATCH", path, board | {"etag": created["etag"]}), 409)
    assert call("GET", path).json() == changed
    assert_refused(call("POST", DASHBOARDS, board | {"mosaicLayout": {}}), 400)
    assert_refused(call("POST", DASHBOARDS, board | {"gridLayout": {"tiles": []}}), 400)
    assert_refused(call("POST", f"monitoring/v3/{PROJECT}/dashboards", board), 404)  # dashboards are in v1


# Logging


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 200),
        (
            {"metricDescriptor": {"valueType": "DISTRIBUTION"}, "valueExtractor": "EXTRACT(jsonPayload.n)"},
            200,
        ),
        ({"filter": ""}, 400),
        ({"metricDescriptor": {"metricKind": "GAUGE"}}, 400),
        ({"metricDescriptor": {"valueType": "DISTRIBUTION"}}, 400),  # no extractor
        ({"valueExtractor": "EXTRACT(jsonPayload.n)"}, 400),
        ({"metricDescriptor": {"labels": [{"key": "endpoint"}]}}, 400),  # no extractor
        ({"labelExtractors": {"endpoint": "EXTRACT(jsonPayload.endpoint)"}}, 400),
        ({"name": "/slash"}, 400),
        ({"threshold": 1}, 400),
    ],
)
def test_rules_of_log_metrics(call, fields, code):
    call("DELETE", f"{METRICS}/tried")
    sent = {"name": "tried", "filter": "severity>=ERROR"} | fields
    assert call("POST", METRICS, sent).status_code == code


def test_a_put_creates_a_log_metric_or_replaces_it(call):
    first = call("PUT", f"{METRICS}/put", {"name": "put", "filter": "a", "description": "d"}).json()
    second = call("PUT", f"{METRICS}/put", {"name": "put", "filter": "b"}).json()
    assert (first["description"], second["filter"]) == ("d", "b")
    assert "description" not in second
    assert second["metricDescriptor"]["type"] == "logging.googleapis.com/user/put"
    assert_refused(call("PATCH", f"{METRICS}/put", {"filter": "c"}), 404)  # metrics have PUT only


# Artifact Registry


def test_a_registry_is_created_and_deleted_by_operations_and_updated_without(call):
    sent = {"format": "DOCKER", "cleanupPolicies": {"ten": {"id": "ten", "mostRecentVersions": {}}}}
    operation = call("POST", f"{REPOSITORIES}?repository_id=images", sent).json()
    assert operation["response"]["registryUri"] == "europe-west1-docker.pkg.dev/sandbox-local/images"
    assert call("GET", f"artifactregistry/v1/{operation['name']}").json() == operation
    path = f"{REPOSITORIES}/images?updateMask=description"
    assert call("PATCH", path, {"description": "d"}).json()["description"] == "d"
    assert_refused(call("PATCH", f"{REPOSITORIES}/images?updateMask=format", {"format": "NPM"}), 400)
    deleted = call("DELETE", f"{REPOSITORIES}/images").json()
    assert deleted["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"format": "FLOPPY"},
        {"format": "DOCKER", "cleanupPolicies": {"a": {"id": "b", "mostRecentVersions": {}}}},
        {"format": "DOCKER", "cleanupPolicies": {"a": {"id": "a", "action": "DELETE"}}},
        {"format": "DOCKER", "dockerConfig": {"immutable": True}},
    ],
)
def test_invalid_registries(call, sent):
    assert_refused(call("POST", f"{REPOSITORIES}?repository_id=wrong", sent), 400)


# Workload identity federation

OIDC: dict[str, Any] = {
    "oidc": {"issuerUri": GITHUB},
    "attributeMapping": {"google.subject": "assertion.sub", "attribute.ref": "assertion.ref"},
    "attributeCondition": 'attribute.ref == "refs/heads/main"',
}


def test_a_deleted_pool_keeps_its_id_until_it_is_undeleted(call):
    created = call("POST", f"{POOLS}?workloadIdentityPoolId=deleted", {}).json()["response"]
    assert created["name"] == f"{NUMBERED}/locations/global/workloadIdentityPools/deleted"
    assert call("GET", f"{POOLS}/deleted:listAttestationRules").json() == {}
    assert call("DELETE", f"{POOLS}/deleted").json()["response"]["state"] == "DELETED"
    assert call("GET", f"{POOLS}/deleted").json()["expireTime"]
    assert "/deleted" not in call("GET", POOLS).text
    assert_refused(call("POST", f"{POOLS}?workloadIdentityPoolId=deleted", {}), 409)
    assert_refused(
        call("POST", f"{POOLS}/deleted/providers?workloadIdentityPoolProviderId=github", OIDC), 400
    )
    assert call("POST", f"{POOLS}/deleted:undelete", {}).json()["response"]["state"] == "ACTIVE"
    assert "expireTime" not in call("GET", f"{POOLS}/deleted").json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 200),
        ({"attributeCondition": ""}, 400),  # all repositories have the same issuer
        ({"attributeCondition": "true"}, 400),
        ({"attributeMapping": {"attribute.ref": "assertion.ref"}}, 400),  # no subject
        ({"attributeMapping": OIDC["attributeMapping"] | {"ref": "assertion.ref"}}, 400),
        ({"oidc": {"issuerUri": "http://example.com"}}, 400),
        ({"oidc": {"issuer": GITHUB}}, 400),
        ({"aws": {"accountId": "1"}}, 400),  # two sources
    ],
)
def test_a_provider_of_a_shared_issuer_restricts_the_claims(call, change, code):
    call("POST", f"{POOLS}?workloadIdentityPoolId=strict", {})
    identity = f"provider-{uuid.uuid4().hex[:12]}"
    path = f"{POOLS}/strict/providers?workloadIdentityPoolProviderId={identity}"
    assert call("POST", path, OIDC | change).status_code == code


@pytest.mark.parametrize(
    ("project", "pool", "code"),
    [(NUMBERED, "granted", 200), (NUMBERED, "absent", 400), (PROJECT, "granted", 400)],  # by its number
)
def test_a_grant_to_a_pool_needs_the_pool(call, project, pool, code):
    call("POST", f"{POOLS}?workloadIdentityPoolId=granted", {})
    call("POST", f"{REPOSITORIES}?repository_id=granted", {"format": "DOCKER"})
    name = f"{project}/locations/global/workloadIdentityPools/{pool}"
    member = f"principalSet://iam.googleapis.com/{name}/attribute.repository_id/1"
    policy = {"bindings": [{"role": "roles/artifactregistry.writer", "members": [member]}]}
    answer = call("POST", f"{REPOSITORIES}/granted:setIamPolicy", {"policy": policy})
    assert answer.status_code == code, answer.text


@pytest.mark.parametrize("identity", ["gcp-pool", "x", "Upper"])
def test_invalid_ids_and_locations_of_pools(call, identity):
    assert_refused(call("POST", f"{POOLS}?workloadIdentityPoolId={identity}", {}), 400)
    assert_refused(call("POST", f"{POOLS.replace('global', 'eu')}?workloadIdentityPoolId=regional", {}), 400)


# Budgets

FIFTY = {"specifiedAmount": {"currencyCode": "EUR", "units": "50"}}


def test_a_budget_has_the_sent_fields_a_name_and_an_etag(call):
    sent = {"displayName": "b", "amount": FIFTY, "budgetFilter": {"projects": [PROJECT]}}
    created = call("POST", BUDGETS, sent).json()
    path = f"billingbudgets/v1/{created.pop('name')}"
    assert created.pop("etag")
    assert created == sent | {"budgetFilter": {"projects": [NUMBERED]}}
    changed = call("PATCH", f"{path}?updateMask=displayName", {"displayName": "c"}).json()
    assert (changed["displayName"], changed["amount"]) == ("c", FIFTY)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": {}}, 400),
        ({"thresholdRules": [{"spendBasis": "CURRENT_SPEND"}]}, 400),
        ({"notificationsRule": {"pubsubTopic": f"{PROJECT}/topics/t"}}, 400),  # no schemaVersion
        ({"notificationsRule": {"monitoringNotificationChannels": ["absent"]}}, 400),
        ({"limit": 50}, 400),
    ],
)
def test_invalid_budgets(call, change, code):
    assert_refused(call("POST", BUDGETS, {"amount": FIFTY} | change), code)


def test_an_invalid_billing_account_is_forbidden(call):
    assert_refused(call("POST", "billingbudgets/v1/billingAccounts/mine/budgets", {"amount": FIFTY}), 403)
