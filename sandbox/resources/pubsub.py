"""Pub/Sub: topics and subscriptions. What flows through them is in `messages.py`.

https://cloud.google.com/pubsub/docs/reference/rest
"""

from starlette.routing import BaseRoute

from sandbox.resources import collection, filters, messages
from sandbox.resources.errors import InvalidArgument, NotFound
from sandbox.resources.kind import By, Kind
from sandbox.resources.paging import page
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

NAME = "(?!goog)[a-zA-Z][a-zA-Z0-9._~%+-]{2,254}"
# What a subscription's topic is called once it is gone.
DELETED = "_deleted-topic_"
# https://cloud.google.com/pubsub/docs/subscription-properties
DEFAULTS: Json = {
    "pushConfig": {},
    "ackDeadlineSeconds": 10,
    "messageRetentionDuration": "604800s",
    "expirationPolicy": {"ttl": "2678400s"},
}


def orphan(service: Service, event: str, before: Json, after: Json) -> None:
    """The subscriptions of a deleted topic stay, and say so."""
    gone = messages.subscriptions(service, before["name"]) if event == "delete" else []
    for name in gone:
        service.store.put(service.key(name), service.find(name) | {"topic": DELETED})


def check(service: Service, subscription: Json) -> None:
    topic = subscription.get("topic", "")
    if topic != DELETED and not service.store.get(service.key(topic)):
        raise NotFound(f"Resource not found (resource={topic.rsplit('/', 1)[-1]}).")
    if not 10 <= subscription.get("ackDeadlineSeconds", 10) <= 600:
        raise InvalidArgument(
            f"ackDeadlineSeconds must be 10 to 600, not {subscription['ackDeadlineSeconds']}."
        )
    filters.parse(subscription.get("filter", ""))


TOPICS = Kind(
    "projects/{project}/topics",
    Schema(message="google.pubsub_v1.types:Topic", output="state satisfiesPzs"),
    By("path"),
    update=By("either", "updateMask", "topic"),
    update_needs_mask=True,
    id_pattern=NAME,
    told=orphan,
    iam="GET",
)

SUBSCRIPTIONS = Kind(
    "projects/{project}/subscriptions",
    Schema(
        message="google.pubsub_v1.types:Subscription",
        output="state topicMessageRetentionDuration analyticsHubSubscriptionInfo",
        immutable="topic enableMessageOrdering filter",
    ),
    By("path"),
    update=By("either", "updateMask", "subscription"),
    update_needs_mask=True,
    id_pattern=NAME,
    made=lambda service, name: {"state": "ACTIVE"},
    complete=lambda service, subscription: DEFAULTS | subscription,
    check=check,
    iam="GET",
)


def routes(service: Service) -> list[BaseRoute]:
    topic, subscription = f"{TOPICS.collection}/{{id}}", f"{SUBSCRIPTIONS.collection}/{{id}}"
    flow = messages.Messages(service)

    def attached(call: Call) -> Json:
        name = topic.format(**call.path)
        service.find(name)
        names = [{"name": one} for one in messages.subscriptions(service, name)]
        answer = page(names, "subscriptions", call.query)
        return answer | {"subscriptions": [one["name"] for one in answer.get("subscriptions", [])]}

    return [
        service.route("POST", f"{topic}:publish", flow.publish),
        service.route("GET", f"{topic}/subscriptions", attached, "pageSize pageToken"),
        service.route("POST", f"{subscription}:pull", flow.pull),
        service.route("POST", f"{subscription}:acknowledge", flow.acknowledge),
        service.route("POST", f"{subscription}:modifyAckDeadline", flow.modify_ack_deadline),
        *collection.routes(service, TOPICS),
        *collection.routes(service, SUBSCRIPTIONS),
    ]
