"""HTTP client of a source: authentication, rate limit, retry, and errors that never contain a key."""

import gzip
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from connector.errors import InvalidResponse, RateLimited, RequestRejected, SourceError, SourceUnavailable
from connector.extract.fetch_round import UNAUTHORIZED
from connector.extract.workers import IN_FLIGHT
from connector.sources.rest.auth import ApiKeyAuth
from connector.sources.rest.pauses import RATE_STATUSES, Now, is_transient, read_pause, utc_now
from runtime.errors import describe_body
from runtime.http_session import make_sender
from runtime.masking import mask_secrets
from runtime.rate_limiter import RateLimiter
from runtime.retry import RetryPolicy

MAX_BODY_SECONDS = 300.0  # a body that arrives byte by byte never runs into the read timeout
MIN_LOGGED_PAUSE = 10.0  # seconds; a longer pause without a log line looks like a hang
GZIP_NAMES = ("gzip", "x-gzip")
KNOWN_ENCODINGS = ("", "identity", "deflate", *GZIP_NAMES)
READ_BYTES = 2**20  # `read1` returns what has arrived: a few reads per page instead of ten


# Parses a response; the body is given separately, because it is read here.
type Parse[Result] = Callable[[requests.Response, bytes], Result]


# How sources answer an expired token if not with 401: RFC 6750, section 3.1, or in words.
TOKEN_STATUSES = {requests.codes.bad_request, requests.codes.forbidden}
EXPIRED_TOKEN = re.compile(
    r"(invalid|expired)[ _-]?((access|oauth|auth)[ _-]?)?token|token[^.{}\[\]]{0,40}expired", re.IGNORECASE
)


def is_token_rejected(response: requests.Response, body: bytes) -> bool:
    status: int = response.status_code
    if status not in TOKEN_STATUSES:
        return status == UNAUTHORIZED
    text = body[:READ_BYTES].decode(errors="replace")
    return bool(EXPIRED_TOKEN.search(f"{response.headers.get('WWW-Authenticate', '')} {text}"))


