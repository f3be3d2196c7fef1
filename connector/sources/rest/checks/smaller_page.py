"""Ask for a page with one item less: then something must follow, also where the page was the last one.

Many APIs leave out the position of the next page where nothing follows, which looks like a position that was lost.
An opaque position cannot be guessed, but a smaller page has a successor, whose items show the end.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.client import Request
from connector.sources.rest.first_page import identify
from connector.sources.rest.page_limit import SIZE_NAME

OPEN_END = (
    "it is full and names no next page, and nothing shows that the list ends there: declare `size` and `limit`, "
    "`more` or a total"
)


def check_smaller(probe: Probe, page: Page, place: PagePlace) -> str | None:
    """A fault unless the page with one item less is followed by that item only; OPEN_END if that cannot be seen."""
    try:
        return read_smaller(probe, page, place)
    except SourceError:
        return OPEN_END


def read_smaller(probe: Probe, page: Page, place: PagePlace) -> str | None:
    smaller = shrink(probe.request_of(place), probe.paging.size, len(page.items))
    first = probe.read_once(smaller) if smaller else page
    if len(first.items) != len(page.items) - 1:
        return OPEN_END
    if first.next is None:
        return (
            f"it names no next page, and neither do its first {len(first.items)} items: the position is lost"
        )
    following = probe.read_once(probe.create_request(place.number + 1, first.next, place.span))
    present = {identify(item, probe.key) for item in page.items}
    others = [item for item in following.items if identify(item, probe.key) not in present]
    if others:
        return "it names no next page, but items follow it"
    return OPEN_END if following.next or not following.items else None


def shrink(request: Request, size: str | None, items: int) -> Request | None:
    """The request for the first `items` - 1 items of its page; None if it states no page size. `size`: the declared
    parameter."""
    if items < 2:
        return None
    if params := shrink_values(request.params, size, items):
        return replace(request, params=params)
    parts = urlsplit(request.url)
    if query := shrink_values(dict(parse_qsl(parts.query, keep_blank_values=True)), size, items):
        return replace(request, url=parts._replace(query=urlencode(query)).geturl())
    body = shrink_body(request.body, size, items)
    return replace(request, body=body) if body else None


def shrink_values(values: Mapping[str, str], size: str | None, items: int) -> dict[str, str] | None:
    names = [name for name in values if name == size or (size is None and SIZE_NAME.search(name))]
    for name in names:
        # A server may return fewer items than requested.
        if values[name].isdecimal() and int(values[name]) >= items:
            return {**values, name: str(items - 1)}
    return None


def shrink_body(body: bytes | None, size: str | None, items: int) -> bytes | None:
    """A JSON body with the size at the path `size`."""
    if body is None or size is None:
        return None
    document = target = msgspec.json.decode(body)
    *parents, name = size.split(".")
    for parent in parents:
        target = target.get(parent, {})
    if not isinstance(target.get(name), int):
        return None
    target[name] = items - 1
    return msgspec.json.encode(document)
