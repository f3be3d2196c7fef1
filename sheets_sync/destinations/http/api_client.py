"""Client of one API that accepts rows: sends requests, and returns which rows were rejected and why."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import requests

from runtime.errors import describe_body
from runtime.oauth import OAuthClient, TokenEndpoint, TokenError
from runtime.rate_limiter import RateLimiter
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after
from sheets_sync.destinations.http.config import Auth, HttpConfig, OAuth, Results
from sheets_sync.destinations.http.failures import reports_failure
from sheets_sync.destinations.http.payload import build_body, build_path, read_field
from sheets_sync.errors import OutcomeUnknown, TargetError, TransientError
from sheets_sync.records import Key, Record, encode_value, record_key
from sheets_sync.transient import call_with_retry

TIMEOUT = (10, 60)  # seconds to connect, and between two bytes of the response
MIN_SECRET_LENGTH = 6  # characters
# Statuses that concern rows of the request; others concern the request as a whole.
# 413 is among them: the batch is too large, and its halves may not be.
ROW_STATUSES = {400, 409, 413, 422}

type Rejections = dict[Key, str]  # rows that were not accepted, and the reason


class RowsRejected(TargetError):
    """The API rejected the whole request because of at least one row."""


class RowApi:
    """Every request is idempotent, so it may be sent twice: rows are upserted and deleted by key."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        api_key: str,
        config: HttpConfig,
        retry: RetryPolicy,
        limiter: RateLimiter,
    ) -> None:
        self.session = session
        self.url = url.rstrip("/")
        self.api_key = api_key
        self.config = config
        self.retry = retry
        self.limiter = limiter
        self.calls = 0
        self.oauth = create_oauth(session, self.url, api_key, config.auth)

    @property
    def address(self) -> str:
        return f"{self.url}{self.config.path}"

    def upsert(self, rows: Mapping[Key, Record], key_fields: list[str]) -> Rejections:
        """A rejected request is sent again in halves until the row that caused it is isolated."""
        records = list(rows.values())
        body = build_body(self.config, records)
        try:
            response = self.send(self.config.method, build_path(self.config.path, records[0]), body)
            if self.config.results is None:
                self.check_no_failures(response, records[0].keys())
                return {}
            return self.read_rejections(response, list(rows), key_fields, self.config.results)
        except RowsRejected as error:
            if len(rows) == 1:
                return dict.fromkeys(rows, str(error))
            pairs, middle = list(rows.items()), len(rows) // 2
            first_half, second_half = dict(pairs[:middle]), dict(pairs[middle:])
            return self.upsert(first_half, key_fields) | self.upsert(second_half, key_fields)

    def delete(self, key: Key, key_fields: Sequence[str]) -> Rejections:
        """A row that no longer exists counts as deleted."""
        path = self.config.delete.path or "" if self.config.delete else ""
        path = build_path(path, dict(zip(key_fields, key, strict=True)))
        try:
            self.send("DELETE", path, b"")
        except RowsRejected as error:
            return {key: str(error)}
        return {}

    def read_rejections(
        self, response: requests.Response, keys: Sequence[Key], key_fields: list[str], results: Results
    ) -> Rejections:
        body = self.decode_body(response)
        if results.errors:
            failures = read_field(body, results.errors) or []
            if failures:
                raise RowsRejected(describe_reason(failures[0], results))
            return {}
        entries = read_field(body, results.rows or "$")
        if results.by == "position":
            matched = self.match_by_position(entries, keys, response)
        else:
            matched = self.match_by_key(entries, key_fields, response)
        rejections = {}
        for key in keys:
            if key not in matched:
                rejections[key] = "no result for this row"
            elif read_field(matched[key], results.status or "") not in results.accepted:
                rejections[key] = describe_reason(matched[key], results)
        return rejections

    def decode_body(self, response: requests.Response) -> Any:
        """None for an empty body."""
        try:
            return msgspec.json.decode(response.content or b"null")
        except msgspec.DecodeError as error:
            raise TargetError(f"{self.address} returned no JSON: {self.excerpt(response.content)}") from error

    def match_by_position(
        self, entries: Any, keys: Sequence[Key], response: requests.Response
    ) -> dict[Key, Any]:
        """The API returns one entry per row, in the order of the request."""
        if not isinstance(entries, list) or len(entries) != len(keys):
            raise TargetError(
                f"{self.address} returned no list of {len(keys)} results: {self.excerpt(response.content)}"
            )
        return dict(zip(keys, entries, strict=True))

    def match_by_key(
        self, entries: Any, key_fields: list[str], response: requests.Response
    ) -> dict[Key, Any]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            name = self.config.results.rows if self.config.results else ""
            raise TargetError(
                f"{self.address} returned no list {name!r} of rows: {self.excerpt(response.content)}"
            )
        return {
            record_key(
                {name: encode_value(read_field(entry, name)) for name in key_fields}, key_fields
            ): entry
            for entry in entries
        }

    def check_no_failures(self, response: requests.Response, fields: Collection[str]) -> None:
        """A success may contain rows that failed; without `results` it is not known which ones."""
        try:
            body = msgspec.json.decode(response.content or b"null")
        except msgspec.DecodeError:
            self.check_no_page(response)
            return
        if reports_failure(body, fields):
            raise TargetError(
                f"{self.address} answered {response.status_code} with failures: "
                f"{self.excerpt(response.content)}. Declare destination.results, so that rejected rows are "
                "found and sent again."
            )

    def check_no_page(self, response: requests.Response) -> None:
        """A page for people is the answer of a proxy or of a form for logging in, not of the API."""
        is_page = "html" in response.headers.get("Content-Type", "").lower()
        if is_page or response.content.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
            raise TargetError(
                f"{self.address} answered {response.status_code} with a page instead of its results: "
                f"{self.excerpt(response.content)}. Check the URL, and whether a proxy answers."
            )

    def send(self, method: str, path: str, body: bytes) -> requests.Response:
        try:
            return call_with_retry(self.retry, lambda: self.send_once(method, path, body), resend=True)
        except OutcomeUnknown as error:
            raise TargetError(f"{error} The next run sends it again.") from error

    def send_once(self, method: str, path: str, body: bytes, may_renew: bool = True) -> requests.Response:
        self.limiter.wait()
        self.calls += 1
        request = f"{method} {self.url}{path}"
        # Constant for the same content, so that an API which supports the header applies it once.
        headers = {"Idempotency-Key": hashlib.sha256(f"{request}\n".encode() + body).hexdigest()[:32]}
        if body:
            headers["Content-Type"] = "application/json"
        headers |= self.auth_headers()
        try:
            # No redirects: requests would follow a 302 with a GET, and the rows would be lost without an error.
            response = self.session.request(
                method, self.url + path, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.ConnectTimeout, requests.ConnectionError) as error:
            raise TransientError(f"{request} cannot be reached: {type(error).__name__}.") from error
        except (requests.RequestException, ValueError) as error:
            raise OutcomeUnknown(f"{request} returned no response: {type(error).__name__}.") from error
        # Once: an API that rejects new tokens too would be called without end.
        if response.status_code == requests.codes.unauthorized and self.oauth and may_renew:
            self.oauth.drop(headers["Authorization"].removeprefix("Bearer "))
            return self.send_once(method, path, body, may_renew=False)
        self.check_status(response, request)
        return response

    def auth_headers(self) -> dict[str, str]:
        auth = self.config.auth
        if self.oauth:
            try:
                return {"Authorization": f"Bearer {self.oauth.current_token()}"}
            except TokenError as error:
                kind = TransientError if error.problem == "unavailable" else TargetError
                raise kind(str(error)) from error
        return {auth.header: auth.prefix + self.api_key} if isinstance(auth, Auth) else {}

    def check_status(self, response: requests.Response, request: str) -> None:
        status = response.status_code
        message = f"{request} answered {status} {response.reason}: {self.excerpt(response.content)}"
        if status == requests.codes.multi_status and not self.config.results:
            # 207 means that each row has its own status; without `results` the rejected ones are unknown.
            raise TargetError(
                f"{message}. 207 contains a result per row: declare destination.results, so that rejected "
                "rows are found and sent again."
            )
        if response.ok and status < 300 or (status in (404, 410) and request.startswith("DELETE")):
            return
        # After 500, 502 and 504 the request may have been applied, the others reject it before.
        if status in TRANSIENT_STATUSES and status not in (500, 502, 504):
            header = response.headers.get("Retry-After")
            raise TransientError(message, parse_retry_after(header), quota=status == 429)
        if status >= 500:
            raise OutcomeUnknown(message)
        if status in ROW_STATUSES:
            raise RowsRejected(message)
        remedy = " Check the API key." if status in (401, 403) else ""
        raise TargetError(f"{message}{remedy}")

    def excerpt(self, content: bytes) -> str:
        return describe_body(content, self.redact)

    def redact(self, text: str) -> str:
        text = self.oauth.redact(text) if self.oauth else text
        # A short key would turn unrelated words into stars.
        is_secret = len(self.api_key) >= MIN_SECRET_LENGTH
        return text.replace(self.api_key, "***") if is_secret else text


def create_oauth(
    session: requests.Session, url: str, secret: str, auth: Auth | OAuth | None
) -> OAuthClient | None:
    if not isinstance(auth, OAuth):
        return None
    token_url = url + auth.token_url if auth.token_url.startswith("/") else auth.token_url
    endpoint = TokenEndpoint(token_url, auth.scope, auth.audience, auth.client_auth)
    return OAuthClient(session, endpoint, secret)


def describe_reason(entry: Any, results: Results) -> str:
    reason = read_field(entry, results.reason) if results.reason else None
    return str(reason or read_field(entry, results.status or "$"))
