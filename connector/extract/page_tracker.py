"""The pages of a run: which exist, which are received, and which is requested next.

The rule behind every method: a run may end early only where the source itself reported its end.
Everything else is a sentence of missing_pages.py, and the run is incomplete.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from connector.landing.page_metadata import PageResult

MAX_PREFETCH = 16  # pages that are requested before it is known that they exist
# Without totals these are requested behind the first empty page: several empty pages in a row may have items behind
# them, and a list that is longer than the hole has a page at one of the distances. Fewer after a page that is not full.
DISTANCES = [1, 2, 3, 4, 6, 10, 16]
DISTANCES_AFTER_SHORT = [1, 2, 3]
# Of a chain, empty pages without the statement that there is more, which pages before have made: the end.
UNSTATED_PAGES = 3
MAX_EMPTY_PAGES = 20  # consecutive pages of a chain without anything new, after which it counts as endless


@dataclass
class PageTracker:
    """`size`: items of a full page, 0 if unknown. `offset_paged`, `position` and `declared_places` are those of Reader.
    `places`: those that a response has contained (PageFacts.places), in this run or an earlier one.

    A resumed run fills it from the listing of the bucket.
    """

    size: int
    offset_paged: bool = False
    position: str | None = None
    declared_places: Mapping[str, str] = MappingProxyType({})
    places: set[str] = field(default_factory=set)
    rows: dict[int, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    invalid: dict[int, str] = field(default_factory=dict)
    confirmed_empty: set[int] = field(default_factory=set)
    totals: set[int] = field(default_factory=set)
    cursors: dict[int, str | None] = field(default_factory=dict)
    has_more: dict[int, bool] = field(default_factory=dict)
    max_id: int | None = None
    edges: dict[int, tuple[str, str]] = field(default_factory=dict)  # keys of the first and the last item
    moves: str | None = None  # a note about rows that moved to earlier pages meanwhile
    first_keys: dict[str, int] = field(default_factory=dict)
    overlaps: dict[int, int] = field(default_factory=dict)  # items of the page before that come again
    stale: set[int] = field(default_factory=set)  # pages that begin with the key of an earlier one
    repairs: list[str] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)
    ended_by: dict[int, int] = field(default_factory=dict)
    announced_pages: int = 0
    last_page: int = 0
    last_row: int = 0  # the last page with rows
    is_resumed: bool = False  # an interrupted attempt has written pages before
    empty: set[int] = field(default_factory=set)

    def add(self, result: PageResult) -> None:
        page = result.page
        self.rows[page] = result.rows
        self.cursors[page] = result.next
        self.places |= result.places
        # A second attempt that succeeds replaces the failure.
        self.invalid.pop(page, None)
        self.empty.discard(page)
        if result.rows:
            self.last_row = max(self.last_row, page)
        else:
            self.empty.add(page)
        if result.has_more is not None:
            self.has_more[page] = result.has_more
        if result.total_items is not None:
            self.totals.add(result.total_items)
        if result.max_id is not None:
            self.max_id = max(result.max_id, self.max_id or result.max_id)
        if result.note:
            self.repairs.append(f"page {page}: {result.note}")
        if result.fault:
            self.faults[page] = f"page {page}: {result.fault}"
        if result.ended_by:
            self.ended_by[page] = result.ended_by
        self.edges[page] = result.first_key, result.last_key
        self.overlaps[page] = result.overlap
        if result.first_key and self.first_keys.setdefault(result.first_key, page) != page:
            self.stale.add(page)
        # The same items twice: a server may answer a page past the end with the last one.
        if result.rows and (same := self.marks.setdefault(result.mark, page)) != page:
            self.invalid[page] = f"page {page} repeats page {same}"
        elif result.rows:
            self._extend(result)
        self.announced_pages = max(self.announced_pages, result.total_pages or 0)

    def _extend(self, result: PageResult) -> None:
        """Raise the last page that is known to exist, or worth a request.

        The largest total that the source reported counts. Without totals as many pages are prefetched as have come
        back full: only an empty page marks the end.
        """
        is_full = result.rows >= self._full_size(result.page)
        by_items = self._pages_of_total(result, is_full)
        has_total = result.total_pages is not None or result.total_items is not None
        # Doubling: n pages that came back full justify n more requests.
        ahead = (min(result.page, MAX_PREFETCH) if is_full else 1) if not has_total else int(is_full)
        self.last_page = max(self.last_page, result.total_pages or 0, by_items, result.page + ahead)

    def _full_size(self, page: int) -> int:
        """A server may return fewer items than `size`, on every page, and count its pages by `size` all the same."""
        first = self.rows.get(1, 0) if page > 1 else 0
        return min(self.size, first or self.size) or 1

    def _pages_of_total(self, result: PageResult, is_full: bool) -> int:
        """The pages that the announced items fill, and the one behind a last page that will be full."""
        pages, rest = divmod(result.total_items or 0, self._items_per_page(result))
        # Requested beside the last pages: after them it would take the time of a request of its own.
        return pages + (rest > 0 or is_full)

    def _items_per_page(self, result: PageResult) -> int:
        """The declared size, or the received number where the server returns fewer than that before the last page."""
        size = self.size or result.rows
        rest = (result.total_items or 0) - (result.page - 1) * size
        return result.rows if result.rows < min(size, rest) else size

    def probe(self, page: int) -> None:
        """Request `page` too, unless the source has announced how many there are."""
        # With totals every page is needed anyway.
        if not self.totals and not self.announced_pages:
            self.last_page = max(self.last_page, page)

    @property
    def end(self) -> int | None:
        """The first empty page after the last page with rows; None before one was received."""
        return min((page for page in self.empty if page > self.last_row), default=None)

    def is_needed(self, page: int) -> bool:
        """Whether `page` exists as far as is known: no page does after the end, whatever was reported."""
        end = self.end
        return page <= self.last_page and (end is None or page < end)

    def unconfirmed_empty(self) -> list[int]:
        """Empty pages that are contradicted by a later page or by a total, or end a list without one, and were
        requested only once.

        A server that answers an overload with an empty list is a known fault; a second request shows it.
        """
        end = self.end
        is_early = self.received < max(self.totals, default=0) or (
            end is not None and end <= self.announced_pages
        )
        is_early = is_early or not (self.totals or self.announced_pages or end in self.ended_by)
        return [
            page
            for page in sorted(self.empty - self.confirmed_empty)
            if page < self.last_row or (page == end and is_early)
        ]

    def pages_after_end(self) -> list[int]:
        """Without totals, the pages that confirm the end: an empty page with items behind it is not the end."""
        end = self.end
        # Announced pages were requested already, except where the first one is empty.
        is_proven = self.totals or (self.announced_pages and self.last_row)
        if end is None or is_proven:
            return []
        is_short = self.rows.get(self.last_row, 0) < self.size
        distances = DISTANCES_AFTER_SHORT if is_short else DISTANCES
        # The source's own status for a page past the end is a statement, an empty list is not.
        if any(page >= end for page in self.ended_by):
            distances = DISTANCES[:1]
        return [end + distance for distance in distances if not self.has(end + distance)]

    def next_in_chain(self) -> tuple[int, str | None] | None:
        """The next page of a chain and its cursor; None at the end, or where the chain repeats itself."""
        # From page 1, because a resumed run knows the chain only from the metadata of its objects.
        page, cursor, empty, stale, seen = 1, None, 0, 0, set[str]()
        states_more = "more" in self.declared_places
        while page in self.rows and page not in self.invalid:
            requested, cursor = cursor, self.cursors[page]
            empty = 0 if self.rows[page] else empty + 1
            stale = stale + 1 if page in self.stale else 0
            if cursor is None:
                return None
            # Several APIs repeat the position of the last item where nothing follows. Undeclared, the statement counts
            # where the page is empty too.
            if self.has_more.get(page) is False and (not self.rows[page] or "more" in self.declared_places):
                return None
            if cursor == requested:
                return None  # a page that points to itself: several APIs mark the end so (Zendesk, dlt-hub/dlt#3358)
            states_more = states_more or self.has_more.get(page, False)
            # `hasNextPage: null`, or without it, beside a cursor that is always new.
            if states_more and empty >= UNSTATED_PAGES and not self._state_more(page, empty):
                return None
            # A longer cycle: without this check the chain would never end.
            if cursor in seen:
                self.invalid[page + 1] = (
                    f"page {page} has the same position of the next page as an earlier one"
                )
                return None
            if empty >= MAX_EMPTY_PAGES:
                self.invalid[page + 1] = f"{empty} empty pages in a row, and the source names yet another one"
                return None
            if stale >= MAX_EMPTY_PAGES:
                self.invalid[page + 1] = f"{stale} pages in a row begin with the key of an earlier page"
                return None
            seen.add(cursor)
            page += 1
        return None if page in self.invalid else (page, cursor)

    def _state_more(self, page: int, count: int) -> bool:
        """Whether one of the last `count` pages up to `page` states that there is more."""
        return any(self.has_more.get(page - behind) for behind in range(count))

    def has(self, page: int) -> bool:
        return page in self.rows or page in self.invalid

    def is_past_end(self, page: int) -> bool:
        """Whether a rejected `page` can be the end: every announced item was received from the pages before."""
        announced = max(self.totals, default=None) if self.totals else None
        if announced is not None:
            # Totals can shrink while the source is read: the largest is the strictest.
            return self.received >= announced
        return bool(self.announced_pages) and page > self.announced_pages

    @property
    def received(self) -> int:
        """Rows of all pages, without repeated ones."""
        return sum(rows for page, rows in self.rows.items() if page not in self.invalid)

    @property
    def problems(self) -> list[str]:
        """What is wrong with the invalid pages, in their order."""
        return [self.invalid[page] for page in sorted(self.invalid)]

    @property
    def gaps(self) -> tuple[int, ...]:
        """Pages that could not be read."""
        return tuple(sorted(page for page in self.invalid if page not in self.rows))
