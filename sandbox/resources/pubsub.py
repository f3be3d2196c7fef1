"""Pub/Sub: topics and subscriptions. Their messages are in `messages.py`.

https://cloud.google.com/pubsub/docs/reference/rest
"""

from starlette.routing import BaseRoute

from sandbox.resources import collection, messages
from sandbox.resources.errors import InvalidArgument, NotFound
from sandbox.resources.filters import parse_filter
from sandbox.resources.paging import page
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

NAME = "(?!goog)[a-zA-Z][a-zA-Z0-9._~%+-]{2,254}"
# The topic of a subscription whose topic was deleted.
DELETED = "_deleted-topic_"
# https://cloud.google.com/pubsub/docs/subscription-properties
DEFAULTS: Json = {
    "pushConfig": {},
    "ackDeadlineSeconds": 10,
    "messageRetentionDuration": "604800s",
    "expirationPolicy": {"ttl": "2678400s"},
}
MIN_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 10, 600


def detach_subscriptions(service: Service, event: str, before: Json, after: Json) -> None:
    """The subscriptions of a deleted topic remain, without a topic."""
    if event == "delete":
        for name in messages.subscriptions(service, before["name"]):
            service.store.put(service.key(name), service.find(name) | {"topic": DELETED})


def check(service: Service, subscription: Json) -> None:
    topic = subscription.get("topic", "")
    if topic != DELETED and not service.store.get(service.key(topic)):
        raise NotFound(f"Resource not found (resource={topic.rsplit('/', 1)[-1]}).")
    deadline = subscription.get("ackDeadlineSeconds", MIN_DEADLINE_SECONDS)
    if not MIN_DEADLINE_SECONDS <= deadline <= MAX_DEADLINE_SECONDS:
        raise InvalidArgument(
            f"ackDeadlineSeconds must be {MIN_DEADLINE_SECONDS} to {MAX_DEADLINE_SECONDS}, not {deadline}."
        )
    # For its errors: a filter cannot be corrected later, because it is immutable.
    parse_filter(subscription.get("filter", ""))


TOPICS = ResourceType(
    "projects/{project}/topics",
    Schema("pubsub.v1", "Topic", output="satisfiesPzs"),
    IdLocation("path"),
    update=IdLocation("either", "updateMask", "topic"),
    update_needs_mask=True,
    id_pattern=NAME,
    on_change=detach_subscriptions,
)

SUBSCRIPTIONS = ResourceType(
    "projects/{project}/subscriptions",
    Schema("pubsub.v1", "Subscription", immutable="topic enableMessageOrdering filter"),
    IdLocation("path"),
    update=IdLocation("either", "updateMask", "subscription"),
    update_needs_mask=True,
    id_pattern=NAME,
    initial=lambda service, name: {"state": "ACTIVE"},
    complete=lambda service, subscription: DEFAULTS | subscription,
    check=check,
)


def routes(service: Service) -> list[BaseRoute]:
    topic, subscription = f"{TOPICS.collection}/{{id}}", f"{SUBSCRIPTIONS.collection}/{{id}}"
    flow = messages.Messages(service)

    def list_subscriptions(call: Call) -> Json:
        name = topic.format(**call.path)
        # NotFound instead of an empty list, if the topic does not exist.
        service.find(name)
        resources = [{"name": path} for path in messages.subscriptions(service, name)]
        answer = page(resources, "subscriptions", call.query)
        # This list has names, not resources.
        return answer | {"subscriptions": [item["name"] for item in answer.get("subscriptions", [])]}

    return [
        service.route("POST", f"{topic}:publish", flow.publish),
        service.route("GET", f"{topic}/subscriptions", list_subscriptions, "pageSize pageToken"),
        service.route("POST", f"{subscription}:pull", flow.pull),
        service.route("POST", f"{subscription}:acknowledge", flow.acknowledge),
        service.route("POST", f"{subscription}:modifyAckDeadline", flow.modify_ack_deadline),
        *collection.routes(service, TOPICS),
        *collection.routes(service, SUBSCRIPTIONS),
    ]
