"""Messages: published to a topic, kept by each of its subscriptions until somebody acknowledges them.

A message that was pulled comes again when its deadline has passed, with another ackId.
"""

import base64
import binascii
import time
from dataclasses import dataclass

from sandbox.resources import filters
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.permissions import permit
from sandbox.resources.policies import only
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

MESSAGE = {"data", "attributes", "orderingKey", "messageId", "publishTime"}
COUNTER = "messages"  # the last messageId


@dataclass(frozen=True)
class Messages:
    service: Service

    def publish(self, call: Call) -> Json:
        only(call.body, {"messages"})
        topic = "projects/{project}/topics/{id}".format(**call.path)
        self.service.find(topic)
        permit(self.service, call, topic, "pubsub.topics.publish")
        sent = call.body.get("messages", [])
        if not sent:
            raise InvalidArgument("A publish request needs at least one message.")
        for message in sent:
            check(message)
        with self.service.store.change():
            return {"messageIds": [publish(self.service, topic, message) for message in sent]}

    def pull(self, call: Call) -> Json:
        """What waits now, oldest first; Google may wait a while for the first message, this does not."""
        only(call.body, {"maxMessages", "returnImmediately"})
        most = call.body.get("maxMessages", 0)
        if not isinstance(most, int) or most < 1:
            raise InvalidArgument(f"maxMessages must be at least 1, not {most!r}.")
        with self.service.store.change():
            subscription = self.own(call)
            waiting = [one for one in self.kept(subscription["name"]) if one["deadline"] <= time.time()]
            received = [self.hand_out(subscription, one) for one in waiting[:most]]
        return {"receivedMessages": received} if received else {}

    def acknowledge(self, call: Call) -> Json:
        """An ackId that is stale or unknown is no error, as at Google."""
        only(call.body, {"ackIds"})
        with self.service.store.change():
            for kept in self.of(call):
                self.service.store.delete(self.service.key(kept["key"]))
        return {}

    def modify_ack_deadline(self, call: Call) -> Json:
        only(call.body, {"ackIds", "ackDeadlineSeconds"})
        seconds = call.body.get("ackDeadlineSeconds", 0)
        with self.service.store.change():
            for kept in self.of(call):
                kept["deadline"] = time.time() + seconds
                self.service.store.put(self.service.key(kept["key"]), kept)
        return {}

    def of(self, call: Call) -> list[Json]:
        """The messages that the request's ackIds stand for, as far as they still do."""
        asked = set(call.body.get("ackIds", []))
        if not asked:
            raise InvalidArgument("ackIds must not be empty.")
        subscription = self.own(call)["name"]
        return [one for one in self.kept(subscription) if one["attempt"] and ack_id(one) in asked]

    def hand_out(self, subscription: Json, kept: Json) -> Json:
        deadline = time.time() + subscription["ackDeadlineSeconds"]
        kept |= {"deadline": deadline, "attempt": kept["attempt"] + 1}
        self.service.store.put(self.service.key(kept["key"]), kept)
        counted = {"deliveryAttempt": kept["attempt"]} if "deadLetterPolicy" in subscription else {}
        return {"ackId": ack_id(kept), "message": kept["message"], **counted}

    def kept(self, subscription: str) -> list[Json]:
        return self.service.store.children(self.service.key(f"{subscription}/messages"))

    def own(self, call: Call) -> Json:
        """The subscription of a request, if who asks may consume it."""
        name = "projects/{project}/subscriptions/{id}".format(**call.path)
        found = self.service.find(name)
        permit(self.service, call, name, "pubsub.subscriptions.consume")
        return found


def publish(service: Service, topic: str, message: Json) -> str:
    """Keeps a message for every subscription that wants it; returns its id."""
    with service.store.change():
        last = service.store.get(service.key(COUNTER)) or {"last": 0}
        service.store.put(service.key(COUNTER), {"last": last["last"] + 1})
        identity = str(last["last"] + 1)
        published = message | {"messageId": identity, "publishTime": now()}
        for name in subscriptions(service, topic):
            if filters.fits(service.find(name).get("filter", ""), message.get("attributes", {})):
                key = f"{name}/messages/{identity}"
                kept = {"key": key, "message": published, "deadline": 0, "attempt": 0}
                service.store.put(service.key(key), kept)
    return identity


def subscriptions(service: Service, topic: str) -> list[str]:
    """The names of a topic's subscriptions."""
    every = service.store.children(service.key(f"projects/{service.state.project}/subscriptions"))
    return [one["name"] for one in every if one["topic"] == topic]


def check(message: Json) -> None:
    only(message, MESSAGE)
    if not message.get("data") and not message.get("attributes"):
        raise InvalidArgument("A message needs data or attributes.")
    try:
        base64.b64decode(message.get("data", ""), validate=True)
    except (binascii.Error, TypeError) as error:
        raise InvalidArgument(f"Invalid value at 'messages.data' (TYPE_BYTES): {error}") from error
    if any(not isinstance(value, str) for value in message.get("attributes", {}).values()):
        raise InvalidArgument("Invalid value at 'messages.attributes': every value is text.")


def ack_id(kept: Json) -> str:
    return f"{kept['message']['messageId']}-{kept['attempt']}"
