"""Notices by webhook: a signed POST, as https://www.standardwebhooks.com has it.

`webhook-id` is the delivery, `webhook-timestamp` the seconds since 1970 of this try, and `webhook-signature`
is `v1,` and the base64 of HMAC-SHA256(key, `<id>.<timestamp>.<body>`)."""

import base64
import binascii
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from sheets_sync.errors import NoticeError, SettingsError
from sheets_sync.notices import words
from sheets_sync.notices.notice import Delivery
from sheets_sync.retry import retry_after

TRIES = 3
TIMEOUT = (5.0, 10.0)  # seconds to connect, and of silence
PATIENCE = 10.0  # seconds that a Retry-After may ask for within a run; longer waits are the next run's
PASSING = {408, 425, 429, 500, 502, 503, 504}
PREFIX = "whsec_"


class Passing(NoticeError):
    """`wait` are the seconds that the receiver asked for, 0 where it asked for none."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


@dataclass(frozen=True)
class Webhook:
    """`now` tells seconds since 1970. A redirect is not followed: the signature is for one receiver."""

    key: bytes = field(repr=False)
    http: requests.Session = field(default_factory=requests.Session)
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[float, float], float] = random.uniform
    timeout: tuple[float, float] = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Callable[[Delivery], None]]:
        yield self.deliver

    def deliver(self, delivery: Delivery) -> None:
        """NoticeError when every try failed. The receiver tells tries apart from news by `webhook-id`."""
        for attempt in range(TRIES):
            try:
                return self.post(delivery)
            except Passing as error:
                if attempt == TRIES - 1 or error.wait > PATIENCE:
                    raise
                self.sleep(error.wait + self.draw(0.0, 2.0**attempt))
        raise AssertionError("the last try returns or raises")

    def post(self, delivery: Delivery) -> None:
        where, content = delivery.target.shown, body(delivery)
        headers = sign(self.key, delivery.id, int(self.now()), content)
        try:
            answer = self.http.post(
                delivery.target.address,
                data=content,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.ConnectionError as error:
            raise Passing(f"Webhook {where} cannot be reached: {type(error).__name__}.") from error
        except (requests.RequestException, ValueError) as error:
            raise Passing(f"Webhook {where} did not answer: {type(error).__name__}.") from error
        with answer:
            self.check(answer, where)

    def check(self, answer: requests.Response, where: str) -> None:
        """What it answers is not read: only whether it took the notice."""
        sentence = f"Webhook {where} answered {answer.status_code} {answer.reason}."
        if answer.status_code in PASSING:
            raise Passing(sentence, retry_after(answer) or 0.0)
        if not 200 <= answer.status_code < 300:
            raise NoticeError(sentence, lasting=True)


def body(delivery: Delivery) -> bytes:
    """The same bytes at every try."""
    notice = delivery.notice
    told = {
        "type": f"sync.{notice.event}",
        "timestamp": notice.at,
        "data": json.loads(notice.text()),
        "text": f"{words.subject(notice)}\n\n{words.plain(notice)}",
    }
    return json.dumps(told, ensure_ascii=False).encode()


def sign(key: bytes, delivery: str, timestamp: int, content: bytes) -> dict[str, str]:
    signed = f"{delivery}.{timestamp}.".encode() + content
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def key(secret: str) -> bytes:
    """The key in `whsec_<base64>`, 24 to 64 bytes; SettingsError if it is none."""
    try:
        found = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not secret.startswith(PREFIX) or not 24 <= len(found) <= 64:
        recipe = f"echo {PREFIX}$(openssl rand -base64 32)"
        raise SettingsError(
            f"WEBHOOK_SECRET must be {PREFIX} and the base64 of 24 to 64 random bytes. Make one: {recipe}"
        )
    return found
