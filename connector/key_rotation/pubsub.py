"""The messages of a Pub/Sub subscription. A message that is not acknowledged is delivered again."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import ReceivedMessage, SubscriberClient

from connector.errors import SubscriptionError
from runtime.google_errors import CLIENT_ERRORS

MAX_MESSAGES = 100  # per pull
PULL_SECONDS = 20.0  # Pub/Sub waits for a first message; one that arrives later is for the next run


class Subscription:
    """`name` is the full name, projects/<project>/subscriptions/<name>."""

    def __init__(self, client: SubscriberClient, name: str) -> None:
        self.client = client
        self.name = name

    def pull_all(self) -> list[ReceivedMessage]:
        """Pull until a pull returns fewer than MAX_MESSAGES."""
        messages: list[ReceivedMessage] = []
        while True:
            batch = self._pull()
            messages += batch
            # A full batch may be followed by more; messages that were pulled are not delivered meanwhile.
            if len(batch) < MAX_MESSAGES:
                return messages

    def _pull(self) -> list[ReceivedMessage]:
        with self._wrap_errors("pull"):
            try:
                response = self.client.pull(
                    subscription=self.name, max_messages=MAX_MESSAGES, timeout=PULL_SECONDS
                )
            # No message within PULL_SECONDS is the usual case, not an error.
            except (DeadlineExceeded, requests.Timeout):
                return []
            return list(response.received_messages)

    def acknowledge(self, ack_ids: list[str]) -> None:
        if ack_ids:
            with self._wrap_errors("acknowledge messages of"):
                self.client.acknowledge(subscription=self.name, ack_ids=ack_ids)

    def release(self, ack_ids: list[str]) -> None:
        """Make the messages available at once, for the next attempt of the job."""
        if ack_ids:
            with self._wrap_errors("release messages of"):
                self.client.modify_ack_deadline(
                    subscription=self.name, ack_ids=ack_ids, ack_deadline_seconds=0
                )

    @contextmanager
    def _wrap_errors(self, action: str) -> Iterator[None]:
        try:
            yield
        except CLIENT_ERRORS as error:
            raise SubscriptionError(f"could not {action} {self.name}: {error}") from error
