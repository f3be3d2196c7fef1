"""One API that takes rows: requests out, and for each row whether it was taken."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
import requests

from sheets_sync.destinations.http.declaration import Http
from sheets_sync.errors import Busy, OutcomeUnknown, PlaceError
from sheets_sync.records import Key, Record, key_of, read, sendable, written
from sheets_sync.retry import Retry, retry_after

TIMEOUT = (10, 60)  # seconds to connect, and of silence
EXCERPT = 300  # characters of an answer in a sentence
INVALID = {400, 409, 413, 422}  # what is said of rows; other refusals are of all of them

type Refusals = dict[Key, str]  # the rows that were not taken, and why


class RowsRefused(PlaceError):
    """The request as a whole, on account of some row of it."""


@dataclass
class Pace:
    """At most `per_second` requests begin in a second."""

    per_second: float | None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    next: float = 0.0

    def wait(self) -> None:
        if self.per_second:
            now = self.clock()
            if self.next > now:
                self.sleep(self.next - now)
            self.next = max(now, self.next) + 1 / self.per_second


class Api:
    """Every request may be sent twice: a row is taken, or deleted, by its key."""

    def __init__(
        self, http: requests.Session, url: str, secret: str, declared: Http, retry: Retry, pace: Pace
    ) -> None:
        self.http = http
        self.url = url.rstrip("/")
        self.secret = secret
        self.declared = declared
        self.retry = retry
        self.pace = pace
        self.calls = 0

    def upsert(self, rows: Mapping[Key, Record], key: list[str]) -> Refusals:
        """A request that is refused is sent again in halves, until the row is found that caused it."""
        sent = [sendable(row) for row in rows.values()]
        body = msgspec.json.encode({self.declared.rows: sent} if self.declared.rows else sent)
        try:
            answer = self.send(self.declared.method, self.declared.path, body)
        except RowsRefused as error:
            if len(rows) == 1:
                return dict.fromkeys(rows, str(error))
            items, middle = list(rows.items()), len(rows) // 2
            halves = dict(items[:middle]), dict(items[middle:])
            return self.upsert(halves[0], key) | self.upsert(halves[1], key)
        return self.refusals(answer, list(rows), key)

    def delete(self, key: Key, fields: Sequence[str]) -> Refusals:
        """What is not there any more is deleted."""
        path = self.declared.delete.path or "" if self.declared.delete else ""
        for name, value in zip(fields, key, strict=True):
            path = path.replace(f"{{{name}}}", quote(str(read(value)), safe=""))
        try:
            self.send("DELETE", path, b"")
        except RowsRefused as error:
            return {key: str(error)}
        return {}

    def refusals(self, answer: bytes, keys: Sequence[Key], fields: list[str]) -> Refusals:
        declared = self.declared.results
        if declared is None:
            return {}
        try:
            rows = msgspec.json.decode(answer, type=dict[str, Any])[declared.rows]
            told = {key_of({name: written(row.get(name)) for name in fields}, fields): row for row in rows}
        except (msgspec.MsgspecError, LookupError, TypeError, AttributeError) as error:
            raise PlaceError(
                f"{self.url}{self.declared.path} answered without a list {declared.rows!r} of rows: "
                f"{self.hidden(answer)}"
            ) from error
        found = {}
        for key in keys:
            row = told.get(key, {declared.status: "no answer for this row"})
            if row.get(declared.status) not in declared.accepted:
                reason = row.get(declared.reason) if declared.reason else None
                found[key] = str(reason or row.get(declared.status))
        return found

    def send(self, method: str, path: str, body: bytes) -> bytes:
        try:
            return self.retry.run(lambda: self.attempt(method, path, body), resend=True)
        except OutcomeUnknown as error:
            raise PlaceError(f"{error} The next run sends it again.") from error

    def attempt(self, method: str, path: str, body: bytes) -> bytes:
        self.pace.wait()
        self.calls += 1
        where = f"{method} {self.url}{path}"
        # The same for the same content, so that an API which knows the header does it once.
        headers = {"Idempotency-Key": hashlib.sha256(f"{where}\n".encode() + body).hexdigest()[:32]}
        if body:
            headers["Content-Type"] = "application/json"
        if auth := self.declared.auth:
            headers[auth.header] = auth.prefix + self.secret
        try:
            answer = self.http.request(
                method, self.url + path, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.ConnectTimeout, requests.ConnectionError) as error:
            raise Busy(f"{where} cannot be reached: {type(error).__name__}.") from error
        except (requests.RequestException, ValueError) as error:
            raise OutcomeUnknown(f"{where} did not answer: {type(error).__name__}.") from error
        return self.understood(answer, where)

    def understood(self, answer: requests.Response, where: str) -> bytes:
        status = answer.status_code
        if 200 <= status < 300 or (status in (404, 410) and where.startswith("DELETE")):
            return answer.content
        said = f"{where} answered {status} {answer.reason}: {self.hidden(answer.content)}"
        if status in (408, 425, 429, 503):
            raise Busy(said, retry_after(answer), quota=status == 429)
        if status >= 500:
            raise OutcomeUnknown(said)
        if status in INVALID:
            raise RowsRefused(said)
        way_out = " Is the key the right one?" if status in (401, 403) else ""
        raise PlaceError(f"{said}{way_out}")

    def hidden(self, content: bytes) -> str:
        """The beginning of an answer, without the key, which some servers repeat."""
        text = content[:EXCERPT].decode("utf-8", "replace")
        return repr(text.replace(self.secret, "***") if self.secret else text)
