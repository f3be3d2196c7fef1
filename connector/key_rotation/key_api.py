"""Requests to the key API of a source: JSON in, JSON out. No error message contains a key."""

from collections.abc import Callable
from typing import Any

import requests

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.auth import ApiKeyAuth
from connector.sources.rest.config import Header, Query
from runtime.errors import describe_body
from runtime.http_session import TIMEOUT
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after

KEY_REJECTED = {401, 403}


class KeyApiClient:
    """Sends requests with varying keys to the source at `url`. KeyRejected if it rejects the key."""

    def __init__(self, session: requests.Session, url: str, auth: Header | Query, retry: RetryPolicy) -> None:
        self.session, self.url, self.auth, self.retry = session, url, auth, retry

    def retry_idempotent[Result](self, request: Callable[[], Result]) -> Result:
        """Only for requests that may be repeated: a repeated POST would issue a second key."""

        def next_delay(error: Exception, attempt: int) -> float | None:
            if not isinstance(error, SourceUnavailable):
                return None
            return self.retry.delay(attempt, error.retry_after)

        return self.retry.call(request, next_delay)

    def send(
        self, method: str, path: str, key: str, absent_statuses: set[int] | None = None, **options: Any
    ) -> Any:
        """The JSON body; None if it is empty, or for a status in `absent_statuses`."""
        where, auth = f"{method} {self.url}{path}", ApiKeyAuth(self.auth, key)
        try:
            # A redirect would carry the key to another host; it is an error below, as any other status.
            response = self.session.request(
                method, self.url + path, auth=auth, timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise SourceUnavailable(auth.redact(f"no response to {where}: {error}.")) from error
        # Before the check of 2xx: here the status is the expected outcome.
        if response.status_code in (absent_statuses or ()):
            return None
        if not 200 <= response.status_code < 300:
            raise to_error(where, response, auth)
        return parse_json(where, response)


def to_error(
    where: str, response: requests.Response, auth: ApiKeyAuth
) -> RequestRejected | SourceUnavailable:
    body = describe_body(response.content, auth.redact)
    message = f"{auth.redact(where)} returned {response.status_code} {response.reason}: {body}"
    if response.status_code in TRANSIENT_STATUSES:
        return SourceUnavailable(message, parse_retry_after(response.headers.get("Retry-After")))
    return (KeyRejected if response.status_code in KEY_REJECTED else RequestRejected)(message)


def parse_json(where: str, response: requests.Response) -> Any:
    """The body is never part of an error: it may be a key."""
    # DELETE often has no body.
    if not response.content:
        return None
    try:
        return response.json()
    except requests.JSONDecodeError as error:
        raise InvalidResponse(f"{where} returned {response.status_code} without JSON.") from error
