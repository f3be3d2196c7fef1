"""What is known of a run's pages, and whether they are all there."""

from dataclasses import dataclass, field

AHEAD = 16  # pages that are asked for before it is known that they exist


@dataclass(frozen=True)
class Fetched:
    """A page that is in the bucket, or was empty: its rows, what the source said beside them, what tells it
    from another page (`mark`: same first and last item, same page), and the way to the next one where only
    this page knows it."""

    page: int
    rows: int
    total_pages: int | None = None
    total_items: int | None = None
    mark: str = ""
    next: str | None = None


@dataclass
class Tally:
    """`size` is the number of items of a full page, 0 if nobody knows; `stepped` as in connector/reader.py.
    Filled again from the listing when a run is resumed."""

    size: int
    stepped: bool = False
    rows: dict[int, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    nexts: dict[int, str | None] = field(default_factory=dict)
    last_page: int = 0
    first_empty: int | None = None

    def add(self, fetched: Fetched) -> None:
        page = fetched.page
        self.rows[page] = fetched.rows
        self.nexts[page] = fetched.next
        if fetched.total_items is not None:
            self.totals.add(fetched.total_items)
        if fetched.rows == 0:
            self.first_empty = min(page, self.first_empty or page)
        elif (twin := self.marks.setdefault(fetched.mark, page)) != page:
            self.left_out[page] = f"page {page} repeats page {twin}"
        else:
            self.extend(fetched)

    def extend(self, fetched: Fetched) -> None:
        """The greatest end that the source ever named is believed; a full page is never the last one. Of a
        source that names none only an empty page is, and it is asked ahead for as many pages as it has
        shown, as long as they are full."""
        full = fetched.rows >= (self.size or 1)
        by_items = -(-(fetched.total_items or 0) // (self.size or fetched.rows))
        ahead = int(full)
        if fetched.total_pages is None and fetched.total_items is None:
            ahead = min(fetched.page, AHEAD) if full else 1
        self.last_page = max(self.last_page, fetched.total_pages or 0, by_items, fetched.page + ahead)

    def wants(self, page: int) -> bool:
        """Whether `page` exists, as far as is known: none does after an empty one, whatever was announced."""
        return page <= self.last_page and (self.first_empty is None or page < self.first_empty)

    def following(self) -> tuple[int, str | None] | None:
        """The next page of a chain and the way to it; None at its end, and where it leads back."""
        page = 1
        while page in self.rows and page not in self.left_out:
            if not (way := self.nexts[page]):
                return None
            page += 1
        if page in self.left_out:
            return None
        return page, way if page > 1 else None

    def has(self, page: int) -> bool:
        return page in self.rows or page in self.left_out

    @property
    def received(self) -> int:
        return sum(rows for page, rows in self.rows.items() if page not in self.left_out)

    def missing(self) -> str | None:
        """A sentence about what the source announced or garbled and did not answer; None if all is there."""
        sentences = [*sorted(self.left_out.values())[:3], *self.skipped()]
        announced = max(self.totals, default=0)
        if self.received < announced:
            sentences.append(f"the source announced {announced} items and answered {self.received}")
        return "; ".join(sentences) or None

    def skipped(self) -> list[str]:
        """Of a source that counts items, a page that is not full and not the last: it gives fewer items than
        were asked for, and those between were never sent."""
        last = max((page for page, rows in self.rows.items() if rows), default=0)
        short = [page for page, rows in self.rows.items() if rows < self.size and page < last]
        if not self.stepped or not short:
            return []
        page = min(short)
        return [f"page {page} has {self.rows[page]} items of {self.size} and is not the last: lower `limit`"]

    def notes(self) -> tuple[str, ...]:
        if len(self.totals) < 2:
            return ()
        return (f"the source had {min(self.totals)} to {max(self.totals)} items while it was read",)
