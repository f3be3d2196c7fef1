"""Topics, subscriptions and messages, and the notifications of Secret Manager."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.filters import matches_filter, parse_filter

PROJECT = "projects/sandbox-local"
PUBSUB = f"pubsub/v1/{PROJECT}"
SECRETS = f"secretmanager/v1/{PROJECT}/secrets"
AGENT = "serviceAccount:service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com"
HELLO = {"data": base64.b64encode(b"hello").decode(), "attributes": {"kind": "greeting"}}


@pytest.fixture
def subscribed(call):
    """A topic with a subscription of the same name; `fields` are those of the subscription."""

    def create(name, **fields):
        assert call("PUT", f"{PUBSUB}/topics/{name}", {}).ok
        body = {"topic": f"{PROJECT}/topics/{name}"} | fields
        created = call("PUT", f"{PUBSUB}/subscriptions/{name}", body)
        assert created.ok, created.text
        return created.json()

    return create


def pull(call, subscription, limit=10):
    body = {"maxMessages": limit}
    return (
        call("POST", f"{PUBSUB}/subscriptions/{subscription}:pull", body).json().get("receivedMessages", [])
    )


def test_a_subscription_has_the_sent_fields_and_google_s_defaults(subscribed):
    assert subscribed("defaults") == {
        "name": f"{PROJECT}/subscriptions/defaults",
        "topic": f"{PROJECT}/topics/defaults",
        "state": "ACTIVE",
        "pushConfig": {},
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": "2678400s"},
    }


def test_a_message_is_delivered_to_every_subscription_until_it_is_acknowledged(call, subscribed):
    subscribed("flow")
    call("PUT", f"{PUBSUB}/subscriptions/flow-too", {"topic": f"{PROJECT}/topics/flow"})
    (identity,) = call("POST", f"{PUBSUB}/topics/flow:publish", {"messages": [HELLO]}).json()["messageIds"]
    (received,) = pull(call, "flow")
    assert received["message"].pop("publishTime")
    assert received["message"] == HELLO | {"messageId": identity}
    assert pull(call, "flow") == []  # delivered, and its deadline has not passed
    release = {"ackIds": [received["ackId"]], "ackDeadlineSeconds": 0}
    assert call("POST", f"{PUBSUB}/subscriptions/flow:modifyAckDeadline", release).ok
    (second,) = pull(call, "flow")
    assert second["ackId"] != received["ackId"]
    for ack in (received["ackId"], second["ackId"]):  # the first id is stale
        assert call("POST", f"{PUBSUB}/subscriptions/flow:acknowledge", {"ackIds": [ack]}).ok
    release["ackIds"] = [second["ackId"]]
    call("POST", f"{PUBSUB}/subscriptions/flow:modifyAckDeadline", release)
    assert pull(call, "flow") == []
    assert len(pull(call, "flow-too")) == 1


def test_google_s_clients_publish_and_pull(control_plane):
    options: dict[str, Any]
    options = {"client_options": {"api_endpoint": f"{control_plane.address}/pubsub"}, "transport": "rest"}
    publisher = PublisherClient(**options, credentials=AnonymousCredentials())
    subscriber = SubscriberClient(**options, credentials=AnonymousCredentials())
    topic, name = f"{PROJECT}/topics/clients", f"{PROJECT}/subscriptions/clients"
    publisher.create_topic(name=topic)
    subscriber.create_subscription(name=name, topic=topic, ack_deadline_seconds=20)
    message = PubsubMessage(data=b"hello", attributes={"kind": "greeting"})
    publisher.publish(topic=topic, messages=[message])
    (received,) = subscriber.pull(subscription=name, max_messages=5).received_messages
    assert (received.message.data, dict(received.message.attributes)) == (b"hello", {"kind": "greeting"})
    subscriber.acknowledge(subscription=name, ack_ids=[received.ack_id])
    assert not subscriber.pull(subscription=name, max_messages=5).received_messages
    assert list(publisher.list_topic_subscriptions(topic=topic)) == [name]


def test_messages_are_pulled_in_order_up_to_the_limit(call, subscribed):
    subscribed("many")
    messages = [{"attributes": {"n": str(number)}} for number in range(5)]
    call("POST", f"{PUBSUB}/topics/many:publish", {"messages": messages})
    received = pull(call, "many", 2) + pull(call, "many", 9)
    assert [item["message"]["attributes"]["n"] for item in received] == ["0", "1", "2", "3", "4"]


def test_a_subscription_remains_when_its_topic_is_deleted(call, subscribed):
    subscribed("deleted")
    attached = call("GET", f"{PUBSUB}/topics/deleted/subscriptions").json()["subscriptions"]
    assert attached == [f"{PROJECT}/subscriptions/deleted"]
    call("DELETE", f"{PUBSUB}/topics/deleted")
    assert call("GET", f"{PUBSUB}/subscriptions/deleted").json()["topic"] == "_deleted-topic_"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", "topics/strict", {}, 409),
        ("POST", "topics", {"name": "t"}, 404),  # Pub/Sub creates with PUT
        ("PUT", "topics/x", {}, 400),  # three letters at least
        ("PUT", "topics/new", {"retention": "1s"}, 400),
        ("PUT", "topics/new", {"messageRetentionDuration": "a day"}, 400),
        ("PATCH", "topics/strict", {"topic": {"labels": {"a": "b"}}}, 400),  # no mask
        ("PATCH", "topics/strict?updateMask=labels", {"labels": {}}, 400),  # not wrapped
        ("PUT", "subscriptions/new", {"topic": f"{PROJECT}/topics/absent"}, 404),
        ("PUT", "subscriptions/new", {"topic": f"{PROJECT}/topics/strict", "ackDeadlineSeconds": 5}, 400),
        ("PUT", "subscriptions/new", {"topic": f"{PROJECT}/topics/strict", "filter": "kind = 1"}, 400),
        ("PATCH", "subscriptions/strict?updateMask=filter", {"subscription": {}}, 400),  # immutable
        ("POST", "topics/strict:publish", {"messages": []}, 400),
        ("POST", "topics/strict:publish", {"messages": [{}]}, 400),
        ("POST", "topics/strict:publish", {"messages": [{"data": "not base64!"}]}, 400),
        ("POST", "topics/absent:publish", {"messages": [HELLO]}, 404),
        ("POST", "subscriptions/strict:pull", {}, 400),
        ("POST", "subscriptions/strict:acknowledge", {}, 400),
    ],
)
def test_invalid_requests_to_pubsub(call, method, path, body, code):
    call("PUT", f"{PUBSUB}/topics/strict", {})
    call("PUT", f"{PUBSUB}/subscriptions/strict", {"topic": f"{PROJECT}/topics/strict"})
    answer = call(method, f"{PUBSUB}/{path}", body)
    assert answer.status_code == code, answer.text


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ('attributes.kind = "greeting"', True),
        ('attributes.kind != "greeting"', False),
        ('attributes.absent != "greeting"', False),
        ("attributes:kind AND NOT attributes:absent", True),
        ('hasPrefix(attributes.kind, "greet") AND attributes:absent', False),
        ('attributes:absent OR (attributes:kind AND attributes."kind" = "greeting")', True),
        ("-attributes:kind", False),
    ],
)
def test_a_filter_matches_by_attributes(text, fits):
    assert matches_filter(text, {"kind": "greeting"}) is fits


@pytest.mark.parametrize(
    "text", ["attributes:a AND attributes:b OR attributes:c", "(attributes:a", "data = 1"]
)
def test_a_filter_with_a_syntax_error_is_refused(text):
    with pytest.raises(InvalidArgument):
        parse_filter(text)


# Secrets


def rotating(topic, days=30):
    following = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    rotation = {"rotationPeriod": "2592000s", "nextRotationTime": following}
    return {
        "replication": {"automatic": {}},
        "topics": [{"name": f"{PROJECT}/topics/{topic}"}],
        "rotation": rotation,
    }


def allow(call, topic):
    policy = {"bindings": [{"role": "roles/pubsub.publisher", "members": [AGENT]}]}
    assert call("POST", f"{PUBSUB}/topics/{topic}:setIamPolicy", {"policy": policy}).ok


def test_a_due_rotation_is_notified_and_scheduled_again(call, subscribed, control_plane):
    subscribed("turns", filter='attributes.eventType = "SECRET_ROTATE"')
    allow(call, "turns")
    created = call("POST", f"{SECRETS}?secretId=turning", rotating("turns")).json()
    rotated = call("POST", "sandbox/secretmanager/rotate/turning").json()
    before, after = (
        datetime.fromisoformat(item["rotation"]["nextRotationTime"]) for item in (created, rotated)
    )
    assert after - before == timedelta(days=30)
    (notice,) = pull(call, "turns")
    attributes = notice["message"]["attributes"]
    assert attributes.pop("timestamp")
    assert attributes == {
        "eventType": "SECRET_ROTATE",
        "dataFormat": "JSON_API_V1",
        "secretId": "projects/100000000001/secrets/turning",
    }
    assert json.loads(base64.b64decode(notice["message"]["data"]))["rotation"] == rotated["rotation"]
    assert call("GET", f"{SECRETS}/turning").json() == rotated


def test_a_secret_s_topic_gets_every_change(call, subscribed):
    subscribed("listens")
    allow(call, "listens")
    call("POST", f"{SECRETS}?secretId=loud", rotating("listens"))
    call("POST", f"{SECRETS}/loud:addVersion", {"payload": {"data": "eA=="}})
    for verb in ("disable", "enable", "destroy"):
        call("POST", f"{SECRETS}/loud/versions/1:{verb}", {})
    call("PATCH", f"{SECRETS}/loud?updateMask=labels", {"labels": {"a": "b"}})
    call("DELETE", f"{SECRETS}/loud")
    events = [item["message"]["attributes"] for item in pull(call, "listens")]
    assert [item["eventType"] for item in events] == [
        "TOPIC_CONFIGURED",
        "SECRET_CREATE",
        "SECRET_VERSION_ADD",
        "SECRET_VERSION_DISABLE",
        "SECRET_VERSION_ENABLE",
        "SECRET_VERSION_DESTROY",
        "SECRET_UPDATE",
        "SECRET_DELETE",
    ]
    assert events[2]["versionId"] == "projects/100000000001/secrets/loud/versions/1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"topics": [{"name": f"{PROJECT}/topics/deaf"}]}, 400),  # without the permission to publish
        ({"topics": [{"name": f"{PROJECT}/topics/absent"}]}, 400),
        ({"topics": []}, 400),  # a rotation needs a topic
        ({"rotation": {"rotationPeriod": "2592000s"}}, 400),
        ({"rotation": {"nextRotationTime": "2020-01-01T00:00:00Z"}}, 400),
        ({"rotation": {"nextRotationTime": "soon"}}, 400),
        ({"rotation": {"nextRotationTime": "2099-01-01T00:00:00Z", "rotationPeriod": "60s"}}, 400),
        ({}, 200),
    ],
)
def test_a_rotation_needs_a_time_a_topic_and_the_right_to_publish(call, change, code):
    for topic in ("deaf", "hears"):
        call("PUT", f"{PUBSUB}/topics/{topic}", {})
    allow(call, "hears")
    answer = call("POST", f"{SECRETS}?secretId=refused", rotating("hears") | change)
    assert answer.status_code == code, answer.text


IDENTITY = "rotator@sandbox-local.iam.gserviceaccount.com"


@pytest.fixture
def as_rotator(control_plane, call):
    """Sends with the token of a service account of the project, after giving it a role on a resource."""
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "rotator", "serviceAccount": {}})

    def send(resource, role, path, body):
        policy = {"bindings": [{"role": role, "members": [f"serviceAccount:{IDENTITY}"]}]}
        assert call("POST", f"{resource}:setIamPolicy", {"policy": policy}).ok
        headers = {"Authorization": f"Bearer sandbox.{IDENTITY}"}
        method = "POST" if body is not None else "GET"
        url = f"{control_plane.address}/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=10).status_code

    return send


@pytest.mark.parametrize(
    ("resource", "verb", "body", "holds", "lacks"),
    [
        (f"{PUBSUB}/topics/guarded", ":publish", {"messages": [HELLO]}, "pubsub.publisher", "pubsub.viewer"),
        (f"{PUBSUB}/subscriptions/guarded", ":pull", {"maxMessages": 1}, "pubsub.subscriber", "viewer"),
        (
            f"{PUBSUB}/subscriptions/guarded",
            ":acknowledge",
            {"ackIds": ["1-1"]},
            "pubsub.subscriber",
            "pubsub.publisher",
        ),
        (
            f"{SECRETS}/guarded",
            ":addVersion",
            {"payload": {"data": "eA=="}},
            "secretmanager.secretVersionAdder",
            "secretmanager.secretAccessor",
        ),
        (
            f"{SECRETS}/guarded",
            "/versions/1:disable",
            {},
            "secretmanager.secretVersionManager",
            "secretmanager.secretVersionAdder",
        ),
        (
            f"{SECRETS}/guarded",
            "/versions/2:access",
            None,
            "secretmanager.secretAccessor",
            "secretmanager.secretVersionManager",
        ),
    ],
)
def test_an_identity_needs_a_role_with_the_permission(call, as_rotator, resource, verb, body, holds, lacks):
    call("PUT", f"{PUBSUB}/topics/guarded", {})
    call("PUT", f"{PUBSUB}/subscriptions/guarded", {"topic": f"{PROJECT}/topics/guarded"})
    call("POST", f"{SECRETS}?secretId=guarded", {"replication": {"automatic": {}}})
    for _ in range(2):
        call("POST", f"{SECRETS}/guarded:addVersion", {"payload": {"data": "eA=="}})
    assert as_rotator(resource, f"roles/{lacks}", resource + verb, body) == 403
    assert as_rotator(resource, f"roles/{holds}", resource + verb, body) == 200


def test_a_secret_without_rotation_cannot_be_rotated(call):
    call("POST", f"{SECRETS}?secretId=still", {"replication": {"automatic": {}}})
    assert call("POST", "sandbox/secretmanager/rotate/still").status_code == 400
    assert call("POST", "sandbox/secretmanager/rotate/absent").status_code == 404