class PauseTooLong(SourceUnavailable):
    """A pause that ends after the deadline: no attempt is made at all."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class SourceClient:
    """Thread-safe. At most `in_flight` requests are active at the same time.

    `on_pause(seconds, reason)` is called before every pause of more than MIN_LOGGED_PAUSE seconds. `now` is the wall
    clock, for limits that end at a time.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        auth: ApiKeyAuth,
        retry: RetryPolicy | None = None,
        rate_limiter: RateLimiter | None = None,
        in_flight: int = IN_FLIGHT,
        on_pause: Callable[[float, str], None] = lambda seconds, reason: None,
        now: Now = utc_now,
    ) -> None:
        self.session = session
        self.url = url
        self.auth = auth
        self.retry = retry or RetryPolicy()
        self.rate_limiter = rate_limiter or RateLimiter(None, 1.0)
        self.slots = threading.BoundedSemaphore(in_flight)
        # Shared by all threads without a lock: the worst outcome of a race is one more 429.
        self.paused_until = 0.0
        self.on_pause = on_pause
        self.now = now
        self.transmit = make_sender(session, url)

    def get[Result](self, url: str, params: dict[str, str], parse: Parse[Result]) -> Result:
        return self.send(Request("GET", url, params), parse)

    def send[Result](self, request: Request, parse: Parse[Result]) -> Result:
        """The parsed response. Requests are retried, so they must only read.

        RequestRejected at once; SourceUnavailable and InvalidResponse after all attempts, or when the next attempt
        would begin after the deadline.
        """
        # One deadline over all attempts and pauses: the job itself has a time limit.
        end = self.retry.clock() + self.retry.deadline
        attempt = 0
        while True:
            try:
                self._wait_for_pause(end)
                return self._attempt(request, parse, renew=True)
            except (SourceUnavailable, InvalidResponse) as error:
                self._wait_before_retry(error, attempt, end)
            attempt += 1

    def send_once[Result](self, request: Request, parse: Parse[Result]) -> Result:
        """Without retries, for a request whose failure is an answer. SourceError."""
        self._wait_for_pause(self.retry.clock() + self.retry.deadline)
        return self._attempt(request, parse, renew=True)

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        content_type = {"Content-Type": "application/json"} if request.body is not None else {}
        # In this order, so that a declared header wins.
        headers = dict(self.session.headers) | content_type | dict(request.headers)
        try:
            prepared.prepare(
                request.method,
                request.url,
                headers=headers,
                params=request.params,
                data=request.body,
                auth=self.auth,
            )
        except requests.RequestException as error:
            raise RequestRejected(self.redact(f"invalid address '{request.url}': {error}.")) from error
        return prepared

    def redact(self, text: str) -> str:
        """The text without the key, and without credentials in its addresses."""
        return mask_secrets(self.auth.redact(text))

    def _attempt[Result](self, request: Request, parse: Parse[Result], renew: bool) -> Result:
        prepared = self._prepare(request)
        response, body = self._send(prepared)
        # Once: a new token that is rejected as well will not be accepted at the third attempt.
        if renew and is_token_rejected(response, body) and self.auth.renew(prepared):
            return self._attempt(request, parse, renew=False)
        if response.status_code not in (requests.codes.ok, requests.codes.partial):
            raise self._to_error(response, body)
        try:
            return parse(response, body)
        except InvalidResponse as error:
            # The address may contain the key as a parameter. The body shows whether it was HTML of a proxy.
            reason = self.redact(f"{prepared.url}: {error}")
            start = describe_body(body, self.auth.redact)
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            unknown = "" if encoding in KNOWN_ENCODINGS else f"; its Content-Encoding is {encoding!r}"
            raise InvalidResponse(f"{reason}{unknown}; the body begins with {start}.") from error

    def _send(self, prepared: requests.PreparedRequest) -> tuple[requests.Response, bytes]:
        try:
            # Only while the request is active: a worker that writes its page to the bucket frees the slot.
            with self.slots:
                self.rate_limiter.wait()
                response = self.transmit(prepared)
                return response, self._read_body(response)
        except (requests.RequestException, HTTPError, OSError, EOFError, zlib.error) as error:
            message = self.redact(f"no response from {prepared.url}: {error}.")
            raise SourceUnavailable(message) from error

    def _read_body(self, response: requests.Response) -> bytes:
        """EOFError for a truncated gzip stream, which urllib3 accepts: lines of JSON would not show what is missing."""
        is_gzip = response.headers.get("Content-Encoding", "").strip().lower() in GZIP_NAMES
        body = b"".join(self._read_pieces(response, not is_gzip))
        return gzip.decompress(body) if is_gzip else body

    def _read_pieces(self, response: requests.Response, is_decoded: bool) -> Iterator[bytes]:
        end = self.retry.clock() + MAX_BODY_SECONDS
        while piece := response.raw.read1(READ_BYTES, decode_content=is_decoded):
            yield piece
            if self.retry.clock() > end:
                response.close()
                raise requests.Timeout(f"the body was not complete after {MAX_BODY_SECONDS:.0f} s")

    def _to_error(self, response: requests.Response, content: bytes) -> SourceError:
        """Redacted, because some servers repeat the key in their error messages."""
        status = response.status_code
        target = f" to {location!r}" if (location := response.headers.get("Location")) else ""
        answer = self.redact(f"{response.url} returned {status} {response.reason}{target}")
        message = f"{answer}: {describe_body(content, self.auth.redact)}"
        if not is_transient(status, response.headers):
            return RequestRejected(message, status)
        seconds = read_pause(status, response.headers, self.now)
        if seconds:
            self.paused_until = max(self.paused_until, self.retry.clock() + seconds)
        kind = RateLimited if status in RATE_STATUSES else SourceUnavailable
        return kind(message, seconds)

    def _wait_for_pause(self, end: float) -> None:
        """Retry-After pauses all requests: the rate limit is per API key. Never past the deadline."""
        seconds = self.paused_until - self.retry.clock()
        if seconds <= 0:
            return
        if self.retry.clock() + seconds > end:
            raise PauseTooLong(
                f"{mask_secrets(self.url)} requested a pause of {seconds:.0f} s, past the deadline of "
                f"{self.retry.deadline:.0f} s.",
                seconds,
            )
        # With jitter, otherwise all workers would send their requests at the same moment.
        self._sleep(seconds + self.retry.jitter(0, self.retry.base), "requested by the source")

    def _sleep(self, seconds: float, reason: str) -> None:
        if seconds > MIN_LOGGED_PAUSE:
            self.on_pause(seconds, reason)
        self.retry.sleep(seconds)

    def _wait_before_retry(
        self, error: SourceUnavailable | InvalidResponse, attempt: int, end: float
    ) -> None:
        """Sleep before the next attempt; raises `error` if that would be past the deadline."""
        if isinstance(error, PauseTooLong):
            raise error
        # InvalidResponse has no Retry-After, but a page that was cut off is worth another attempt.
        delay = self.retry.delay(attempt, getattr(error, "retry_after", None))
        is_limited = isinstance(error, RateLimited)
        if attempt + 1 >= (self.retry.limited_attempts if is_limited else self.retry.attempts):
            raise type(error)(f"{error} Tried {attempt + 1} times.") from error
        if self.retry.clock() + delay > end:
            deadline = (
                f"The next attempt, in {delay:.0f} s, is past the deadline of {self.retry.deadline:.0f} s."
            )
            raise type(error)(f"{error} {deadline}") from error
        self._sleep(delay, "retry")
