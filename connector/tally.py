"""What is known of a run's pages, and whether they are all there."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fetched:
    """A page that is in the bucket, or was empty: its rows, what the source said beside them, and what tells
    it from another page (`mark`: same first and last item, same page)."""

    page: int
    rows: int
    total_pages: int | None = None
    total_items: int | None = None
    mark: str = ""


@dataclass
class Tally:
    """`size` is the number of items of a full page. Filled again from the listing when a run is resumed."""

    size: int
    rows: dict[int, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    last_page: int = 0
    first_empty: int | None = None

    def add(self, fetched: Fetched) -> None:
        page = fetched.page
        self.rows[page] = fetched.rows
        if fetched.total_items is not None:
            self.totals.add(fetched.total_items)
        if fetched.rows == 0:
            self.first_empty = min(page, self.first_empty or page)
        elif (twin := self.marks.setdefault(fetched.mark, page)) != page:
            self.left_out[page] = f"page {page} repeats page {twin}"
        else:
            self.extend(fetched)

    def extend(self, fetched: Fetched) -> None:
        """The greatest end that the source ever named is believed; a full page is never the last one."""
        by_items = -(-(fetched.total_items or 0) // self.size)
        by_rows = fetched.page + (fetched.rows >= self.size)
        self.last_page = max(self.last_page, fetched.total_pages or 0, by_items, by_rows)

    def wants(self, page: int) -> bool:
        """Whether `page` exists, as far as is known: none does after an empty one, whatever was announced."""
        return page <= self.last_page and (self.first_empty is None or page < self.first_empty)

    def has(self, page: int) -> bool:
        return page in self.rows or page in self.left_out

    @property
    def received(self) -> int:
        return sum(rows for page, rows in self.rows.items() if page not in self.left_out)

    def missing(self) -> str | None:
        """A sentence about what the source announced or garbled and did not answer; None if all is there."""
        sentences = sorted(self.left_out.values())[:3]
        announced = max(self.totals, default=0)
        if self.received < announced:
            sentences.append(f"the source announced {announced} items and answered {self.received}")
        return "; ".join(sentences) or None

    def notes(self) -> tuple[str, ...]:
        if len(self.totals) < 2:
            return ()
        return (f"the source had {min(self.totals)} to {max(self.totals)} items while it was read",)
