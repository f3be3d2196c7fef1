"""Further requests beside those of the pages: what a check of a page may send."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.sources.reader import Page
from connector.sources.rest.client import Request
from connector.sources.rest.first_page import identify, is_other
from connector.sources.rest.paging import Paging
from connector.sources.window import IdRange


class CreateRequest(Protocol):
    def __call__(
        self, number: int, cursor: str | None, span: IdRange, position: int | None = None
    ) -> Request: ...


@dataclass(frozen=True)
class PagePlace:
    """Which page was requested. `places`: see Reader.read_page."""

    number: int
    cursor: str | None
    span: IdRange
    places: Collection[str] = ()


class PageCheck(Protocol):
    def check(self, page: Page, place: PagePlace) -> Page:
        """The page, with a fault if items are left out; or another response to the same request."""
        ...


@dataclass(frozen=True)
class Probe:
    """`key`: as the source names its fields. `proof`: the place that is remembered once the source has shown how it
    counts. `read_once`: without retries, where an error is a usual answer."""

    paging: Paging
    proof: str
    key: Sequence[str]
    params: Mapping[str, str]
    create_request: CreateRequest
    read: Callable[[Request], Page]
    read_once: Callable[[Request], Page]

    @property
    def size(self) -> int:
        return self.paging.limit or 0

    def request_of(self, place: PagePlace) -> Request:
        return self.create_request(place.number, place.cursor, place.span)

    def read_numbered(self, number: int, span: IdRange) -> Page:
        return self.read_once(self.create_request(number, None, span))

    def is_other(self, page: Page, first: Page) -> bool:
        return is_other(page, first, self.key)

    def first_item(self, page: Page) -> set[bytes]:
        """The identity of the first item; empty without items."""
        return {identify(item, self.key) for item in page.items[:1]}
