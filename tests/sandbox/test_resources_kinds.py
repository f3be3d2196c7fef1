"""Alerts, dashboards, log metrics, images, federation and budgets: what is made, and what Google refuses."""

import uuid

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


def refused(answer, code):
    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code), answer.text


# Monitoring

EMAIL = {"type": "email", "labels": {"email_address": "data@example.com"}}
THRESHOLD = {"filter": 'metric.type="run.googleapis.com/job/x" AND resource.type="cloud_run_job"'}
MATCHED = {"displayName": "c", "conditionMatchedLog": {"filter": "severity>=ERROR"}}
LIMIT = {"notificationRateLimit": {"period": "3600s"}}


def condition(kind="conditionThreshold", **fields):
    return {"displayName": "c", kind: THRESHOLD | fields}


def policy(*conditions, **fields):
    return {"displayName": "p", "combiner": "OR", "conditions": list(conditions), **fields}


def test_an_alert_policy_and_its_conditions_are_named_by_the_server(call):
    channel = call("POST", f"{MONITORING}/notificationChannels", EMAIL).json()
    assert channel["enabled"] is True
    asked = policy(condition(), condition(), notificationChannels=[channel["name"]])
    made = call("POST", f"{MONITORING}/alertPolicies", asked).json()
    assert made["name"].rsplit("/", 1)[-1].isdigit()
    names = [one["name"] for one in made["conditions"]]
    assert names == [f"{made['name']}/conditions/{index}" for index in (1, 2)]
    refused(call("DELETE", f"monitoring/v3/{channel['name']}"), 400)  # a policy needs it
    assert call("DELETE", f"monitoring/v3/{channel['name']}?force=true").ok


def test_what_is_sent_again_elsewhere_gets_the_same_id_and_here_another(call, restartable):
    asked = EMAIL | {"displayName": "Recorded"}
    names = [call("POST", f"{MONITORING}/notificationChannels", asked).json()["name"] for _ in range(2)]
    with restartable() as (state, _):
        path = f"{state.address}/{MONITORING}/notificationChannels"
        assert requests.post(path, json=asked, timeout=10).json()["name"] == names[0]
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (policy(condition()), 200),
        (policy(MATCHED, alertStrategy=LIMIT), 200),
        (policy(condition("conditionAbsent", duration="7200s")), 200),
        (policy(), 400),
        (policy(condition()) | {"combiner": "ANY"}, 400),
        (policy({"displayName": "c"}), 400),  # no kind of condition
        (policy(condition() | {"conditionAbsent": THRESHOLD}), 400),  # two
        (policy(condition(filter='metric.type="x"')), 400),  # which resource
        (policy(condition(duration="90s")), 400),  # whole minutes
        (policy(condition("conditionAbsent", duration="60s")), 400),
        (policy(condition("conditionAbsent", duration="172800s")), 400),  # two days
        (policy(condition(threshold=1)), 400),  # its name is thresholdValue
        (policy(MATCHED), 400),  # how often at most
        (policy(MATCHED, MATCHED, alertStrategy=LIMIT), 400),
        (policy(condition(), alertStrategy=LIMIT), 400),
        (policy(condition(), documentation={"content": "x" * 10_241}), 400),
        (policy(condition(), notificationChannels=[f"{PROJECT}/notificationChannels/1"]), 404),
    ],
)
def test_what_an_alert_policy_may_be(call, asked, code):
    answer = call("POST", f"{MONITORING}/alertPolicies", asked)
    assert answer.status_code == code, answer.text


def test_an_alert_on_a_log_metric_needs_the_metric(call):
    text = 'metric.type="logging.googleapis.com/user/sales/rows" AND resource.type="cloud_run_job"'
    asked = policy(condition(filter=text))
    refused(call("POST", f"{MONITORING}/alertPolicies", asked), 404)
    assert call("POST", METRICS, {"name": "sales/rows", "filter": "severity>=INFO"}).ok
    assert call("POST", f"{MONITORING}/alertPolicies", asked).ok
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
def test_a_channel_without_an_address_is_refused(call, channel):
    refused(call("POST", f"{MONITORING}/notificationChannels", channel), 400)


def test_a_dashboard_is_written_by_whoever_read_it_last(call):
    board = {"displayName": "d", "gridLayout": {"widgets": [{"title": "t", "text": {"content": "x"}}]}}
    made = call("POST", DASHBOARDS, board).json()
    assert made["name"].startswith(f"{NUMBERED}/dashboards/")
    path = f"monitoring/v1/{made['name']}"
    changed = call("PATCH", path, board | {"displayName": "e", "etag": made["etag"]}).json()
    assert changed["etag"] != made["etag"]
    refused(call("PATCH", path, board | {"etag": made["etag"]}), 409)
    assert call("GET", path).json() == changed
    refused(call("POST", DASHBOARDS, board | {"mosaicLayout": {}}), 400)
    refused(call("POST", DASHBOARDS, board | {"gridLayout": {"tiles": []}}), 400)
    refused(call("POST", f"monitoring/v3/{PROJECT}/dashboards", board), 404)  # they are v1


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
        ({"metricDescriptor": {"valueType": "DISTRIBUTION"}}, 400),  # of what
        ({"valueExtractor": "EXTRACT(jsonPayload.n)"}, 400),
        ({"metricDescriptor": {"labels": [{"key": "endpoint"}]}}, 400),  # from where
        ({"labelExtractors": {"endpoint": "EXTRACT(jsonPayload.endpoint)"}}, 400),
        ({"name": "/slash"}, 400),
        ({"threshold": 1}, 400),
    ],
)
def test_what_a_log_metric_may_be(call, fields, code):
    call("DELETE", f"{METRICS}/tried")
    asked = {"name": "tried", "filter": "severity>=ERROR"} | fields
    assert call("POST", METRICS, asked).status_code == code


