"""Requests to a source with one key or another: JSON in, JSON out, and no key in what goes wrong."""

from collections.abc import Callable
from typing import Any

import requests

from connector.connections import TIMEOUT
from connector.errors import KeyRefused, SourceGarbled, SourceRefused, SourceUnavailable
from connector.rest.api import RETRYABLE
from connector.rest.auth import Key
from connector.rest.declaration import Header, Query
from connector.retries import Retries, hint

REFUSED = {401, 403}


class Calls:
    """To the source at `url`. KeyRefused when it does not let the key in."""

    def __init__(self, http: requests.Session, url: str, auth: Header | Query, retries: Retries) -> None:
        self.http, self.url, self.auth, self.retries = http, url, auth, retries

    def again[Answer](self, ask: Callable[[], Answer]) -> Answer:
        """What changes nothing when it is asked twice is asked up to `tries` times."""
        for attempt in range(self.retries.tries - 1):
            try:
                return ask()
            except SourceUnavailable as error:
                self.retries.sleep(self.retries.pause(attempt, error.retry_after))
        return ask()

    def send(self, method: str, path: str, key: str, gone: set[int] | None = None, **more: Any) -> Any:
        """The JSON of the answer; None where it has no body."""
        where, auth = f"{method} {self.url}{path}", Key(self.auth, key)
        try:
            # A redirect would carry the key to another host; it is refused below like any other answer.
            answer = self.http.request(
                method, self.url + path, auth=auth, timeout=TIMEOUT, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise SourceUnavailable(auth.hide(f"{where} was not answered: {error}.")) from error
        if answer.status_code in (gone or ()):
            return None
        if not 200 <= answer.status_code < 300:
            raise refusal(where, answer, auth)
        return body(where, answer)


def refusal(where: str, answer: requests.Response, auth: Key) -> SourceRefused | SourceUnavailable:
    start = answer.content[:300].decode("utf-8", "replace")
    said = auth.hide(f"{where} was answered with {answer.status_code} {answer.reason}: {start!r}")
    if answer.status_code in RETRYABLE:
        return SourceUnavailable(said, hint(answer.headers.get("Retry-After")))
    return (KeyRefused if answer.status_code in REFUSED else SourceRefused)(said)


def body(where: str, answer: requests.Response) -> Any:
    """Never shown in an error: it may be a key."""
    if not answer.content:
        return None
    try:
        return answer.json()
    except requests.JSONDecodeError as error:
        raise SourceGarbled(f"{where} was answered with {answer.status_code} and no JSON.") from error
