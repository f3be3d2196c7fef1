"""Requests against Google's discovery documents: the method, the parameters, the fields of the body."""

import json

import pytest
import requests

from demo.recorded_apply.replay import RECORD
from sandbox.discovery.documents import SERVED, Document, find_api, load_document
from sandbox.discovery.fields import checked_body
from sandbox.discovery.parameters import checked_query
from sandbox.resources.errors import InvalidArgument

PROJECT = "projects/sandbox-local"


def known_api(path: str) -> tuple[Document, str]:
    api = find_api(path)
    assert api is not None, path
    return api


@pytest.mark.parametrize("prefix", SERVED)
def test_every_served_api_has_a_document_with_methods(prefix):
    document, _ = known_api(f"/{prefix}/x")
    assert document.methods
    assert document.content["version"] == prefix.rsplit("/", 1)[-1]


@pytest.mark.parametrize(
    ("http", "path", "method", "resource"),
    [
        ("PUT", "/pubsub/v1/projects/p/topics/t", "pubsub.projects.topics.create", "projects/p/topics/t"),
        ("GET", "/pubsub/v1/projects/p/topics", "pubsub.projects.topics.list", "projects/p"),
        (
            "POST",
            "/secretmanager/v1/projects/p/secrets/s/versions/1:enable",
            "secretmanager.projects.secrets.versions.enable",
            "projects/p/secrets/s/versions/1",
        ),
        (
            "POST",
            "/scheduler/v1/projects/p/locations/l/jobs/j:run",
            "cloudscheduler.projects.locations.jobs.run",
            "projects/p/locations/l/jobs/j",
        ),
        (
            "GET",
            "/logging/v2/projects/p/metrics/a%2Fb",
            "logging.projects.metrics.get",
            "projects/p/metrics/a%2Fb",
        ),
        # Two paths of Logging match: the one with the literal "projects" is the more specific one.
        ("POST", "/logging/v2/projects/p/sinks", "logging.projects.sinks.create", "projects/p"),
        (
            "POST",
            "/bigquery/v2/projects/p/datasets/d/tables",
            "bigquery.tables.insert",
            "projects/p/datasets/d",
        ),
        ("GET", "/storage/v1/b/bucket/o/a%2Fb", "storage.objects.get", "b/bucket/o/a%2Fb"),
        ("POST", "/upload/storage/v1/b/bucket/o", "storage.objects.insert", "b/bucket"),
        (
            "GET",
            "/monitoring/v1/projects/p/dashboards/d",
            "monitoring.projects.dashboards.get",
            "projects/p/dashboards/d",
        ),
    ],
)
def test_a_request_has_one_method_and_one_resource(http, path, method, resource):
    document, inside = known_api(path)
    match = document.match(http, inside)
    assert match is not None
    matched, name = match
    assert (matched.id, name) == (method, resource)


@pytest.mark.parametrize(
    ("http", "path"),
    [
        ("POST", "/pubsub/v1/projects/p/topics"),
        ("GET", "/pubsub/v1/projects/p/topics/"),
        ("GET", "/pubsub/v1/projects//topics"),
        ("POST", "/pubsub/v1/projects/p/topics/t:melt"),
        ("DELETE", "/run/v2/projects/p"),
    ],
)
def test_other_requests_have_none(http, path):
    document, inside = known_api(path)
    assert document.match(http, inside) is None


def test_paths_of_other_services_have_no_api():
    assert find_api("/retail/v1/sales") is None
    assert find_api("/run/logs/job/execution") is None


def test_every_recorded_request_calls_a_method_and_passes():
    for line in RECORD.read_text().splitlines():
        request = json.loads(line)
        document, inside = known_api(request["path"])
        matched = document.match(request["method"], inside)
        assert matched, line
        checked_query(document, matched[0], list(request["query"].items()))
        if matched[0].request:
            checked_body(document, matched[0].request, request["body"] or {})


def secret(**fields):
    return checked_body(load_document("secretmanager.v1"), "Secret", fields)


def test_proto_json_has_several_forms_of_one_value():
    sent = {"version_aliases": {"my_alias": 5}, "versionDestroyTtl": "1.5s", "labels": None}
    assert secret(**sent) == {"versionAliases": {"my_alias": "5"}, "versionDestroyTtl": "1.5s"}
    document = load_document("pubsub.v1")
    assert checked_body(document, "Subscription", {"ackDeadlineSeconds": "20"}) == {"ackDeadlineSeconds": 20}
    assert checked_body(document, "PubsubMessage", {"data": "-_8="}) == {"data": "+/8="}


