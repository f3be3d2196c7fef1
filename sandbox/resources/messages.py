"""Messages: published to a topic, stored for each of its subscriptions until they are acknowledged.

A message that was pulled is delivered again when its deadline has passed, with another ackId.
"""

import time
from dataclasses import dataclass

from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.filters import matches_filter
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

COUNTER = "messages"  # the key of the last messageId


@dataclass(frozen=True)
class Messages:
    service: Service

    def publish(self, call: Call) -> Json:
        topic = "projects/{project}/topics/{id}".format(**call.path)
        self.service.find(topic)
        messages = call.body.get("messages", [])
        if not messages:
            raise InvalidArgument("A publish request needs at least one message.")
        if not all(message.get("data") or message.get("attributes") for message in messages):
            raise InvalidArgument("A message needs data or attributes.")
        # One transaction: a request publishes all of its messages or no message.
        with self.service.store.change():
            return {"messageIds": [publish_message(self.service, topic, message) for message in messages]}

    def pull(self, call: Call) -> Json:
        """The oldest messages that are due. Google may wait for a first message, this does not."""
        limit = int(call.body.get("maxMessages", 0))
        if limit < 1:
            raise InvalidArgument(f"maxMessages must be at least 1, not {limit}.")
        with self.service.store.change():
            subscription = self.subscription(call)
            stored = self.stored(subscription["name"])
            due = [message for message in stored if message["deadline"] <= time.time()]
            received = [self.deliver(subscription, message) for message in due[:limit]]
        return {"receivedMessages": received} if received else {}

    def acknowledge(self, call: Call) -> Json:
        """As at Google, a stale or unknown ackId is not an error."""
        with self.service.store.change():
            for message in self.delivered(call):
                self.service.store.delete(self.service.key(message["key"]))
        return {}

    def modify_ack_deadline(self, call: Call) -> Json:
        seconds = int(call.body.get("ackDeadlineSeconds", 0))
        with self.service.store.change():
            for message in self.delivered(call):
                message["deadline"] = time.time() + seconds
                self.service.store.put(self.service.key(message["key"]), message)
        return {}

    def delivered(self, call: Call) -> list[Json]:
        """The messages with the request's ackIds, without those that are stale."""
        ack_ids = set(call.body.get("ackIds", []))
        if not ack_ids:
            raise InvalidArgument("ackIds must not be empty.")
        stored = self.stored(self.subscription(call)["name"])
        return [message for message in stored if message["attempt"] and ack_id(message) in ack_ids]

    def deliver(self, subscription: Json, message: Json) -> Json:
        deadline = time.time() + subscription["ackDeadlineSeconds"]
        message |= {"deadline": deadline, "attempt": message["attempt"] + 1}
        self.service.store.put(self.service.key(message["key"]), message)
        # Google counts attempts only where a dead-letter policy needs the count.
        counted = {"deliveryAttempt": message["attempt"]} if "deadLetterPolicy" in subscription else {}
        return {"ackId": ack_id(message), "message": message["message"], **counted}

    def stored(self, subscription: str) -> list[Json]:
        return self.service.store.children(self.service.key(f"{subscription}/messages"))

    def subscription(self, call: Call) -> Json:
        return self.service.find("projects/{project}/subscriptions/{id}".format(**call.path))


def publish_message(service: Service, topic: str, message: Json) -> str:
    """Stores a message for every subscription whose filter it matches; returns its id."""
    with service.store.change():
        last = service.store.get(service.key(COUNTER)) or {"last": 0}
        service.store.put(service.key(COUNTER), {"last": last["last"] + 1})
        identity = str(last["last"] + 1)
        published = message | {"messageId": identity, "publishTime": now()}
        for name in subscriptions(service, topic):
            if matches_filter(service.find(name).get("filter", ""), message.get("attributes", {})):
                key = f"{name}/messages/{identity}"
                stored = {"key": key, "message": published, "deadline": 0, "attempt": 0}
                service.store.put(service.key(key), stored)
    return identity


def subscriptions(service: Service, topic: str) -> list[str]:
    """The names of a topic's subscriptions."""
    stored = service.store.children(service.key(f"projects/{service.state.project}/subscriptions"))
    return [subscription["name"] for subscription in stored if subscription["topic"] == topic]


def ack_id(message: Json) -> str:
    # The attempt is part of it, so that a later delivery makes the earlier ackId stale.
    return f"{message['message']['messageId']}-{message['attempt']}"
