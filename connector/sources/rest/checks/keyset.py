"""Positions that are the value of the last item, which several items may share."""

from dataclasses import replace

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.page_limit import begins_with, shared_position
from connector.sources.rest.paging import ByCursor
from connector.sources.rest.position import LAST_ITEM


def check_shared(probe: Probe, page: Page, place: PagePlace) -> Page:
    """The page with a fault if its last position is one of several items, of which the source sends no others."""
    position = shared_position(page, probe.paging)
    if position is None or not isinstance(probe.paging, ByCursor):
        return page
    try:
        following = probe.read_once(probe.create_request(place.number + 1, page.next, place.span))
    except SourceError:
        return page
    # A source that begins with the position itself sends all of them, some of them twice.
    if begins_with(following, position, probe.paging):
        return page
    name = probe.paging.next.removeprefix(LAST_ITEM)
    fault = f"several items have the same {name!r}, and those after the page are left out: use a unique field"
    return replace(page, fault=fault)