def test_output_only_fields_of_a_nested_message_are_ignored():
    sent = {"role": {"title": "t"}, "roleId": "r"}
    document = load_document("iam.v1")
    assert checked_body(document, "CreateRoleRequest", sent) == sent
    account = {"accountId": "a", "serviceAccount": {"email": "a@example.com", "displayName": "A"}}
    accepted = checked_body(document, "CreateServiceAccountRequest", account)
    assert accepted["serviceAccount"] == {"displayName": "A"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"colour": 1}, 'Invalid JSON payload received. Unknown name "colour": Cannot find field.'),
        (
            {"replication": {"userManaged": {"replicas": [{"place": "eu"}]}}},
            "Invalid JSON payload received. "
            "Unknown name \"place\" at 'replication.user_managed.replicas[0]': Cannot find field.",
        ),
        (
            {"replication": {"automatic": {"x": 1}}},
            "Invalid JSON payload received. "
            "Unknown name \"x\" at 'replication.automatic': Cannot find field.",
        ),
        ({"labels": {"a": 1}}, "Invalid value at 'labels[a]' (TYPE_STRING), 1"),
        ({"labels": "a"}, "Invalid value at 'labels' (TYPE_MESSAGE), \"a\""),
        ({"topics": {}}, "Invalid value at 'topics' (TYPE_REPEATED), {}"),
        ({"secretType": "NONE"}, "Invalid value at 'secret_type' (TYPE_ENUM), \"NONE\""),
        ({"versionAliases": {"a": "x"}}, "Invalid value at 'version_aliases[a]' (TYPE_INT64), \"x\""),
        ({"versionAliases": {"a": 2**63}}, f"Invalid value at 'version_aliases[a]' (TYPE_INT64), {2**63}"),
        ({"versionAliases": {"a": True}}, "Invalid value at 'version_aliases[a]' (TYPE_INT64), true"),
        (
            {"ttl": "a day"},
            "Invalid value at 'ttl' (type.googleapis.com/google.protobuf.Duration), \"a day\"",
        ),
        (
            {"expireTime": "soon"},
            "Invalid value at 'expire_time' (type.googleapis.com/google.protobuf.Timestamp), \"soon\"",
        ),
    ],
)
def test_a_wrong_field_has_google_s_message(fields, message):
    with pytest.raises(InvalidArgument) as error:
        secret(**fields)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ([("pageSize", "many")], "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
        (
            [("size", "1")],
            'Invalid JSON payload received. Unknown name "size": Cannot bind query parameter. '
            "Field 'size' could not be found in request message.",
        ),
    ],
)
def test_a_wrong_parameter_has_google_s_message(query, message):
    document, inside = known_api(f"/secretmanager/v1/{PROJECT}/secrets")
    matched = document.match("GET", inside)
    assert matched is not None
    method, _ = matched
    with pytest.raises(InvalidArgument) as error:
        checked_query(document, method, query)
    assert str(error.value) == message


def test_parameters_come_in_both_spellings_and_system_parameters_are_accepted():
    document, inside = known_api(f"/secretmanager/v1/{PROJECT}/secrets")
    matched = document.match("GET", inside)
    assert matched is not None
    method, _ = matched
    query = [("page_size", "2"), ("alt", "json"), ("$alt", "json;enum-encoding=int"), ("fields", "secrets")]
    assert checked_query(document, method, query) == {"pageSize": "2"}


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "status"),
    [
        ("POST", f"pubsub/v1/{PROJECT}/topics/t:melt", {}, 404, "NOT_FOUND"),
        ("GET", f"bigquerydatatransfer/v1/{PROJECT}/anything", None, 404, "NOT_FOUND"),
        ("POST", f"pubsub/v1/{PROJECT}/snapshots/s:getIamPolicy", {}, 404, "NOT_FOUND"),
        # Google has these, and the sandbox must not pretend to do what they do.
        ("GET", f"pubsub/v1/{PROJECT}/snapshots", None, 501, "UNIMPLEMENTED"),
        ("GET", f"secretmanager/v1/{PROJECT}/secrets?filter=x", None, 400, "INVALID_ARGUMENT"),
        ("POST", f"run/v2/{PROJECT}/locations/l/jobs/j:run", {"validateOnly": True}, 400, "INVALID_ARGUMENT"),
        ("POST", f"scheduler/v1/{PROJECT}/locations/l/jobs", {"url": "x"}, 400, "INVALID_ARGUMENT"),
    ],
)  # fmt: skip
def test_the_server_refuses_what_it_does_not_know(call, method, path, body, code, status):
    answer = call(method, path, body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (code, status), answer.text


def test_the_body_must_be_a_json_object(control_plane):
    url = f"{control_plane.address}/pubsub/v1/{PROJECT}/topics/text"
    for content in ("{", "[]", "1"):
        answer = requests.put(url, data=content, timeout=10)
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
