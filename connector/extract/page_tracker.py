"""The pages of a run: which exist, which are received, and whether any is missing.

The rule behind every method: a run may end early only where the source itself reported its end.
Everything else is a sentence in `missing`, and the run is incomplete.
"""

from dataclasses import dataclass, field

from connector.landing.page_metadata import PageResult

MAX_PREFETCH = 16  # pages that are requested before it is known that they exist
MAX_EMPTY_PAGES = 20  # consecutive empty pages of a chain, after which it counts as endless


@dataclass
class PageTracker:
    """`size`: items of a full page, 0 if unknown. `offset_paged`, `position`: as in sources/reader.py.

    A resumed run fills it from the listing of the bucket.
    """

    size: int
    offset_paged: bool = False
    position: str | None = None
    rows: dict[int, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    invalid: dict[int, str] = field(default_factory=dict)
    confirmed_empty: set[int] = field(default_factory=set)
    totals: set[int] = field(default_factory=set)
    cursors: dict[int, str | None] = field(default_factory=dict)
    has_position: bool = False
    has_more: dict[int, bool] = field(default_factory=dict)
    max_id: int | None = None
    repairs: list[str] = field(default_factory=list)
    announced_pages: int = 0
    last_page: int = 0
    last_row: int = 0  # the last page with rows
    is_resumed: bool = False  # an interrupted attempt has written pages before
    empty: set[int] = field(default_factory=set)

    def add(self, result: PageResult) -> None:
        page = result.page
        self.rows[page] = result.rows
        self.cursors[page] = result.next
        self.has_position |= result.has_position
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
        is_full = result.rows >= (self.size or 1)
        by_items = -(-(result.total_items or 0) // (self.size or result.rows))
        has_total = result.total_pages is not None or result.total_items is not None
        ahead = (min(result.page, MAX_PREFETCH) if is_full else 1) if not has_total else int(is_full)
        self.last_page = max(self.last_page, result.total_pages or 0, by_items, result.page + ahead)

    def probe(self, page: int) -> None:
        """Request `page` too, unless the source has announced how many there are."""
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
        """Empty pages that are contradicted by a later page or by a total, and were requested only once.

        A server that answers an overload with an empty list is a known fault; a second request shows it.
        """
        end = self.end
        is_early = self.received < max(self.totals, default=0) or (
            end is not None and end <= self.announced_pages
        )
        return [
            page
            for page in sorted(self.empty - self.confirmed_empty)
            if page < self.last_row or (page == end and is_early)
        ]

    def page_after_end(self) -> int | None:
        """Without totals, the page that confirms the end: an empty page with items behind it is not the end."""
        end = self.end
        if end is None or end == 1 or self.totals or self.announced_pages or self.has(end + 1):
            return None
        return end + 1

    def next_in_chain(self) -> tuple[int, str | None] | None:
        """The next page of a chain and its cursor; None at the end, or where the chain repeats itself."""
        page, cursor, empty, seen = 1, None, 0, set[str]()
        while page in self.rows and page not in self.invalid:
            cursor = self.cursors[page]
            empty = 0 if self.rows[page] else empty + 1
            if cursor is None:
                return None
            if cursor in seen:
                # An empty page that points to itself is how several APIs mark the end (dlt-hub/dlt#3358).
                if self.rows[page]:
                    self.invalid[page + 1] = (
                        f"page {page} has the same position of the next page as an earlier one"
                    )
                return None
            if empty >= MAX_EMPTY_PAGES:
                self.invalid[page + 1] = f"{empty} empty pages in a row, and the source names yet another one"
                return None
            seen.add(cursor)
            page += 1
        return None if page in self.invalid else (page, cursor)

    def has(self, page: int) -> bool:
        return page in self.rows or page in self.invalid

    def is_past_end(self, page: int) -> bool:
        """Whether a rejected `page` can be the end: every announced item was received from the pages before."""
        announced = max(self.totals, default=None) if self.totals else None
        if announced is not None:
            return self.received >= announced
        return bool(self.announced_pages) and page > self.announced_pages

    @property
    def received(self) -> int:
        """Rows of all pages, without repeated ones."""
        return sum(rows for page, rows in self.rows.items() if page not in self.invalid)

    @property
    def gaps(self) -> tuple[int, ...]:
        """Pages that could not be read."""
        return tuple(sorted(page for page in self.invalid if page not in self.rows))

    @property
    def has_only_gaps(self) -> bool:
        """Whether unread pages explain everything that is missing."""
        return not (self._holes() or self._short_pages() or set(self.invalid) - set(self.gaps))

    def missing(self) -> str | None:
        """A sentence about everything that was announced and not received; None if all was."""
        sentences = [*sorted(self.invalid.values())[:3], *self._short_pages(), *self._holes()]
        announced = max(self.totals, default=0)
        if self.received < announced:
            sentences.append(f"the source announced {announced} items and returned {self.received}")
        if not sentences:
            sentences += self._unfinished()
        return "; ".join(sentences) or None

    def _short_pages(self) -> list[str]:
        """With offsets, a short page before the last one: the items between it and the next were never sent."""
        short = [page for page, rows in self.rows.items() if 0 < rows < self.size and page < self.last_row]
        if not self.offset_paged or not short:
            return []
        page = min(short)
        return [f"page {page} has {self.rows[page]} items of {self.size} and is not the last: lower `limit`"]

    def _holes(self) -> list[str]:
        """Empty pages before a page with rows; a chain may have some."""
        if self.position is not None:
            return []
        holes = [str(page) for page in sorted(self.empty) if page < self.last_row]
        return [f"page {', '.join(holes[:5])} is empty, but page {self.last_row} has items"] if holes else []

    def _unfinished(self) -> list[str]:
        """Signs that a chain ended too early: the source reported more pages, or never named the position."""
        last = max(self.rows, default=0)
        if self.has_more.get(last) and not self.cursors.get(last) and self.position is not None:
            return [f"page {last} states that there are more items, but not where the next page is"]
        if (
            self.has_more.get(last)
            and self.position is None
            and not self.rows.get(last + 1)
            and self.rows.get(last)
        ):
            return [
                f"page {last} states that there are more items, but no paging is declared that leads there"
            ]
        is_short = bool(self.size) and self.rows.get(last, 0) < self.size
        if self.position and not self.has_position and self.received and not (last == 1 and is_short):
            knows_end = self.totals and self.received >= max(self.totals)
            if not knows_end and self.has_more.get(last) is None:
                return [
                    f"no response contains {self.position}, so more pages may exist: check the name, or declare `limit`"
                ]
        return []

    def notes(self) -> tuple[str, ...]:
        changed = (
            [f"the source had {min(self.totals)} to {max(self.totals)} items while it was read"]
            if len(self.totals) > 1
            else []
        )
        return (*changed, *self.repairs[:5])
