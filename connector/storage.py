"""Cloud Storage's JSON API over HTTP: who asks, what is asked again, and when it is given up.

Not Google's own client: its import alone takes more memory than a whole run (docs/adr/0004)."""

import itertools
import threading
from collections.abc import Iterator, Mapping

import msgspec
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from requests.adapters import HTTPAdapter

from connector.retries import Retries, hint

CONNECTIONS = 32  # the workers of the page loop
TIMEOUT = (10, 60)  # seconds to connect, and of silence while reading
JSON = "application/json"
# https://cloud.google.com/storage/docs/retry-strategy#tools
RETRYABLE = {408, 429, 500, 502, 503, 504}
# Answers that say how things are, not that something went wrong: gone, and no longer at that generation.
FACTS = {404, 412}

Passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Parts:
    """A body that is sent piece by piece: joined, each page under way would stand in memory twice."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class Said(msgspec.Struct, frozen=True):
    message: str = ""


class Refusal(msgspec.Struct):
    error: Said = Said()


def session() -> requests.Session:
    http = requests.Session()
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
    return http


class Storage:
    """`send` may be called from many threads."""

    def __init__(
        self, http: requests.Session, credentials: Credentials, endpoint: str, retries: Retries | None = None
    ) -> None:
        self.http = http
        self.credentials = credentials
        self.endpoint = endpoint
        self.retries = retries or Retries(tries=8, deadline=120)
        self.signing = threading.Lock()  # one asks for a new token, the others wait for it
        self.signer = Request(http)
        # Proxies and certificates of the environment, looked up once instead of once a request.
        self.options = http.merge_environment_settings(endpoint, {}, False, None, None)

    def send(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | Parts = b"", kind: str = JSON
    ) -> requests.Response:
        """The answer: good, or one of FACTS. Whatever is sent here must bear being sent twice.

        Raises requests.RequestException or GoogleAuthError after every try, at once where a second is no
        use."""
        end = self.retries.clock() + self.retries.deadline
        for attempt in itertools.count():
            try:
                return self.attempt(self.prepare(method, path, query, body, kind))
            except (requests.RequestException, GoogleAuthError) as error:
                pause = self.retries.pause(attempt, asked(error))
                late = attempt + 1 >= self.retries.tries or self.retries.clock() + pause > end
                if late or not passing(error):
                    raise
            self.retries.sleep(pause)
        raise AssertionError("unreachable")

    def prepare(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | Parts, kind: str
    ) -> requests.PreparedRequest:
        """Without the session's part in it: a netrc of this machine is not asked for Google's password."""
        headers = {"Content-Type": kind, "User-Agent": "connector"}
        prepared = requests.PreparedRequest()
        prepared.prepare(method, self.endpoint + path, headers=headers, params=query, data=body)
        return prepared

    def attempt(self, prepared: requests.PreparedRequest) -> requests.Response:
        response = self.signed(prepared)
        if response.status_code == requests.codes.unauthorized:  # a token may be withdrawn before its time
            with self.signing:
                self.credentials.refresh(self.signer)  # type: ignore[no-untyped-call]
            response = self.signed(prepared)
        if response.status_code // 100 != 2 and response.status_code not in FACTS:
            raise requests.HTTPError(sentence(response), response=response)
        return response

    def signed(self, prepared: requests.PreparedRequest) -> requests.Response:
        with self.signing:
            sign = self.credentials.before_request
            sign(self.signer, prepared.method, prepared.url, prepared.headers)  # type: ignore[no-untyped-call]
        return self.http.send(prepared, timeout=TIMEOUT, allow_redirects=False, **self.options)


def passing(error: requests.RequestException | GoogleAuthError) -> bool:
    if isinstance(error, GoogleAuthError):
        return bool(error.retryable) or isinstance(error, TransportError)
    status = error.response.status_code if error.response is not None else None
    return isinstance(error, Passing) or status in RETRYABLE


def asked(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else hint(response.headers.get("Retry-After"))


def sentence(response: requests.Response) -> str:
    try:
        said = msgspec.json.decode(response.content, type=Refusal).error.message
    except msgspec.MsgspecError:
        said = response.text[:300]
    return f"{response.status_code} {response.reason}: {said}"
