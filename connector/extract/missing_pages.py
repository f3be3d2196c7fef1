"""Whether a run has received all that its source has: what was announced, or is implied, and did not come."""

from dataclasses import dataclass

from connector.extract.page_tracker import PageTracker

# Significant digits of the number of items that servers return at most, such as 30, 250 or 10,000.
ROUND_DIGITS = {"1", "2", "3", "4", "5", "6", "8", "12", "15", "25", "75"}
FEWEST_PAGES = 3  # below it an exact number of full pages is too usual for a note
RESULT_WINDOW = 1000  # servers that refuse large offsets do it at a multiple of this
REFUSALS = {400, 422}  # a page past the end is not found; these are how servers refuse an offset


@dataclass(frozen=True)
class MissingPages:
    """`tracker`: all that the run has received, after its last request."""

    tracker: PageTracker

    @property
    def has_only_gaps(self) -> bool:
        """Whether unread pages explain everything that is missing."""
        tracker = self.tracker
        return not (self._holes() or self._short_pages() or set(tracker.invalid) - set(tracker.gaps))

    def missing(self) -> str | None:
        """A sentence about everything that was announced and not received; None if all was."""
        tracker = self.tracker
        sentences = [*tracker.problems[:3], *list(tracker.faults.values())[:3]]
        sentences += [*self._short_pages(), *self._holes(), *self._refused_offsets(), *self._stale_pages()]
        announced = max(tracker.totals, default=0)
        if tracker.received < announced:
            sentences.append(f"the source announced {announced} items and returned {tracker.received}")
        sentences += self._absent_pages()
        # Only where nothing else is missing: a signal beside an explained loss would be noise.
        if not sentences:
            sentences += [*self._unfinished(), *self._absent_places()]
        return "; ".join(sentences) or None

    def _stale_pages(self) -> list[str]:
        """In a chain a single one may be a row that was updated meanwhile; several show that it makes no progress."""
        tracker = self.tracker
        if tracker.position is None or len(tracker.stale) < 2:
            return []
        pages = ", ".join(str(page) for page in sorted(tracker.stale)[:5])
        return [
            f"pages {pages} begin with the key of an earlier page: the source repeats items, check its order"
        ]

    def _short_pages(self) -> list[str]:
        """With offsets, a short page before the last one: the items between it and the next were never sent."""
        tracker = self.tracker
        short = [
            page for page, rows in tracker.rows.items() if 0 < rows < tracker.size and page < tracker.last_row
        ]
        if not tracker.offset_paged or not short:
            return []
        page = min(short)
        return [
            f"page {page} has {tracker.rows[page]} items of {tracker.size} and is not the last: lower `limit`"
        ]

    def _holes(self) -> list[str]:
        """Empty pages before a page with rows; a chain may have some."""
        tracker = self.tracker
        if tracker.position is not None:
            return []
        holes = [str(page) for page in sorted(tracker.empty) if page < tracker.last_row]
        return (
            [f"page {', '.join(holes[:5])} is empty, but page {tracker.last_row} has items"] if holes else []
        )

    def _absent_pages(self) -> list[str]:
        """Announced pages that a chain did not reach."""
        tracker, page = self.tracker, max(self.tracker.rows, default=0)
        is_chain = tracker.position is not None and tracker.last_row
        if not is_chain or tracker.totals or page >= tracker.announced_pages:
            return []
        text = f"the source announced {tracker.announced_pages} pages, but page {page} names no next one"
        return [text] if tracker.cursors[page] is None else []

    def _refused_offsets(self) -> list[str]:
        """A page after a full one that is answered with the declared `end`: it may be the end, or the result window
        of the source, as the 10,000 items of several search engines."""
        tracker = self.tracker
        status = tracker.ended_by.get(tracker.last_row + 1)
        is_full = tracker.last_row > 0 and tracker.rows[tracker.last_row] >= (
            tracker.size or max(tracker.rows.values())
        )
        if status is None or not is_full or tracker.totals or tracker.announced_pages or tracker.position:
            return []
        if status not in REFUSALS and tracker.received % RESULT_WINDOW:
            return []
        return [
            f"the source answered {status} after {tracker.received} items, which may be the limit of its offsets and "
            "not the end: declare a total, or use `time_window`"
        ]

    def _unfinished(self) -> list[str]:
        """Signs that the pages ended too early: the source stated that there is more."""
        tracker = self.tracker
        if tracker.position is None:
            states_more = tracker.has_more.get(tracker.last_row) and not any(
                has_more is False for page, has_more in tracker.has_more.items() if page > tracker.last_row
            )
            text = "but no paging is declared that leads there"
        else:
            states_more, text = (
                tracker.has_more.get(max(tracker.rows, default=0)),
                "but not where the next page is",
            )
        page = max(tracker.rows, default=0) if tracker.position else tracker.last_row
        return [f"page {page} states that there are more items, {text}"] if states_more else []

    def _absent_places(self) -> list[str]:
        """Declared places that no response contains: probably a wrong name, so nothing proves the end."""
        tracker = self.tracker
        if not tracker.received:
            return []
        absent = [
            f"no response contains {place!r}, declared as `{name}`: check the name"
            for name, place in tracker.declared_places.items()
            if name not in tracker.places
        ]
        # A single page that is not full needs no position of a next one.
        is_short = max(tracker.rows) == 1 and bool(tracker.size) and tracker.rows[1] < tracker.size
        knows_end = tracker.totals or is_short or tracker.has_more.get(max(tracker.rows)) is False
        if tracker.position and "next" not in tracker.places and not knows_end:
            absent.append(
                f"no response contains {tracker.position}, so more pages may exist: check the name, or declare `limit`"
            )
        return absent

    def notes(self) -> tuple[str, ...]:
        """What the run must report although nothing is missing: changed totals, repaired pages."""
        tracker = self.tracker
        changed = (
            [f"the source had {min(tracker.totals)} to {max(tracker.totals)} items while it was read"]
            if len(tracker.totals) > 1
            else []
        )
        end, pages = tracker.end, tracker.announced_pages
        # Many sources count one page too many, so it is not a reason to call the run incomplete.
        if tracker.last_row and not tracker.totals and end is not None and end <= pages:
            changed.append(f"the source announced {pages} pages, but page {end} is empty")
        changed += [tracker.moves] if tracker.moves else []
        return (*changed, *self._possible_limit(), *tracker.repairs[:5])

    def _possible_limit(self) -> list[str]:
        """Servers that return a limited number of items often announce that number, or answer with empty pages."""
        tracker = self.tracker
        is_round = str(tracker.received).rstrip("0") in ROUND_DIGITS
        # With a window by id, the largest id shows that the list has its end.
        if not is_round or tracker.max_id is not None or tracker.last_row < FEWEST_PAGES:
            return []
        if tracker.rows[tracker.last_row] < max(tracker.rows.values()):
            return []
        return [
            f"the list ends after exactly {tracker.received} items, which may be the limit of the source: compare it, "
            "or use `time_window`"
        ]
