"""Read pages of one endpoint of an API, in each of the declared kinds of paging."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from connector.errors import CursorExpired, InvalidResponse, RequestRejected
from connector.extract.page_loop import IN_FLIGHT
from connector.settings import Settings
from connector.sources.reader import Page
from connector.sources.rest.auth import create_auth
from connector.sources.rest.client import SourceClient
from connector.sources.rest.config import (
    ByCursor,
    ByLink,
    ByNext,
    ByOffset,
    ByPage,
    Query,
    RestEndpoint,
    RestSource,
)
from connector.sources.rest.response import create_parser
from connector.sources.window import IdRange
from runtime.http_session import open_session
from runtime.rate_limiter import RateLimiter
from runtime.retry import RetryPolicy

EXPIRED_STATUSES = {400, 404, 410, 422}  # how sources answer a cursor that has expired
MAX_CURSOR_CHARACTERS = 4000  # it is stored in an object's metadata, of which Cloud Storage accepts 8 KiB


class RestReader:
    """Implements sources.reader.Reader."""

    def __init__(self, client: SourceClient, source: RestSource, name: str) -> None:
        self.client = client
        self.endpoint: RestEndpoint = source.endpoints[name]
        self.paging = source.paging_of(name)
        self.auth = source.authentication()
        self.parse_body = create_parser(self.paging, self.endpoint.window)
        self.url = client.url + self.endpoint.path

    @property
    def size(self) -> int:
        return self.paging.limit or 0

    @property
    def sequential(self) -> bool:
        return not isinstance(self.paging, ByPage | ByOffset)

    @property
    def offset_paged(self) -> bool:
        return isinstance(self.paging, ByOffset)

    def read_page(self, number: int, cursor: str | None, span: IdRange) -> Page:
        url, params = self._address(number, cursor, span)
        try:
            return self.client.get(url, params, self._parse)
        except RequestRejected as error:
            if number > 1 and error.status is not None and error.status == self.paging.end:
                return Page([])
            if cursor and error.status in EXPIRED_STATUSES:
                remedy = "The next run starts again; files received so far are moved to failed/."
                raise CursorExpired(f"{error} {remedy}", error.status) from error
            raise

    def _address(self, number: int, cursor: str | None, span: IdRange) -> tuple[str, dict[str, str]]:
        """URL and query parameters of a page."""
        if cursor and isinstance(self.paging, ByNext | ByLink):
            return cursor, {}
        params = self.endpoint.params | self._position(number, cursor)
        params |= span.parameters(self.endpoint.window)
        if self.paging.size and self.paging.limit:
            params[self.paging.size] = str(self.paging.limit)
        return self.url, params

    def _position(self, number: int, cursor: str | None) -> dict[str, str]:
        match self.paging:
            case ByPage(page=name, first=first):
                return {name: str(first + number - 1)}
            case ByOffset(offset=name, limit=limit):
                return {name: str((number - 1) * limit)}
            case ByCursor(cursor=name) if cursor:
                return {name: cursor}
        return {}

    def _parse(self, response: requests.Response, body: bytes) -> Page:
        page = self.parse_body(body)
        if not self.sequential:
            return page
        cursor = page.next or ""
        if isinstance(self.paging, ByLink):
            cursor = response.links.get(self.paging.link, {}).get("url", "")
        if cursor and not isinstance(self.paging, ByCursor):
            cursor = self._check_host(urljoin(response.url, cursor))
        if len(cursor) > MAX_CURSOR_CHARACTERS:
            raise InvalidResponse(
                f"the link to the next page has {len(cursor)} characters, at most {MAX_CURSOR_CHARACTERS} "
                f"are supported: {cursor[:80]}…"
            )
        return replace(page, next=cursor or None)

    def _check_host(self, url: str) -> str:
        """`url` without the key. RequestRejected for another host, to which the key must not be sent."""
        declared, linked = urlsplit(self.url), urlsplit(url)
        if (declared.scheme, declared.netloc) != (linked.scheme, linked.netloc):
            raise RequestRejected(
                f"the next page of {self.url} is on another host, {linked.scheme}://{linked.netloc}: the key is "
                "not sent there."
            )
        if not isinstance(self.auth, Query):
            return url
        pairs = parse_qsl(linked.query, keep_blank_values=True)
        query = [(name, value) for name, value in pairs if name != self.auth.query]
        return linked._replace(query=urlencode(query)).geturl()


def create_reader(
    source: RestSource, name: str, settings: Settings, retry: Callable[[], RetryPolicy] = RetryPolicy
) -> RestReader:
    """The reader of endpoint `name`, with connections of its own."""
    session, url = open_session(IN_FLIGHT), settings.source["URL"].rstrip("/")
    auth = create_auth(session, url, source.authentication(), settings.source.get("API_KEY", ""))
    limits = source.limits
    limiter = RateLimiter(1, 1 / limits.per_second) if limits.per_second else RateLimiter(None, 1.0)
    return RestReader(SourceClient(session, url, auth, retry(), limiter, limits.in_flight), source, name)
