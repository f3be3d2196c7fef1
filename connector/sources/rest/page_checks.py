"""Checks of a page by further requests: whether it, or a list that ends with it, leaves out items."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from connector.errors import RequestRejected, SourceError
from connector.sources.reader import Page
from connector.sources.rest.chain_end import guess_addresses, guess_next, needs_proof
from connector.sources.rest.client import Request
from connector.sources.rest.config import ByCursor, ByLink, ByNext, ByOffset, ByPage, Paging
from connector.sources.rest.first_page import describe_count, identify, is_other, is_unproven, overlaps
from connector.sources.rest.page_limit import begins_with, is_cut, shared_position
from connector.sources.rest.position import LAST_ITEM
from connector.sources.rest.smaller_page import shrink
from connector.sources.window import IdRange

OPEN_END = (
    "it is full and names no next page, and nothing shows that the list ends there: declare `size` and `limit`, "
    "`more` or a total"
)
CUT = "it has as many items as were requested, and no paging is declared: declare it, or a larger `limit`"


class CreateRequest(Protocol):
    def __call__(
        self, number: int, cursor: str | None, span: IdRange, position: int | None = None
    ) -> Request: ...


@dataclass
class PageChecks:
    """`key`: as the source names its fields. `proof`: the place that is remembered once the source has shown how it
    counts. `read_once`: without retries, where an error is a usual answer."""

    paging: Paging
    proof: str
    key: Sequence[str]
    params: Mapping[str, str]
    create_request: CreateRequest
    read: Callable[[Request], Page]
    read_once: Callable[[Request], Page]
    # Of a chain, whose pages are read one after another.
    longest: int = 0
    is_after_full: bool = False
    first_items: set[bytes] = field(default_factory=set)

    @property
    def size(self) -> int:
        return self.paging.limit or 0

    def check(
        self, page: Page, number: int, cursor: str | None, span: IdRange, places: Collection[str] = ()
    ) -> Page:
        """The page, with a fault if items are left out. `places`: see Reader.read_page."""
        page = self._check_cap(page, number, span) if isinstance(self.paging, ByOffset) else page
        page = self._check_count(page, span) if number == 1 and self.proof not in places else page
        if is_cut(page, self.paging, self.params):
            return replace(page, fault=CUT)
        page = self._check_shared(page, number, span)
        # Pages with numbers end where a page is empty.
        if isinstance(self.paging, ByPage | ByOffset):
            return self._check_only_page(page, number, span)
        page = self._confirm_empty(page, number, cursor, span)
        page = self._confirm_end(page, number, cursor, span)
        self.longest = max(self.longest, len(page.items))
        self.is_after_full = 0 < self._full_size() <= len(page.items)
        self.first_items |= {identify(item, self.key) for item in page.items[:1]}
        return page

    def _check_cap(self, page: Page, number: int, span: IdRange) -> Page:
        """A short page is the last one, or the server returns fewer items than `limit`: then the items up to the next
        offset would never be sent. Where no total shows it, one more request does."""
        received = len(page.items)
        # With a total the missing items are noticed without another request, unless it counts only this page.
        if not 0 < received < self.size or page.total_items not in (None, received):
            return page
        position = (number - 1) * self.size + received
        try:
            # A server may refuse the offset after the last item: then nothing follows.
            rest = self.read(self.create_request(number, None, span, position))
        except RequestRejected:
            return page
        fault = (
            f"it has {received} items of {self.size}, but more follow: the server returns at most {received}"
        )
        # A server that rounds offsets down returns the same items again.
        return replace(page, fault=f"{fault}, lower `limit`") if is_other(rest, page, self.key) else page

    def _check_only_page(self, page: Page, number: int, span: IdRange) -> Page:
        """The page with a fault if its total counts only itself: the server returns fewer items than `limit`."""
        received = len(page.items)
        is_total = page.total_items == received or (page.total_items is None and page.total_pages == 1)
        if number > 1 or not isinstance(self.paging, ByPage) or not 0 < received < self.size:
            return page
        if not is_total or not is_unproven(page, self.paging):
            return page
        try:
            following = self.read_once(self.create_request(2, None, span))
        except SourceError:
            return page
        fault = f"it has {received} items, which its total counts, but page 2 has others: lower `limit`, drop the total"
        return replace(page, fault=fault) if is_other(following, page, self.key) else page

    def _check_count(self, page: Page, span: IdRange) -> Page:
        """The page with a fault if the API does not count its pages as declared, or with a proof that it does."""
        if not is_unproven(page, self.paging):
            return page
        is_offset = isinstance(self.paging, ByOffset)
        neighbour = self.create_request(1, None, span, 1) if is_offset else self.create_request(0, None, span)
        # An empty list proves nothing: it may have items tomorrow.
        proven = replace(page, places=page.places | {self.proof}) if page.items else page
        try:
            # Once: for a server without such a page an error is the usual answer.
            beside = self.read_once(neighbour)
            if not is_other(beside, page, self.key):
                return proven
            # Where a total exists, overlapping pages are noticed by it (finish.describe_repeated).
            if page.total_items is not None and overlaps(beside, page, self.key):
                return page
            # New rows may have moved the others; then the first page is no longer the same either.
            second = self.read_once(self.create_request(1, None, span))
        except RequestRejected:
            return proven
        except SourceError:
            return page
        return (
            replace(page, fault=describe_count(self.paging)) if is_other(beside, second, self.key) else page
        )

    def _check_shared(self, page: Page, number: int, span: IdRange) -> Page:
        """The page with a fault if its last position is one of several items, of which the source sends no others."""
        position = shared_position(page, self.paging)
        if position is None or not isinstance(self.paging, ByCursor):
            return page
        try:
            following = self.read_once(self.create_request(number + 1, page.next, span))
        except SourceError:
            return page
        # A source that begins with the position itself sends all of them, some of them twice.
        if begins_with(following, position, self.paging):
            return page
        name = self.paging.next.removeprefix(LAST_ITEM)
        fault = (
            f"several items have the same {name!r}, and those after the page are left out: use a unique field"
        )
        return replace(page, fault=fault)

    def _confirm_end(self, page: Page, number: int, cursor: str | None, span: IdRange) -> Page:
        """The page, with a next one or with a fault if the chain does not end here, or nothing shows that it does."""
        # Unknown for a first page, and for a process that resumed the chain, where no `limit` is declared.
        is_full = 0 < self._full_size() <= len(page.items)
        # A shorter page is an end that needs no proof.
        if type(self.paging) is Paging or not needs_proof(page, cursor) or not is_full:
            return page
        if identify(page.items[0], self.key) in self.first_items:
            return page  # received before, which the run reports
        fault = self._find_following(page, number, cursor, span)
        if fault is None:
            return page
        request = self.create_request(number, cursor, span)
        try:
            if (second := self.read_once(request)).next not in (None, cursor):
                return second
            fault = fault or self._read_smaller(page, number, request, span)
        except SourceError:
            fault = fault or OPEN_END
        # A smaller page has shown that the declared place exists.
        places = page.places | {"next"}
        return replace(page, fault=fault) if fault else replace(page, places=places)

    def _confirm_empty(self, page: Page, number: int, cursor: str | None, span: IdRange) -> Page:
        """The page, requested again if it is empty and ends a chain: the page before has named it."""
        if type(self.paging) is Paging or number == 1 or page.items or page.next not in (None, cursor):
            return page
        if not self.is_after_full and getattr(self.paging, "next", "").startswith(LAST_ITEM):
            return page  # no page has named it, and the one before was the last already
        try:
            second = self.read_once(self.create_request(number, cursor, span))
        except SourceError:
            second = page  # for example 204
        if second.items or second.next not in (None, cursor):
            return second
        fault = self._find_following(page, number, cursor, span)
        return replace(page, fault=fault) if fault else page

    def _full_size(self) -> int:
        """A server may return fewer items than `limit`, on every page."""
        return min([size for size in (self.size, self.longest) if size], default=0)

    def _find_following(self, page: Page, number: int, cursor: str | None, span: IdRange) -> str | None:
        """A fault if a position that was guessed has items; None if it has none, "" if none can be guessed."""
        fault: str | None = ""
        for request, place in self._guess_next(page, number, cursor, span):
            try:
                following = self.read_once(request)
                first = {identify(item, self.key) for item in following.items[:1]}
                # A server may answer an unknown position with a page that was received before.
                if is_other(following, page, self.key) and first.isdisjoint(self.first_items):
                    return f"it names no next page, but {place} has items"
            except RequestRejected:
                pass  # the usual answer after the end
            except SourceError:
                continue
            fault = None
        return fault

    def _read_smaller(self, page: Page, number: int, request: Request, span: IdRange) -> str | None:
        """A fault unless the page with one item less is followed by that item only."""
        smaller = shrink(request, self.paging.size, len(page.items))
        first = self.read_once(smaller) if smaller else page
        if len(first.items) != len(page.items) - 1:
            return OPEN_END
        if first.next is None:
            return f"it names no next page, and neither do its first {len(first.items)} items: the position is lost"
        following = self.read_once(self.create_request(number + 1, first.next, span))
        present = {identify(item, self.key) for item in page.items}
        others = [item for item in following.items if identify(item, self.key) not in present]
        if others or following.next or not following.items:
            return "it names no next page, but items follow it" if others else OPEN_END
        return None

    def _guess_next(
        self, page: Page, number: int, cursor: str | None, span: IdRange
    ) -> Iterator[tuple[Request, str]]:
        items = len(page.items) or self.longest
        match self.paging:
            case ByCursor(cursor=name) if cursor is not None:
                if (following := guess_next(cursor.strip('"'), number, items)) is not None:
                    # In the body of a POST a number remains a number.
                    yield (
                        self.create_request(number + 1, cursor.replace(cursor.strip('"'), following), span),
                        f"{name}={following}",
                    )
            case ByNext() | ByLink() if cursor is not None:
                for url, place in guess_addresses(cursor, number, items, self.params):
                    yield self.create_request(number + 1, url, span), place
