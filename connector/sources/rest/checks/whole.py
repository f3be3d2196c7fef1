"""A list that is declared as one response, or whose only page may be one of several."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.client import Request
from connector.sources.rest.first_page import overlaps
from connector.sources.rest.page_limit import is_cut, is_usual_size

CUT = "it has as many items as were requested, and no paging is declared: declare it, or a larger `limit`"

NOTE = "it has exactly {items} items, which may be the limit of the source: nothing shows that the list ends there"
FEWEST = 20  # items that are worth this note
OFFSETS = {"offset", "skip", "start", "startAt", "$skip"}
# Rare names together, because a server knows at most one of them.
GUESSES = (
    ("page",), ("offset",), ("skip", "p", "start", "pageNumber", "page_number", "pageNo", "startAt", "$skip"),
)  # fmt: skip


@dataclass(frozen=True)
class WholeListCheck:
    probe: Probe

    def check(self, page: Page, place: PagePlace) -> Page:
        if is_cut(page, self.probe.paging, self.probe.params):
            return replace(page, fault=CUT)
        return check_usual(self.probe, page, place)


def check_usual(probe: Probe, page: Page, place: PagePlace) -> Page:
    """The only page of a list with a fault if another one exists, or with a note if its length is a usual limit."""
    is_open = page.total_items is None and page.has_more is None and not page.fault
    if not is_open or not is_usual_size(len(page.items)):
        return page
    for request, names in iter_second_pages(probe, page, place):
        if has_others(probe, request, page):
            return replace(page, fault=f"{names} has other items, and no such paging is declared: declare it")
    if len(page.items) < FEWEST:
        return page
    notes = [page.note, NOTE.format(items=len(page.items))]
    return replace(page, note="; ".join(note for note in notes if note))


def iter_second_pages(probe: Probe, page: Page, place: PagePlace) -> Iterator[tuple[Request, str]]:
    """Requests for a second page, as many APIs have it. A server without these parameters ignores them."""
    request, items = probe.request_of(place), len(page.items)
    for names in GUESSES:
        values = {name: str(items if name in OFFSETS else 2) for name in names if name not in probe.params}
        if request.method == "GET" and values:
            text = " or ".join(f"{name}={value}" for name, value in values.items())
            yield replace(request, params={**request.params, **values}), text


def has_others(probe: Probe, request: Request, page: Page) -> bool:
    try:
        second = probe.read_once(request)
    except SourceError:
        return False
    # Without an order the first item may be another one.
    return bool(second.items) and not overlaps(second, page, probe.key)
