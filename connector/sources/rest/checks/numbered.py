"""Pages by number. They end where one is empty, which the run confirms."""

from dataclasses import dataclass, replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.counting import check_count
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.checks.smaller_page import shrink
from connector.sources.rest.first_page import is_unproven


@dataclass(frozen=True)
class NumberedCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        page = self._check_only_page(check_count(self.probe, page, place), place)
        return self._check_lowered(page, place)

    def _check_lowered(self, page: Page, place: PagePlace) -> Page:
        """The first page with a fault if the server returns fewer items than `limit`, but counts pages by it: then it
        leaves out the others of every page. Where no total shows it, the second page of the smaller size does."""
        received, size = len(page.items), self.probe.size
        is_open = place.number == 1 and 0 < received < size and page.total_items is None and not page.fault
        if not is_open:
            return page
        try:
            request = self.probe.create_request(2, None, place.span)
            smaller = shrink(request, self.probe.paging.size, received + 1)
            following = self.probe.read_once(smaller) if smaller else page
            if not self.probe.is_other(following, page):
                return page
            second = self.probe.read_once(request)
        except SourceError:
            return page
        if self.probe.first_item(second) == self.probe.first_item(following):
            return page
        fault = f"it has {received} items of {size}, and page 2 does not continue after them: lower `limit`"
        return replace(page, fault=fault)

    def _check_only_page(self, page: Page, place: PagePlace) -> Page:
        """The page with a fault if its total counts only itself: the server returns fewer items than `limit`."""
        if place.number > 1 or not self._is_only_page(page):
            return page
        try:
            following = self.probe.read_numbered(2, place.span)
        except SourceError:
            return page
        if not self.probe.is_other(following, page):
            return page
        fault = f"it has {len(page.items)} items, which its total counts, but page 2 has others: "
        return replace(page, fault=f"{fault}lower `limit`, drop the total")

    def _is_only_page(self, page: Page) -> bool:
        """Whether it is short, and its totals count no other page."""
        received = len(page.items)
        is_total = page.total_items == received or (page.total_items is None and page.total_pages == 1)
        return 0 < received < self.probe.size and is_total and is_unproven(page, self.probe.paging)
