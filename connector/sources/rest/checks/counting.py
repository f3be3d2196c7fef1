"""Whether an API counts its pages as declared, by one request beside the first page, and only once."""

from dataclasses import replace

from connector.errors import RequestRejected, SourceError
from connector.extract.fetch_round import ENDS
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.first_page import describe_count, is_unproven, overlaps
from connector.sources.rest.paging import ByOffset


def check_count(probe: Probe, page: Page, place: PagePlace) -> Page:
    """The page with a fault if the API does not count its pages as declared, or with a proof that it does."""
    if place.number != 1 or probe.proof in place.places or not is_unproven(page, probe.paging):
        return page
    # An empty list proves nothing: it may have items tomorrow.
    proven = replace(page, places=page.places | {probe.proof}) if page.items else page
    try:
        # Once: for a server without such a page an error is the usual answer.
        beside = read_neighbour(probe, place)
        if not probe.is_other(beside, page):
            return proven
        # Where a total exists, overlapping pages are noticed by it (finish.describe_repeated).
        if page.total_items is not None and overlaps(beside, page, probe.key):
            return page
        # New rows may have moved the others; then the first page is no longer the same either.
        second = probe.read_numbered(1, place.span)
    except RequestRejected as error:
        # Not where the key was rejected.
        return proven if error.status in ENDS else page
    except SourceError:
        return page
    return replace(page, fault=describe_count(probe.paging)) if probe.is_other(beside, second) else page


def read_neighbour(probe: Probe, place: PagePlace) -> Page:
    """The page before the first one, or the items from the second one on."""
    if isinstance(probe.paging, ByOffset):
        return probe.read_once(probe.create_request(1, None, place.span, 1))
    return probe.read_numbered(0, place.span)
