"""Pages by number. They end where one is empty, which the run confirms."""

from dataclasses import dataclass, replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.counting import check_count
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.first_page import is_unproven


@dataclass(frozen=True)
class NumberedCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        return self._check_only_page(check_count(self.probe, page, place), place)

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
