"""Requests to a source with one key or another: JSON in, JSON out, and no key in what goes wrong."""

from collections.abc import Callable
from typing import Any

import requests

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.auth import ApiKeyAuth
from connector.sources.rest.config import Header, Query
from runtime.http_session import TIMEOUT
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after

REFUSED = {401, 403}


class Calls:
    """To the source at `url`. KeyRejected when it does not let the key in."""

    def __init__(self, http: requests.Session, url: str, auth: Header | Query, retry: RetryPolicy) -> None:
        self.http, self.url, self.auth, self.retry = http, url, auth, retry

    def again[Answer](self, ask: Callable[[], Answer]) -> Answer:
        """What changes nothing when it is asked twice is asked up to `tries` times."""
        for attempt in range(self.retry.attempts - 1):
            try:
                return ask()
            except SourceUnavailable as error:
                self.retry.sleep(self.retry.delay(attempt, error.retry_after))
        return ask()

    def send(self, method: str, path: str, key: str, gone: set[int] | None = None, **more: Any) -> Any:
        """The JSON of the answer; None where it has no body."""
        where, auth = f"{method} {self.url}{path}", ApiKeyAuth(self.auth, key)
        try:
            # A redirect would carry the key to another host; it is refused below like any other answer.
            answer = self.http.request(
                method, self.url + path, auth=auth, timeout=TIMEOUT, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise SourceUnavailable(auth.redact(f"{where} was not answered: {error}.")) from error
        if answer.status_code in (gone or ()):
            return None
        if not 200 <= answer.status_code < 300:
            raise refusal(where, answer, auth)
        return body(where, answer)


def refusal(where: str, answer: requests.Response, auth: ApiKeyAuth) -> RequestRejected | SourceUnavailable:
    start = answer.content[:300].decode("utf-8", "replace")
    said = auth.redact(f"{where} was answered with {answer.status_code} {answer.reason}: {start!r}")
    if answer.status_code in TRANSIENT_STATUSES:
        return SourceUnavailable(said, parse_retry_after(answer.headers.get("Retry-After")))
    return (KeyRejected if answer.status_code in REFUSED else RequestRejected)(said)


def body(where: str, answer: requests.Response) -> Any:
    """Never shown in an error: it may be a key."""
    if not answer.content:
        return None
    try:
        return answer.json()
    except requests.JSONDecodeError as error:
        raise InvalidResponse(f"{where} was answered with {answer.status_code} and no JSON.") from error
