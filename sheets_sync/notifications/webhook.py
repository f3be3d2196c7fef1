"""Notifications by webhook: a signed POST as in https://www.standardwebhooks.com, or a chat message.

`webhook-id` is the delivery, `webhook-timestamp` the seconds since 1970 of this attempt, `webhook-signature`
is `v1,` and the base64 of HMAC-SHA256(key, `<id>.<timestamp>.<body>`).
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from runtime.errors import SettingsError
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after
from sheets_sync.errors import NotificationError
from sheets_sync.notifications import templates
from sheets_sync.notifications.notification import Delivery, Notification

TIMEOUT = (5.0, 10.0)  # seconds to connect, and between two bytes of the response
MAX_RETRY_AFTER = 10.0  # seconds; after a longer Retry-After the next run sends it again
MAX_EXCERPT = 200  # characters of a response in an error
PREFIX = "whsec_"
FAILED_STATUS = re.compile(r"HTTP error (\d{3})")
RETRY_POLICY = RetryPolicy(attempts=3, base=1.0, cap=MAX_RETRY_AFTER, deadline=60.0)


class TransientRejection(NotificationError):
    """`retry_after`: seconds that the receiver requested, None without a request."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class WebhookChannel:
    """`now` returns seconds since 1970. Redirects are not followed: the signature is for one receiver."""

    key: bytes = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session)
    now: Callable[[], float] = time.time
    retry: RetryPolicy = RETRY_POLICY
    timeout: tuple[float, float] = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Callable[[Delivery], None]]:
        yield self.deliver

    def deliver(self, delivery: Delivery) -> None:
        """NotificationError after the last attempt. A receiver recognises repetitions by `webhook-id`."""
        self.retry.call(lambda: self._post(delivery), self._next_delay)

    def _next_delay(self, error: Exception, attempt: int) -> float | None:
        if not isinstance(error, TransientRejection) or (error.retry_after or 0) > MAX_RETRY_AFTER:
            return None
        return self.retry.delay(attempt, error.retry_after)

    def _post(self, delivery: Delivery) -> None:
        where, body = f"Webhook {delivery.target.short_url}", encode_body(delivery)
        try:
            response = self.session.post(
                delivery.target.address,
                data=body,
                # Signed in each attempt: the timestamp is signed too, and receivers reject an old one.
                headers=sign(self.key, delivery.id, int(self.now()), body),
                timeout=self.timeout,
                allow_redirects=False,
                # Only an excerpt of the body is read, whatever its size.
                stream=True,
            )
        except requests.ConnectionError as error:
            raise TransientRejection(f"{where} cannot be reached: {type(error).__name__}.") from error
        except (requests.RequestException, ValueError) as error:
            raise TransientRejection(f"{where} did not answer: {type(error).__name__}.") from error
        # A streamed response blocks its connection until it is closed.
        with response:
            check_response(response, where)


def check_response(response: requests.Response, where: str) -> None:
    """A receiver has accepted the notification if the status is 2xx."""
    status = response.status_code
    if 200 <= status < 300:
        check_body(response, where)
        return
    message = f"{where} answered {status} {response.reason}"
    if status in TRANSIENT_STATUSES:
        raise TransientRejection(f"{message}.", parse_retry_after(response.headers.get("Retry-After")))
    # Final: the same body would be rejected by every later run too.
    excerpt = read_excerpt(response)
    raise NotificationError(f"{message}{f': {excerpt}' if excerpt else ''}.", is_final=True)


def check_body(response: requests.Response, where: str) -> None:
    """Teams reports some failures with status 200 and a sentence that contains the status:
    https://github.com/MicrosoftDocs/msteams-docs/issues/7425
    """
    excerpt = read_excerpt(response)
    if "delivery failed with error" not in excerpt:
        return
    message = f"{where} answered {response.status_code}: {excerpt}."
    failed = FAILED_STATUS.search(excerpt)
    if failed and int(failed[1]) in TRANSIENT_STATUSES:
        raise TransientRejection(message)
    raise NotificationError(message, is_final=True)


def read_excerpt(response: requests.Response) -> str:
    """The beginning of the body on one line: it names the field that a receiver does not accept."""
    try:
        content = response.raw.read(MAX_EXCERPT, decode_content=True)
    except Exception:  # the status is known; a broken body adds nothing
        return ""
    return " ".join(content.decode("utf-8", "replace").split())


def encode_body(delivery: Delivery) -> bytes:
    """The same bytes in every attempt, in the format of the target.

    Google Chat and Teams reject unknown fields with 400, so each format has only its own:
    https://developers.google.com/workspace/chat/format-messages
    https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams
    """
    notification = delivery.notification
    match delivery.target.format:
        case "json":
            body = signed_event(notification)
        case "teams":
            body = teams_message(notification)
        case _:
            body = {"text": templates.chat_text(notification)}
    return json.dumps(body, ensure_ascii=False).encode()


def signed_event(notification: Notification) -> dict[str, Any]:
    return {
        "type": f"sync.{notification.event}",
        "timestamp": notification.at,
        "data": json.loads(notification.to_json()),
        "text": templates.chat_text(notification),
    }


def teams_message(notification: Notification) -> dict[str, Any]:
    """A message with an adaptive card, which a Teams workflow webhook requires."""
    blocks = [
        {"type": "TextBlock", "text": text, "wrap": True, **look}
        for text, look in (
            (templates.subject(notification), {"weight": "Bolder"}),
            (templates.plain_text(notification), {}),
        )
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def sign(key: bytes, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    content = f"{delivery_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def parse_secret(secret: str) -> bytes:
    """The key in `whsec_<base64>`, 24 to 64 bytes; SettingsError for any other text."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    # The length that Standard Webhooks prescribes.
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise SettingsError(
            f"WEBHOOK_SECRET is invalid: expected {PREFIX} and the base64 of 24 to 64 random bytes. "
            f"Create one: echo {PREFIX}$(openssl rand -base64 32)"
        )
    return key
