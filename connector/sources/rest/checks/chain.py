"""Chains of pages: a page that names no next one is requested again, and what else shows the end is looked for.

A position may be lost once (`next: null` of an overloaded server, a Link header that a proxy drops), or always.
"""

from dataclasses import dataclass, field, replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.chain_end import needs_proof
from connector.sources.rest.checks.following import Following
from connector.sources.rest.checks.keyset import check_shared
from connector.sources.rest.checks.keyset_order import check_order
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.checks.smaller_page import OPEN_END, check_smaller
from connector.sources.rest.checks.whole import FEWEST, check_usual
from connector.sources.rest.first_page import identify
from connector.sources.rest.page_limit import is_usual_size
from connector.sources.rest.paging import ByCursor
from connector.sources.rest.position import LAST_ITEM

LOWERED = (
    "it has {items} items of {limit} and names no next page, which may be the server's own limit: lower `limit`, check "
    "`next`, or remove the paging if this is the whole list"
)


@dataclass
class ChainCheck:
    """The pages are read one after another; what is remembered is of those before."""

    probe: Probe
    longest: int = 0
    is_after_full: bool = False
    first_items: set[bytes] = field(default_factory=set)
    is_ordered: bool = False  # whether the order of keyset pages is known
    previous: tuple[bytes, ...] = ()  # outline of the page before

    def check(self, page: Page, place: PagePlace) -> Page:
        if self._is_own_end(page, place):
            return replace(page, items=[])
        page = self._check_order(check_shared(self.probe, page, place), place)
        page = self._confirm_end(page, place) if page.items else self._confirm_empty(page, place)
        self.is_after_full = self._is_full(page)
        self.longest = max(self.longest, len(page.items))
        self.first_items |= self.probe.first_item(page)
        self.previous = self._outline(page)
        return page

    def _check_order(self, page: Page, place: PagePlace) -> Page:
        if self.is_ordered:
            return page
        checked = check_order(self.probe, page, place)
        # One proof, or one fault, is enough for all pages.
        self.is_ordered = checked is not page
        return checked

    def _outline(self, page: Page) -> tuple[bytes, ...]:
        """Its length, and the identities of its first and last item."""
        return b"%d" % len(page.items), *(
            identify(item, self.probe.key) for item in page.items[:1] + page.items[-1:]
        )

    def _is_own_end(self, page: Page, place: PagePlace) -> bool:
        """Whether the page is the one before once more, and names itself: how exports by time end whose rows all have
        the same time (Zendesk). Not with a cursor, whose name may be declared wrong, and not a page that may be cut."""
        if isinstance(self.probe.paging, ByCursor) or page.next is None or page.next != place.cursor:
            return False
        size, received = self.probe.size, len(page.items)
        is_cut = received >= size if size else is_usual_size(received)
        return not is_cut and self._outline(page) == self.previous

    @property
    def _full_size(self) -> int:
        """A server may return fewer items than `limit`, on every page. 0 if unknown: for a first page, and for a
        process that resumed the chain, where no `limit` is declared."""
        return min([size for size in (self.probe.size, self.longest) if size], default=0)

    def _is_full(self, page: Page) -> bool:
        return 0 < self._full_size <= len(page.items)

    def _confirm_empty(self, page: Page, place: PagePlace) -> Page:
        """The page, requested again if it is empty: the page before has named it."""
        if leads_on(page, place):
            second = self._read_again(page, place)
            return second if second.items else page
        is_keyset = getattr(self.probe.paging, "next", "").startswith(LAST_ITEM)
        if place.number > 1 and not self.is_after_full and is_keyset:
            return page  # no page has named it, and the one before was the last already
        second = self._read_again(page, place)
        if place.number == 1 or second.items or leads_on(second, place):
            return second
        fault = self._following(page, place).find_guessed()
        return replace(page, fault=fault) if fault else page

    def _confirm_end(self, page: Page, place: PagePlace) -> Page:
        """The page, or a second response with a next one, or the page with a fault if the chain does not end here."""
        is_short = len(page.items) < self._full_size
        # A short page after a longer one and a statement are an end that needs no proof.
        is_stated = page.has_more is False or page.total_items is not None
        is_proven = is_short and is_stated and place.number > 1
        if self._denies_more(page, place) and not is_proven:
            second = self._read_again(page, place)
            return second if second.items and second.has_more else page
        if leads_on(page, place) or is_proven or self.probe.first_item(page) & self.first_items:
            return page  # an item that was received before is reported by the run
        second = self._read_again(page, place)
        if leads_on(second, place):
            return second
        if page.has_more:
            return page  # the run reports that the source states it
        if is_short:
            return self._check_lowered(page, place) if needs_proof(page, place.cursor) else page
        return self._check_full(page, place)

    def _denies_more(self, page: Page, place: PagePlace) -> bool:
        """Whether the declared statement ends the chain beside the position of a next page: as in GraphQL, where the
        cursor is that of the last item, or of a server that fails."""
        return bool(self.probe.paging.more) and page.has_more is False and leads_on(page, place)

    def _check_full(self, page: Page, place: PagePlace) -> Page:
        """Whether anything follows a full page, or one of which it is not known."""
        following = self._following(page, place)
        if fault := following.find_guessed():
            return replace(page, fault=fault)
        is_stated = not needs_proof(page, place.cursor)
        # Two statements, or a position after it that was tried and has no items.
        if fault is None or (is_stated and not page.states_end) or page.has_more is not None:
            return page
        fault = check_smaller(self.probe, page, place)
        # Where the source states the end, or the size of a page is unknown, only a proof counts.
        if fault == OPEN_END and (is_stated or not self._full_size):
            # `next: null` of a server that has other pages behind another parameter.
            is_doubtful = place.number == 1 and not self.probe.size and len(page.items) >= FEWEST
            return check_usual(self.probe, page, place) if is_doubtful else page
        return add_proof(page, fault)

    def _check_lowered(self, page: Page, place: PagePlace) -> Page:
        """Whether the only page is short because the server returns fewer items than `limit`, and the position was
        never seen: a wrong name would look like this too."""
        if place.number > 1 or "next" in place.places:
            return page
        fault = check_smaller(self.probe, page, place)
        if fault != OPEN_END:
            return add_proof(page, fault)
        if not is_usual_size(len(page.items)):
            return page
        return replace(page, fault=LOWERED.format(items=len(page.items), limit=self.probe.size))

    def _read_again(self, page: Page, place: PagePlace) -> Page:
        try:
            return self.probe.read_once(self.probe.request_of(place))
        except SourceError:
            return page  # for example 204

    def _following(self, page: Page, place: PagePlace) -> Following:
        return Following(self.probe, page, place, self.longest, self.first_items)


def leads_on(page: Page, place: PagePlace) -> bool:
    """Whether the page names a next one other than itself."""
    return page.next not in (None, place.cursor)


def add_proof(page: Page, fault: str | None) -> Page:
    """The page after a smaller one has shown that the declared place exists, and whether items follow."""
    return replace(page, fault=page.fault or fault, places=page.places | {"next"})
