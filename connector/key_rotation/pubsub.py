"""Messages that wait, over Pub/Sub. One that is not acknowledged comes again; some come twice anyway."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import ReceivedMessage, SubscriberClient

from connector.errors import SubscriptionError

MOST = 100
WAIT_SECONDS = 20.0  # a pull on Google waits for a first message; the next run finds one that came later


class Subscription:
    def __init__(self, google: SubscriberClient, name: str) -> None:
        self.google = google
        self.name = name

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (GoogleAPICallError, RetryError, GoogleAuthError, requests.RequestException) as error:
            raise SubscriptionError(f"could not {what} {self.name}: {error}") from error

    def every(self) -> list[ReceivedMessage]:
        """Those that wait, as far as one pull after another finds them."""
        found: list[ReceivedMessage] = []
        while True:
            more = self.pull()
            found += more
            if len(more) < MOST:
                return found

    def pull(self) -> list[ReceivedMessage]:
        with self.doing("pull"):
            try:
                answer = self.google.pull(subscription=self.name, max_messages=MOST, timeout=WAIT_SECONDS)
            except (DeadlineExceeded, requests.Timeout):
                return []
            return list(answer.received_messages)

    def acknowledge(self, receipts: list[str]) -> None:
        if receipts:
            with self.doing("acknowledge messages of"):
                self.google.acknowledge(subscription=self.name, ack_ids=receipts)

    def put_back(self, receipts: list[str]) -> None:
        """They come again at once, for the next attempt of the job."""
        if receipts:
            with self.doing("put messages back into"):
                self.google.modify_ack_deadline(
                    subscription=self.name, ack_ids=receipts, ack_deadline_seconds=0
                )
