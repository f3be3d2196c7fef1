"""HTTP in, pages out. Knows no cloud."""

import threading
from collections.abc import Callable, Iterator

import requests
from urllib3.exceptions import HTTPError

from connector.connections import sender
from connector.errors import SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from connector.fetch import IN_FLIGHT
from connector.rest.auth import Key
from connector.rest.limiter import Limiter
from connector.retries import Retries, hint

LONGEST_BODY = 300.0  # seconds; a body that comes drop by drop is never silent
PIECE = 2**20  # bytes; `read1` gives what has arrived, and so asks the kernel a few times a page, not ten
RETRYABLE = {408, 425, 429, 500, 502, 503, 504}


# What a body is read by: the answer without it, and the whole of it.
type Read[Answer] = Callable[[requests.Response, bytes], Answer]


class Api:
    """`get` may be called from many threads; at most `in_flight` requests are under way at once."""

    def __init__(
        self,
        http: requests.Session,
        url: str,
        key: Key,
        retries: Retries | None = None,
        limiter: Limiter | None = None,
        in_flight: int = IN_FLIGHT,
    ) -> None:
        self.http = http
        self.url = url
        self.key = key
        self.retries = retries or Retries()
        self.limiter = limiter or Limiter(None)
        self.slots = threading.BoundedSemaphore(in_flight)
        self.quiet_until = 0.0
        self.transmit = sender(http, url)

    def get[Answer](self, url: str, params: dict[str, str], read: Read[Answer]) -> Answer:
        """What `read` makes of the answer. SourceRefused at once; SourceUnavailable and SourceGarbled after
        every try."""
        end = self.retries.clock() + self.retries.deadline
        attempt = 0
        while True:
            try:
                self.keep_quiet()
                return self.attempt(url, params, read, renew=True)
            except (SourceUnavailable, SourceGarbled) as error:
                self.wait(error, attempt, end)
            attempt += 1

    def prepare(self, url: str, params: dict[str, str]) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare("GET", url, headers=self.http.headers, params=params, auth=self.key)
        except requests.RequestException as error:
            raise SourceRefused(f"'{url}' is no address: {error}.") from error
        return prepared

    def attempt[Answer](self, url: str, params: dict[str, str], read: Read[Answer], renew: bool) -> Answer:
        prepared = self.prepare(url, params)
        response, body = self.send(prepared)
        if response.status_code == requests.codes.unauthorized and renew and self.key.renew(prepared):
            return self.attempt(url, params, read, renew=False)
        if response.status_code != requests.codes.ok:
            raise self.refusal(response, body)
        try:
            return read(response, body)
        except SourceGarbled as error:
            raise SourceGarbled(self.key.hide(f"{prepared.url}: {error}.")) from error

    def send(self, prepared: requests.PreparedRequest) -> tuple[requests.Response, bytes]:
        try:
            with self.slots:
                self.limiter.wait()
                response = self.transmit(prepared)
                return response, b"".join(self.pieces(response))
        except (requests.RequestException, HTTPError) as error:
            said = f"{prepared.url} did not answer: {error}."
            raise SourceUnavailable(self.key.hide(said)) from error

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        end = self.retries.clock() + LONGEST_BODY
        while piece := response.raw.read1(PIECE, decode_content=True):
            yield piece
            if self.retries.clock() > end:
                response.close()
                raise requests.Timeout(f"its body was not at its end after {LONGEST_BODY:.0f} s")

    def refusal(self, response: requests.Response, content: bytes) -> SourceError:
        """What is said here may repeat the key, as some servers do in their errors."""
        status, seconds = response.status_code, hint(response.headers.get("Retry-After"))
        body = content[:300].decode("utf-8", "replace")
        said = self.key.hide(f"{response.url} answered {status} {response.reason}: {body!r}")
        if status in RETRYABLE:
            if seconds:
                self.quiet_until = max(self.quiet_until, self.retries.clock() + seconds)
            return SourceUnavailable(said, seconds)
        return SourceRefused(said, status)

    def keep_quiet(self) -> None:
        """A Retry-After for one request is one for all: the limit is the key's."""
        rest = self.quiet_until - self.retries.clock()
        if rest > 0:
            self.retries.sleep(rest + self.retries.jitter(0, self.retries.base))

    def wait(self, error: SourceUnavailable | SourceGarbled, attempt: int, end: float) -> None:
        pause = self.retries.pause(attempt, getattr(error, "retry_after", None))
        if attempt + 1 >= self.retries.tries:
            raise type(error)(f"{error} Tried {attempt + 1} times.") from error
        if self.retries.clock() + pause > end:
            late = f"The next try, in {pause:.0f} s, is beyond the deadline of {self.retries.deadline:.0f} s."
            raise type(error)(f"{error} {late}") from error
        self.retries.sleep(pause)
