"""The pages of a run: which exist, which are received, and whether any is missing."""

from dataclasses import dataclass, field

from connector.landing.page_metadata import PageResult

MAX_PREFETCH = 16  # pages that are requested before it is known that they exist


@dataclass
class PageTracker:
    """`size`: items of a full page, 0 if unknown. `offset_paged`: as in sources/reader.py.

    A resumed run fills it from the listing of the bucket.
    """

    size: int
    offset_paged: bool = False
    rows: dict[int, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    invalid: dict[int, str] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    cursors: dict[int, str | None] = field(default_factory=dict)
    last_page: int = 0
    first_empty: int | None = None

    def add(self, result: PageResult) -> None:
        page = result.page
        self.rows[page] = result.rows
        self.cursors[page] = result.next
        if result.total_items is not None:
            self.totals.add(result.total_items)
        if result.rows == 0:
            self.first_empty = min(page, self.first_empty or page)
        elif (same := self.marks.setdefault(result.mark, page)) != page:
            self.invalid[page] = f"page {page} repeats page {same}"
        else:
            self._extend(result)

    def _extend(self, result: PageResult) -> None:
        """Raise the last page that is known to exist, or worth a request.

        The largest total that the source reported counts, and a full page is never the last one. Without totals
        as many pages are prefetched as have come back full: only an empty page marks the end.
        """
        is_full = result.rows >= (self.size or 1)
        by_items = -(-(result.total_items or 0) // (self.size or result.rows))
        ahead = int(is_full)
        if result.total_pages is None and result.total_items is None:
            ahead = min(result.page, MAX_PREFETCH) if is_full else 1
        self.last_page = max(self.last_page, result.total_pages or 0, by_items, result.page + ahead)

    def is_needed(self, page: int) -> bool:
        """Whether `page` exists as far as is known: no page does after an empty one, whatever was reported."""
        return page <= self.last_page and (self.first_empty is None or page < self.first_empty)

    def next_in_chain(self) -> tuple[int, str | None] | None:
        """The next page of a chain and its cursor; None at the end, or where the chain repeats itself."""
        page, cursor = 1, None
        while page in self.rows and page not in self.invalid:
            cursor = self.cursors[page]
            if not cursor:
                return None
            page += 1
        return None if page in self.invalid else (page, cursor)

    def has(self, page: int) -> bool:
        return page in self.rows or page in self.invalid

    @property
    def received(self) -> int:
        """Rows of all pages, without repeated ones."""
        return sum(rows for page, rows in self.rows.items() if page not in self.invalid)

    def missing(self) -> str | None:
        """A sentence about pages or items that were announced and not received; None if all were."""
        sentences = [*sorted(self.invalid.values())[:3], *self._short_pages()]
        announced = max(self.totals, default=0)
        if self.received < announced:
            sentences.append(f"the source announced {announced} items and returned {self.received}")
        return "; ".join(sentences) or None

    def _short_pages(self) -> list[str]:
        """With offsets, a short page before the last one: the items between it and the next were never sent."""
        last = max((page for page, rows in self.rows.items() if rows), default=0)
        short = [page for page, rows in self.rows.items() if rows < self.size and page < last]
        if not self.offset_paged or not short:
            return []
        page = min(short)
        return [f"page {page} has {self.rows[page]} items of {self.size} and is not the last: lower `limit`"]

    def notes(self) -> tuple[str, ...]:
        if len(self.totals) < 2:
            return ()
        return (f"the source had {min(self.totals)} to {max(self.totals)} items while it was read",)
