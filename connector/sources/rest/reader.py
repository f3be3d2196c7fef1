"""Read pages of one endpoint of an API, in each of the declared kinds of paging."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import msgspec
import requests

from connector.errors import CursorExpired, InvalidResponse, RequestRejected
from connector.extract.workers import IN_FLIGHT
from connector.settings import Settings
from connector.sources.base import fingerprint
from connector.sources.reader import Page
from connector.sources.rest.auth import create_auth
from connector.sources.rest.chain_end import is_end_number, names_later_last
from connector.sources.rest.checks.following import iter_guesses
from connector.sources.rest.checks.kinds import create_check
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.client import Request, SourceClient
from connector.sources.rest.config import Query, RestEndpoint, RestSource
from connector.sources.rest.links import find_on_host
from connector.sources.rest.paging import ByCursor, ByLink, ByNext, ByOffset, ByPage
from connector.sources.rest.position import LAST_ITEM
from connector.sources.rest.response import create_parser
from connector.sources.window import IdRange, window_of
from runtime.http_session import open_session
from runtime.masking import mask_secrets
from runtime.rate_limiter import RateLimiter
from runtime.retry import RetryPolicy

EXPIRED_STATUSES = {400, 404, 410, 422}  # how sources answer a cursor that has expired
NO_CONTENT = 204
MAX_CURSOR_CHARACTERS = 4000  # it is stored in an object's metadata, of which Cloud Storage accepts 8 KiB


class RestReader:
    """Implements sources.reader.Reader."""

    def __init__(self, client: SourceClient, source: RestSource, name: str) -> None:
        self.client = client
        self.endpoint: RestEndpoint = source.endpoints[name]
        # The one in the environment wins, but a changed declaration is another source as well.
        self.addresses = [source.url, client.url]
        self.headers = dict(source.headers) | dict(self.endpoint.headers)
        fields = {column: field for field, column in self.endpoint.rename.items()}
        self.paging = source.paging_of(name)
        self.auth = source.authentication()
        self.parse_body = create_parser(self.paging, self.endpoint.window)
        self.url = client.url + self.endpoint.path
        self.probe = Probe(
            self.paging,
            # Another declaration needs a proof of its own.
            f"counts:{self.fingerprint}",
            # As the source names its fields.
            [fields.get(column, column) for column in self.endpoint.key],
            dict(parse_qsl(urlsplit(self.endpoint.path).query)) | self.endpoint.params,
            self._request,
            read=lambda request: client.send(request, self._parse),
            read_once=lambda request: client.send_once(request, self._parse),
        )
        self.page_check = create_check(self.probe)

    @property
    def size(self) -> int:
        return self.paging.limit or 0

    @property
    def sequential(self) -> bool:
        # Also for a source without paging: its only page is the whole chain.
        return not isinstance(self.paging, ByPage | ByOffset)

    @property
    def offset_paged(self) -> bool:
        return isinstance(self.paging, ByOffset)

    @property
    def position(self) -> str | None:
        match self.paging:
            case ByLink(link=relation):
                return f"a Link header with relation {relation!r}"
            case ByCursor(next=path) | ByNext(next=path):
                return f"{path!r}"
        return None

    @property
    def declared_places(self) -> Mapping[str, str]:
        declared = {name: getattr(self.paging, name) for name in ("total_pages", "total_items", "more")}
        return {name: place for name, place in declared.items() if place}

    @property
    def fingerprint(self) -> str:
        """Of the address, the paging, the filters and the mapping of fields, but not of limits or schedules."""
        endpoint = self.endpoint
        parts = [
            self.addresses,
            self.headers,
            endpoint.rename,
            endpoint.unmapped,
            endpoint.path,
            endpoint.method,
            endpoint.params,
            endpoint.body,
            window_of(endpoint),
            self.paging,
        ]
        return fingerprint(*parts)

    def is_counted(self, number: int, cursor: str | None, items: int) -> bool:
        place = PagePlace(number, cursor, IdRange())
        # Ids without gaps look like numbers of items, but rows do not move past them.
        if getattr(self.paging, "next", "").startswith(LAST_ITEM):
            return False
        return next(iter_guesses(self.probe, place, items), None) is not None

    def read_page(self, number: int, cursor: str | None, span: IdRange, places: Collection[str] = ()) -> Page:
        place = PagePlace(number, cursor, span, places)
        try:
            page = self.client.send(self._request(number, cursor, span), self._parse)
            return self.page_check.check(page, place)
        except RequestRejected as error:
            # A success without a body to parse.
            if error.status == NO_CONTENT:
                return self.page_check.check(Page([]), place)
            # Page 1 must exist: there the same status means a wrong address.
            if number > 1 and error.status and error.status == self.paging.end:
                return Page([], ended_by=error.status)
            # Not an expired cursor: the chain would start again in every run, and never be loaded.
            if is_end_number(cursor, self.paging) and error.status in EXPIRED_STATUSES:
                return Page([], fault=f"{error}. If this cursor is the end, declare `end_cursor: {cursor}`")
            if cursor and error.status in EXPIRED_STATUSES:
                raise CursorExpired(str(error), error.status) from error
            raise

    def read_first_body(self) -> bytes:
        """Page 1 as received, for a declaration that does not state yet where its items are."""
        return self.client.send(self._request(1, None, IdRange()), lambda _, body: body)

    def _request(
        self, number: int, cursor: str | None, span: IdRange, position: int | None = None
    ) -> Request:
        method = self.endpoint.method
        # The address of the source already contains page size and filters.
        if cursor and isinstance(self.paging, ByNext | ByLink):
            return Request(method, cursor, {}, self.headers, self._body({}))
        values = self._position(number, cursor)
        if position is not None and isinstance(self.paging, ByOffset):
            values = {self.paging.offset: position}
        # Without `size` the limit only documents what the server returns.
        if self.paging.size and self.paging.limit:
            values[self.paging.size] = self.paging.limit
        values |= span.parameters(window_of(self.endpoint))
        if self.paging.within == "body":
            return Request(method, self.url, dict(self.endpoint.params), self.headers, self._body(values))
        params = dict(self.endpoint.params) | {name: str(value) for name, value in values.items()}
        return Request(method, self.url, params, self.headers, self._body({}))

    def _body(self, values: dict[str, Any]) -> bytes | None:
        if self.endpoint.method == "GET":
            return None
        # A deep copy: several threads build their bodies from the same declaration.
        body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self.endpoint.body))
        for path, value in values.items():
            *parents, name = path.split(".")
            target = body
            for parent in parents:
                target = target.setdefault(parent, {})
            target[name] = value
        return msgspec.json.encode(body)

    def _position(self, number: int, cursor: str | None) -> dict[str, Any]:
        match self.paging:
            case ByPage(page=name, first=first):
                return {name: first + number - 1}
            case ByOffset(offset=name, limit=limit):
                return {name: (number - 1) * limit}
            case ByCursor(cursor=name, within=within) if cursor is not None:
                return {name: msgspec.json.decode(cursor) if within == "body" else cursor}
        return {}

    def _parse(self, response: requests.Response, body: bytes) -> Page:
        page = self.parse_body(body, response.headers, response.status_code)
        # Its text is the server's, which may repeat the key; it is logged and stored.
        page = replace(page, fault=self.client.redact(page.fault)) if page.fault else page
        if isinstance(self.paging, ByLink) and page.items and page.next is None and page.has_more is None:
            try:
                is_later = names_later_last(response.headers.get("Link", ""), response.url)
            except ValueError as error:
                raise InvalidResponse(
                    f"the last page of the Link header is at an invalid address: {error}"
                ) from error
            page = replace(page, has_more=True) if is_later else page
        if not self.sequential or page.next is None:
            return page
        cursor = page.next
        if not isinstance(self.paging, ByCursor):
            # Links may be relative (RFC 3986, section 5).
            cursor = self._check_host(response.url, cursor)
        if len(cursor) > MAX_CURSOR_CHARACTERS:
            raise InvalidResponse(
                f"the position of the next page has {len(cursor)} characters, at most {MAX_CURSOR_CHARACTERS} "
                f"are supported: {mask_secrets(cursor)[:80]}…"
            )
        return replace(page, next=cursor)

    def _check_host(self, present: str, link: str) -> str:
        """The address of `link` on the page `present`, without the key. InvalidResponse for an invalid one,
        RequestRejected for another host, to which the key must not be sent."""
        try:
            url = urljoin(present, link)
            linked, other = find_on_host(self.url, url), urlsplit(url)
        except ValueError as error:
            raise InvalidResponse(f"the next page is at {mask_secrets(link)[:80]!r}: {error}") from error
        if linked is None:
            place = f"{other.scheme}://{other.netloc}"
            raise RequestRejected(
                mask_secrets(
                    f"the next page of {self.url} is on another host, {place}: the key is not sent there. If the API "
                    f"is at {place} now, declare it as `url`."
                )
            )
        if not isinstance(self.auth, Query):
            return linked.geturl()
        pairs = parse_qsl(linked.query, keep_blank_values=True)
        # Servers repeat the request's parameters in the link; the key must not reach the object's metadata.
        query = [(name, value) for name, value in pairs if name != self.auth.query]
        return linked._replace(query=urlencode(query)).geturl()


def create_reader(
    source: RestSource,
    name: str,
    settings: Settings,
    retry: Callable[[], RetryPolicy] = RetryPolicy,
    on_pause: Callable[[float, str], None] = lambda seconds, reason: None,
) -> RestReader:
    """The reader of endpoint `name`, with connections of its own. `on_pause`: see SourceClient."""
    session, url = open_session(IN_FLIGHT), settings.source["URL"].rstrip("/")
    auth = create_auth(session, url, source.authentication(), settings.source.get("API_KEY", ""))
    limits = source.limits
    # Evenly spaced: a burst of a second's requests would violate limits that are measured more finely.
    limiter = RateLimiter(1, 1 / limits.per_second) if limits.per_second else RateLimiter(None, 1.0)
    client = SourceClient(session, url, auth, retry(), limiter, limits.in_flight, on_pause)
    return RestReader(client, source, name)