def test_a_put_makes_a_log_metric_or_replaces_it(call):
    first = call("PUT", f"{METRICS}/put", {"name": "put", "filter": "a", "description": "d"}).json()
    second = call("PUT", f"{METRICS}/put", {"name": "put", "filter": "b"}).json()
    assert (first["description"], second["filter"]) == ("d", "b")
    assert "description" not in second
    assert second["metricDescriptor"]["type"] == "logging.googleapis.com/user/put"
    refused(call("PATCH", f"{METRICS}/put", {"filter": "c"}), 404)  # a metric is put


# Artifact Registry


def test_a_registry_is_made_and_deleted_by_operations_and_changed_at_once(call):
    asked = {"format": "DOCKER", "cleanupPolicies": {"ten": {"id": "ten", "mostRecentVersions": {}}}}
    operation = call("POST", f"{REPOSITORIES}?repository_id=images", asked).json()
    assert operation["response"]["registryUri"] == "europe-west1-docker.pkg.dev/sandbox-local/images"
    assert call("GET", f"artifactregistry/v1/{operation['name']}").json() == operation
    path = f"{REPOSITORIES}/images?updateMask=description"
    assert call("PATCH", path, {"description": "d"}).json()["description"] == "d"
    refused(call("PATCH", f"{REPOSITORIES}/images?updateMask=format", {"format": "NPM"}), 400)
    gone = call("DELETE", f"{REPOSITORIES}/images").json()
    assert gone["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"format": "FLOPPY"},
        {"format": "DOCKER", "cleanupPolicies": {"a": {"id": "b", "mostRecentVersions": {}}}},
        {"format": "DOCKER", "cleanupPolicies": {"a": {"id": "a", "action": "DELETE"}}},
        {"format": "DOCKER", "dockerConfig": {"immutable": True}},
    ],
)
def test_what_is_no_registry(call, asked):
    refused(call("POST", f"{REPOSITORIES}?repository_id=wrong", asked), 400)


# Workload identity federation

OIDC = {
    "oidc": {"issuerUri": GITHUB},
    "attributeMapping": {"google.subject": "assertion.sub", "attribute.ref": "assertion.ref"},
    "attributeCondition": 'attribute.ref == "refs/heads/main"',
}


def test_a_deleted_pool_keeps_its_id_until_it_is_brought_back(call):
    made = call("POST", f"{POOLS}?workloadIdentityPoolId=buried", {}).json()["response"]
    assert made["name"] == f"{NUMBERED}/locations/global/workloadIdentityPools/buried"
    assert call("GET", f"{POOLS}/buried:listAttestationRules").json() == {}
    assert call("DELETE", f"{POOLS}/buried").json()["response"]["state"] == "DELETED"
    assert call("GET", f"{POOLS}/buried").json()["expireTime"]
    assert "buried" not in call("GET", POOLS).text
    refused(call("POST", f"{POOLS}?workloadIdentityPoolId=buried", {}), 409)
    refused(call("POST", f"{POOLS}/buried/providers?workloadIdentityPoolProviderId=github", OIDC), 400)
    assert call("POST", f"{POOLS}/buried:undelete", {}).json()["response"]["state"] == "ACTIVE"
    assert "expireTime" not in call("GET", f"{POOLS}/buried").json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 200),
        ({"attributeCondition": ""}, 400),  # everyone's repositories have the same issuer
        ({"attributeCondition": "true"}, 400),
        ({"attributeMapping": {"attribute.ref": "assertion.ref"}}, 400),  # no subject
        ({"attributeMapping": OIDC["attributeMapping"] | {"ref": "assertion.ref"}}, 400),
        ({"oidc": {"issuerUri": "http://example.com"}}, 400),
        ({"oidc": {"issuer": GITHUB}}, 400),
        ({"aws": {"accountId": "1"}}, 400),  # two sources
    ],
)
def test_a_provider_says_whose_tokens_it_means(call, change, code):
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
def test_a_pool_is_not_called_anything(call, identity):
    refused(call("POST", f"{POOLS}?workloadIdentityPoolId={identity}", {}), 400)
    refused(call("POST", f"{POOLS.replace('global', 'eu')}?workloadIdentityPoolId=regional", {}), 400)


# Budgets

FIFTY = {"specifiedAmount": {"currencyCode": "EUR", "units": "50"}}


def test_a_budget_is_what_was_sent_and_a_name_and_an_etag(call):
    asked = {"displayName": "b", "amount": FIFTY, "budgetFilter": {"projects": [PROJECT]}}
    made = call("POST", BUDGETS, asked).json()
    path = f"billingbudgets/v1/{made.pop('name')}"
    assert made.pop("etag")
    assert made == asked | {"budgetFilter": {"projects": [NUMBERED]}}
    changed = call("PATCH", f"{path}?updateMask=displayName", {"displayName": "c"}).json()
    assert (changed["displayName"], changed["amount"]) == ("c", FIFTY)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": {}}, 400),
        ({"thresholdRules": [{"spendBasis": "CURRENT_SPEND"}]}, 400),
        ({"notificationsRule": {"pubsubTopic": f"{PROJECT}/topics/t"}}, 400),  # which schema
        ({"notificationsRule": {"monitoringNotificationChannels": ["absent"]}}, 400),
        ({"limit": 50}, 400),
    ],
)
def test_what_is_no_budget(call, change, code):
    refused(call("POST", BUDGETS, {"amount": FIFTY} | change), code)


def test_a_billing_account_has_the_shape_of_one(call):
    refused(call("POST", "billingbudgets/v1/billingAccounts/mine/budgets", {"amount": FIFTY}), 403)
