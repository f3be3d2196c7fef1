"""Pages of one endpoint of an API, whatever way it tells them apart."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from connector.connections import session
from connector.errors import ChainBroken, SourceGarbled, SourceRefused
from connector.fetch import IN_FLIGHT
from connector.pages import Page
from connector.rest.api import Api
from connector.rest.auth import authenticator
from connector.rest.body import splitter
from connector.rest.declaration import (
    ByCursor,
    ByLink,
    ByNext,
    ByOffset,
    ByPage,
    Query,
    RestEndpoint,
    RestSource,
)
from connector.rest.limiter import Limiter
from connector.retries import Retries
from connector.settings import Settings
from connector.window import Span

FORGOTTEN = {400, 404, 410, 422}  # what sources say of a cursor that has expired
LONGEST_CURSOR = (
    4000  # characters; it is kept in the metadata of an object, which Cloud Storage ends at 8 KiB
)


class RestReader:
    """A Reader of connector/reader.py."""

    def __init__(self, api: Api, source: RestSource, name: str) -> None:
        self.api = api
        self.endpoint: RestEndpoint = source.endpoints[name]
        self.paging = source.paging_of(name)
        self.auth = source.authentication()
        self.split = splitter(self.paging, self.endpoint.window)
        self.url = api.url + self.endpoint.path

    @property
    def size(self) -> int:
        return self.paging.limit or 0

    @property
    def chained(self) -> bool:
        return not isinstance(self.paging, ByPage | ByOffset)

    @property
    def stepped(self) -> bool:
        return isinstance(self.paging, ByOffset)

    def page(self, number: int, cursor: str | None, span: Span) -> Page:
        url, params = self.address(number, cursor, span)
        try:
            return self.api.get(url, params, self.read)
        except SourceRefused as error:
            if number > 1 and error.status is not None and error.status == self.paging.end:
                return Page([])
            if cursor and error.status in FORGOTTEN:
                anew = "The next run begins anew; what came will lie in failed/."
                raise ChainBroken(f"{error} {anew}", error.status) from error
            raise

    def address(self, number: int, cursor: str | None, span: Span) -> tuple[str, dict[str, str]]:
        if cursor and isinstance(self.paging, ByNext | ByLink):
            return cursor, {}
        params = self.endpoint.params | self.place(number, cursor) | span.params(self.endpoint.window)
        if self.paging.size and self.paging.limit:
            params[self.paging.size] = str(self.paging.limit)
        return self.url, params

    def place(self, number: int, cursor: str | None) -> dict[str, str]:
        match self.paging:
            case ByPage(page=name, first=first):
                return {name: str(first + number - 1)}
            case ByOffset(offset=name, limit=limit):
                return {name: str((number - 1) * limit)}
            case ByCursor(cursor=name) if cursor:
                return {name: cursor}
        return {}

    def read(self, response: requests.Response, body: bytes) -> Page:
        page = self.split(body)
        if not self.chained:
            return page
        found = str(page.next or "")
        if isinstance(self.paging, ByLink):
            found = response.links.get(self.paging.link, {}).get("url", "")
        if found and not isinstance(self.paging, ByCursor):
            found = self.same_place(urljoin(response.url, found))
        if found and len(found) > LONGEST_CURSOR:
            raise SourceGarbled(f"the way to the next page has {len(found)} characters, {found[:80]}…")
        return replace(page, next=found or None)

    def same_place(self, url: str) -> str:
        """`url` without the key, which is sent to no other host than the declared one."""
        ours, theirs = urlsplit(self.url), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            said = f"{self.url} says that the next page is at {theirs.scheme}://{theirs.netloc}"
            raise SourceRefused(f"{said}: the key is not sent there.")
        if not isinstance(self.auth, Query):
            return url
        kept = [
            pair for pair in parse_qsl(theirs.query, keep_blank_values=True) if pair[0] != self.auth.query
        ]
        return theirs._replace(query=urlencode(kept)).geturl()


def assemble(
    source: RestSource, name: str, settings: Settings, retries: Callable[[], Retries] = Retries
) -> RestReader:
    """The reader of endpoint `name`, with connections of its own."""
    http, url = session(IN_FLIGHT), settings.source["URL"].rstrip("/")
    key = authenticator(http, url, source.authentication(), settings.source.get("API_KEY", ""))
    limiter = Limiter(source.limits.per_second)
    return RestReader(Api(http, url, key, retries(), limiter, source.limits.in_flight), source, name)
