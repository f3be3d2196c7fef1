"""Client of one API that accepts rows: sends requests, and returns which rows were rejected and why."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import requests

from runtime.rate_limiter import RateLimiter
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after
from sheets_sync.destinations.http.config import HttpConfig
from sheets_sync.errors import OutcomeUnknown, TargetError, TransientError
from sheets_sync.records import Key, Record, decode_value, encode_value, record_key, to_raw_json
from sheets_sync.transient import call_with_retry

TIMEOUT = (10, 60)  # seconds to connect, and between two bytes of the response
MAX_EXCERPT = 300  # characters of a response in an error
# Statuses that concern rows of the request; others concern the request as a whole.
ROW_STATUSES = {400, 409, 413, 422}

type Rejections = dict[Key, str]  # rows that were not accepted, and the reason


# Fields of a response, or of the entry of one row, that are true, not empty or not 0 if rows failed.
FAILURE_FIELDS = ("error", "errors", "numErrors", "hasErrors", "failures", "failed", "rejected")


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

    @property
    def address(self) -> str:
        return f"{self.url}{self.config.path}"

    def upsert(self, rows: Mapping[Key, Record], key_fields: list[str]) -> Rejections:
        """A rejected request is sent again in halves until the row that caused it is isolated."""
        items = [to_raw_json(row) for row in rows.values()]
        body = msgspec.json.encode({self.config.rows: items} if self.config.rows else items)
        try:
            response = self.send(self.config.method, self.config.path, body)
        except RowsRejected as error:
            if len(rows) == 1:
                return dict.fromkeys(rows, str(error))
            pairs, middle = list(rows.items()), len(rows) // 2
            first_half, second_half = dict(pairs[:middle]), dict(pairs[middle:])
            return self.upsert(first_half, key_fields) | self.upsert(second_half, key_fields)
        return self.read_rejections(response, list(rows), key_fields)

    def delete(self, key: Key, key_fields: Sequence[str]) -> Rejections:
        """A row that no longer exists counts as deleted."""
        path = self.config.delete.path or "" if self.config.delete else ""
        for name, value in zip(key_fields, key, strict=True):
            path = path.replace(f"{{{name}}}", quote(str(decode_value(value)), safe=""))
        try:
            self.send("DELETE", path, b"")
        except RowsRejected as error:
            return {key: str(error)}
        return {}

    def read_rejections(
        self, response: requests.Response, keys: Sequence[Key], key_fields: list[str]
    ) -> Rejections:
        results = self.config.results
        if results is None:
            self.check_no_failures(response)
            return {}
        try:
            entries = msgspec.json.decode(response.content, type=dict[str, Any])[results.rows]
            by_key = {
                record_key({name: encode_value(entry.get(name)) for name in key_fields}, key_fields): entry
                for entry in entries
            }
        except (msgspec.MsgspecError, LookupError, TypeError, AttributeError) as error:
            raise TargetError(
                f"{self.address} returned no list {results.rows!r} of rows: {self.excerpt(response.content)}"
            ) from error
        rejections = {}
        for key in keys:
            entry = by_key.get(key, {results.status: "no result for this row"})
            if entry.get(results.status) not in results.accepted:
                reason = entry.get(results.reason) if results.reason else None
                rejections[key] = str(reason or entry.get(results.status))
        return rejections

    def check_no_failures(self, response: requests.Response) -> None:
        """A success may contain rows that failed; without `results` it is not known which ones."""
        try:
            body = msgspec.json.decode(response.content or b"null")
        except msgspec.DecodeError:
            return
        if reports_failure(body):
            raise TargetError(
                f"{self.address} answered {response.status_code} with failures: "
                f"{self.excerpt(response.content)}. Declare destination.results, so that rejected rows are "
                "found and sent again."
            )

    def send(self, method: str, path: str, body: bytes) -> requests.Response:
        try:
            return call_with_retry(self.retry, lambda: self.send_once(method, path, body), resend=True)
        except OutcomeUnknown as error:
            raise TargetError(f"{error} The next run sends it again.") from error

    def send_once(self, method: str, path: str, body: bytes) -> requests.Response:
        self.limiter.wait()
        self.calls += 1
        request = f"{method} {self.url}{path}"
        # Constant for the same content, so that an API which supports the header applies it once.
        headers = {"Idempotency-Key": hashlib.sha256(f"{request}\n".encode() + body).hexdigest()[:32]}
        if body:
            headers["Content-Type"] = "application/json"
        if auth := self.config.auth:
            headers[auth.header] = auth.prefix + self.api_key
        try:
            response = self.session.request(
                method, self.url + path, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.ConnectTimeout, requests.ConnectionError) as error:
            raise TransientError(f"{request} cannot be reached: {type(error).__name__}.") from error
        except (requests.RequestException, ValueError) as error:
            raise OutcomeUnknown(f"{request} returned no response: {type(error).__name__}.") from error
        self.check_status(response, request)
        return response

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
        """The beginning of a response, without the API key, which some servers repeat."""
        text = content[:MAX_EXCERPT].decode("utf-8", "replace")
        return repr(text.replace(self.api_key, "***") if self.api_key else text)


def reports_failure(body: Any) -> bool:
    """Whether a response, or an entry of a list in it, names a failure."""
    if isinstance(body, list):
        return any(isinstance(entry, dict) and is_failure(entry) for entry in body)
    if not isinstance(body, dict):
        return False
    return is_failure(body) or any(
        reports_failure(value) for value in body.values() if isinstance(value, list)
    )


def is_failure(entry: dict[str, Any]) -> bool:
    return entry.get("success") is False or any(entry.get(name) for name in FAILURE_FIELDS)
