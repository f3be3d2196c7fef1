"""Google's JSON APIs over HTTP: who asks, what is asked again, and when it is given up.

Not Google's own clients: their imports take longer than a whole run, and more memory (docs/adr/0004)."""

import itertools
import threading
import uuid
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import msgspec
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request

from connector.connections import sender
from connector.retries import Retries, hint

JSON = "application/json"
# Random, so that no content can hold it: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
BOUNDARY = uuid.uuid4().hex
MULTIPART = f"multipart/related; boundary={BOUNDARY}"
# https://cloud.google.com/storage/docs/retry-strategy#tools
RETRYABLE = {408, 429, 500, 502, 503, 504}
# BigQuery says some of it with 403: https://cloud.google.com/bigquery/docs/error-messages
PASSING = {
    "rateLimitExceeded",
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "quotaExceeded",
}
Unanswered = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
Failure = (requests.RequestException, GoogleAuthError, msgspec.MsgspecError)  # what a call may raise


class Parts:
    """A body that is sent piece by piece: joined, each page under way would stand in memory twice."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class Detail(msgspec.Struct, frozen=True):
    reason: str = ""


class Said(msgspec.Struct, frozen=True):
    message: str = ""
    errors: list[Detail] = []


class Refusal(msgspec.Struct):
    error: Said = Said()


class Service:
    """One of the APIs. `facts` are answers that say how things are, not that something went wrong: gone, or
    there already. `send` may be called from many threads."""

    def __init__(
        self,
        http: requests.Session,
        credentials: Credentials,
        endpoint: str,
        facts: AbstractSet[int],
        retries: Retries | None = None,
    ) -> None:
        self.http = http
        self.credentials = credentials
        self.endpoint = endpoint
        self.facts = facts
        self.retries = retries or Retries(tries=8, deadline=120)
        self.signing = threading.Lock()  # one asks for a new token, the others wait for it
        self.signer = Request(http)
        self.transmit = sender(http, endpoint)

    def send(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | Parts = b"", kind: str = JSON
    ) -> requests.Response:
        """The answer: good, or one of `facts`. Whatever is sent here must bear being sent twice.

        Raises requests.RequestException or GoogleAuthError after every try, at once where a second is no
        use."""
        end = self.retries.clock() + self.retries.deadline
        for attempt in itertools.count():
            try:
                return self.send_once(method, path, query, body, kind)
            except (requests.RequestException, GoogleAuthError) as error:
                pause = self.retries.pause(attempt, asked(error))
                late = attempt + 1 >= self.retries.tries or self.retries.clock() + pause > end
                if late or not passing(error):
                    raise
            self.retries.sleep(pause)
        raise AssertionError("unreachable")

    def send_once(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | Parts = b"", kind: str = JSON
    ) -> requests.Response:
        prepared = self.prepare(method, path, query, body, kind)
        response = self.signed(prepared)
        if response.status_code == requests.codes.unauthorized:  # a token may be withdrawn before its time
            with self.signing:
                self.credentials.refresh(self.signer)  # type: ignore[no-untyped-call]
            response = self.signed(prepared)
        if response.status_code // 100 != 2 and response.status_code not in self.facts:
            raise requests.HTTPError(sentence(response), response=response)
        return response

    def prepare(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | Parts, kind: str
    ) -> requests.PreparedRequest:
        """Without the session's part in it: a netrc of this machine is not asked for Google's password."""
        headers = {"Content-Type": kind, "User-Agent": "connector"}
        prepared = requests.PreparedRequest()
        prepared.prepare(method, self.endpoint + path, headers=headers, params=query, data=body)
        return prepared

    def signed(self, prepared: requests.PreparedRequest) -> requests.Response:
        with self.signing:
            sign = self.credentials.before_request
            sign(self.signer, prepared.method, prepared.url, prepared.headers)  # type: ignore[no-untyped-call]
        response = self.transmit(prepared)
        response.content  # noqa: B018 - read to its end, and the connection is free again
        return response


def multipart(described: object, content: bytes) -> Parts:
    """Metadata and content in one request: https://cloud.google.com/storage/docs/uploading-objects"""
    head = f"--{BOUNDARY}\r\nContent-Type: {JSON}\r\n\r\n".encode()
    metadata = head + msgspec.json.encode(described) + b"\r\n"
    return Parts((metadata + head, content, f"\r\n--{BOUNDARY}--".encode()))


def decoded[Part](answer: requests.Response, kind: type[Part]) -> Part:
    if not answer.ok:
        raise requests.HTTPError(sentence(answer), response=answer)
    return msgspec.json.decode(answer.content, type=kind)


def passing(error: Exception) -> bool:
    """Whether the same request may succeed in a while."""
    if isinstance(error, GoogleAuthError):
        return bool(error.retryable) or isinstance(error, TransportError)
    if not isinstance(error, requests.HTTPError) or error.response is None:
        return isinstance(error, Unanswered)
    reasons = {detail.reason for detail in said(error.response).errors}
    return error.response.status_code in RETRYABLE or not reasons.isdisjoint(PASSING)


def asked(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else hint(response.headers.get("Retry-After"))


def sentence(response: requests.Response) -> str:
    return f"{response.status_code} {response.reason}: {said(response).message}"


def said(response: requests.Response) -> Said:
    try:
        return msgspec.json.decode(response.content, type=Refusal).error
    except msgspec.MsgspecError:
        return Said(response.text[:300])
