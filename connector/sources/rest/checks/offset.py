"""Pages by the number of items before them."""

from dataclasses import dataclass, replace

from connector.errors import RequestRejected
from connector.sources.reader import Page
from connector.sources.rest.checks.counting import check_count
from connector.sources.rest.checks.probe import PagePlace, Probe


@dataclass(frozen=True)
class OffsetCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        return check_count(self.probe, self._check_cap(page, place), place)

    def _check_cap(self, page: Page, place: PagePlace) -> Page:
        """A short page is the last one, or the server returns fewer items than `limit`: then the items up to the next
        offset would never be sent. Where no total shows it, one more request does."""
        received, size = len(page.items), self.probe.size
        # With a total the missing items are noticed without another request, unless it counts only this page.
        if not 0 < received < size or page.total_items not in (None, received):
            return page
        position = (place.number - 1) * size + received
        try:
            # A server may refuse the offset after the last item: then nothing follows.
            rest = self.probe.read(self.probe.create_request(place.number, None, place.span, position))
        except RequestRejected:
            return page
        fault = f"it has {received} items of {size}, but more follow: the server returns at most {received}"
        # A server that rounds offsets down returns the same items again.
        return replace(page, fault=f"{fault}, lower `limit`") if self.probe.is_other(rest, page) else page
