"""Google JSON APIs over HTTP: authentication, retry, and errors.

Used instead of Google's client where requests are sent in a loop or at the start of a job:
google-cloud-storage by itself doubles the time and memory of a connector run (docs/adr/0004).
"""

import threading
import uuid
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import msgspec
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request

from runtime.http_session import make_sender
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after

JSON = "application/json"
# Random, so that no content contains it: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
BOUNDARY = uuid.uuid4().hex
MULTIPART = f"multipart/related; boundary={BOUNDARY}"
NO_ANSWER = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
ApiFailure = (requests.RequestException, GoogleAuthError, msgspec.MsgspecError)  # what `send` may raise


class MultipartBody:
    """A request body sent in pieces: joining them would double the memory of each upload."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class ErrorBody(msgspec.Struct, frozen=True):
    message: str = ""


class ErrorEnvelope(msgspec.Struct):
    error: ErrorBody = ErrorBody()


class ApiClient:
    """One Google API. Thread-safe.

    `ok_statuses` are statuses outside 2xx that `send` returns instead of raising: 404 (absent), 409 (exists
    already), 412 (precondition failed).
    """

    def __init__(
        self,
        session: requests.Session,
        credentials: Credentials,
        endpoint: str,
        ok_statuses: AbstractSet[int],
        retry: RetryPolicy | None = None,
        user_agent: str = "data-platform",
    ) -> None:
        self.credentials = credentials
        self.endpoint = endpoint
        self.ok_statuses = ok_statuses
        self.retry = retry or RetryPolicy(attempts=8, deadline=120)
        self.user_agent = user_agent
        self.auth_lock = threading.Lock()  # one thread renews the token, the others wait for it
        self.auth_request = Request(session)
        self.transmit = make_sender(session, endpoint)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | MultipartBody = b"",
        content_type: str = JSON,
    ) -> requests.Response:
        """The response, 2xx or one of `ok_statuses`. It is retried, so every request must be idempotent.

        Raises requests.RequestException or GoogleAuthError after the last attempt.
        """
        return self.retry.call(
            lambda: self.send_once(method, path, query, body, content_type), self._next_delay
        )

    def send_once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | MultipartBody = b"",
        content_type: str = JSON,
    ) -> requests.Response:
        """As `send`, without retry."""
        prepared = self._prepare(method, path, query, body, content_type)
        response = self._authorize_and_send(prepared)
        if response.status_code == requests.codes.unauthorized:  # a token can be revoked before it expires
            with self.auth_lock:
                self.credentials.refresh(self.auth_request)  # type: ignore[no-untyped-call]
            response = self._authorize_and_send(prepared)
        if response.status_code // 100 != 2 and response.status_code not in self.ok_statuses:
            raise requests.HTTPError(describe_response(response), response=response)
        return response

    def _next_delay(self, error: Exception, attempt: int) -> float | None:
        if not is_transient(error):
            return None
        response = getattr(error, "response", None)
        header = None if response is None else response.headers.get("Retry-After")
        return self.retry.delay(attempt, parse_retry_after(header))

    def _prepare(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | MultipartBody,
        content_type: str,
    ) -> requests.PreparedRequest:
        """Built without the session, which would read a password for Google from this machine's netrc."""
        headers = {"Content-Type": content_type, "User-Agent": self.user_agent}
        prepared = requests.PreparedRequest()
        prepared.prepare(method, self.endpoint + path, headers=headers, params=query, data=body)
        return prepared

    def _authorize_and_send(self, prepared: requests.PreparedRequest) -> requests.Response:
        with self.auth_lock:
            authorize = self.credentials.before_request
            authorize(self.auth_request, prepared.method, prepared.url, prepared.headers)  # type: ignore[no-untyped-call]
        response = self.transmit(prepared)
        response.content  # noqa: B018 - reading the body to its end frees the connection
        return response


def multipart_body(metadata: object, content: bytes) -> MultipartBody:
    """Metadata and content in one request: https://cloud.google.com/storage/docs/uploading-objects"""
    head = f"--{BOUNDARY}\r\nContent-Type: {JSON}\r\n\r\n".encode()
    first_part = head + msgspec.json.encode(metadata) + b"\r\n"
    return MultipartBody((first_part + head, content, f"\r\n--{BOUNDARY}--".encode()))


def decode_response[Body](response: requests.Response, body_type: type[Body]) -> Body:
    """The JSON body of a 2xx response; requests.HTTPError for any other response."""
    if not response.ok:
        raise requests.HTTPError(describe_response(response), response=response)
    return msgspec.json.decode(response.content, type=body_type)


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, GoogleAuthError):
        return bool(error.retryable) or isinstance(error, TransportError)
    if not isinstance(error, requests.HTTPError) or error.response is None:
        return isinstance(error, NO_ANSWER)
    return error.response.status_code in TRANSIENT_STATUSES


def describe_response(response: requests.Response) -> str:
    """Status, reason and Google's message: https://cloud.google.com/apis/design/errors#http_mapping"""
    try:
        message = msgspec.json.decode(response.content, type=ErrorEnvelope).error.message
    except msgspec.MsgspecError:
        message = response.text[:300]
    return f"{response.status_code} {response.reason}: {message}"
