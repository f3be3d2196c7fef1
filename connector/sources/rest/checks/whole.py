"""A list that is declared as one response."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.client import Request
from connector.sources.rest.first_page import overlaps
from connector.sources.rest.page_limit import is_cut, is_usual_size

CUT = "it has as many items as were requested, and no paging is declared: declare it, or a larger `limit`"

NOTE = "it has exactly {items} items, which may be the limit of the source, and no paging is declared"
FEWEST = 20  # items that are worth this note


@dataclass(frozen=True)
class WholeListCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        if is_cut(page, self.probe.paging, self.probe.params):
            return replace(page, fault=CUT)
        is_open = page.total_items is None and page.has_more is None and not page.fault
        if not is_open or not is_usual_size(len(page.items)):
            return page
        for request, name in self._guess(page, place):
            if self._has_others(request, page):
                fault = f"{name} has other items, and no paging is declared: declare it"
                return replace(page, fault=fault)
        if len(page.items) < FEWEST:
            return page
        notes = [page.note, NOTE.format(items=len(page.items))]
        return replace(page, note="; ".join(note for note in notes if note))

    def _guess(self, page: Page, place: PagePlace) -> Iterator[tuple[Request, str]]:
        """Requests for a second page, as many APIs have it. A server without these parameters ignores them."""
        request = self.probe.request_of(place)
        for name, value in (("page", 2), ("offset", len(page.items))):
            if request.method == "GET" and name not in self.probe.params:
                yield replace(request, params={**request.params, name: str(value)}), f"{name}={value}"

    def _has_others(self, request: Request, page: Page) -> bool:
        try:
            second = self.probe.read_once(request)
        except SourceError:
            return False
        # Without an order the first item may be another one.
        return bool(second.items) and not overlaps(second, page, self.probe.key)
