"""A list that is declared as one response."""

from dataclasses import dataclass, replace

from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.page_limit import is_cut

CUT = "it has as many items as were requested, and no paging is declared: declare it, or a larger `limit`"


@dataclass(frozen=True)
class WholeListCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        is_limited = is_cut(page, self.probe.paging, self.probe.params)
        return replace(page, fault=CUT) if is_limited else page
