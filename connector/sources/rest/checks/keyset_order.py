"""Positions that are the value of the last item: whether the source sorts by it as it compares it.

Ids that are texts of digits are often sorted as texts (1, 10, 2) and compared as numbers, or the other way round. Then
rows are in none of the pages, although each of them looks complete.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from connector.errors import SourceError
from connector.sources.reader import Page
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.first_page import identify
from connector.sources.rest.page_limit import read_positions
from connector.sources.rest.paging import ByCursor
from connector.sources.rest.position import LAST_ITEM, encode_position

FEWEST = 2  # items that have an order
MAX_DIGITS = 40  # of a key; Python reads at most 4,300


def check_order(probe: Probe, page: Page, place: PagePlace) -> Page:
    """The page with a fault if items are left out because of their order, or with a proof that none are."""
    paging, proof = probe.paging, f"order:{probe.proof}"
    if not isinstance(paging, ByCursor) or not paging.next.startswith(LAST_ITEM) or proof in place.places:
        return page
    values = read_numbers(page, paging)
    if len(values) < FEWEST:
        return page
    name = paging.next.removeprefix(LAST_ITEM)
    if fault := describe_return(values, place.cursor, name):
        return replace(page, fault=page.fault or fault)
    longer = page
    if find_break(values) is None:
        if place.number > 1 or not looks_like_texts(values):
            return page
        longer = read_longer(probe, page, place)
    is_continued = continues(probe, longer, place)
    if is_continued is None:
        return replace(page, places=page.places | {proof}) if longer is not page else page
    if is_continued:
        return replace(page, places=page.places | {proof})
    fault = (
        f"the source sorts {name!r} in another order than it compares it, for example as text and as number"
    )
    return replace(
        page, fault=page.fault or f"{fault}: items between its pages are left out, use another field"
    )


def read_numbers(page: Page, paging: ByCursor) -> list[int]:
    """The positions of the items; empty unless all of them are whole numbers, also as texts."""
    texts = [position.strip(b'"') for position in read_positions(page.items, paging)]
    is_numeric = all(text.isdigit() and len(text) <= MAX_DIGITS for text in texts)
    return [int(text) for text in texts] if is_numeric else []


def find_break(values: Sequence[int]) -> int | None:
    """The index of the first value whose successor is against the order of most; None if all are in order."""
    steps = [(before < after) - (before > after) for before, after in pairwise(values)]
    direction = 1 if sum(steps) >= 0 else -1
    return next((index for index, step in enumerate(steps) if step == -direction), None)


def is_sorted(texts: Sequence[str]) -> bool:
    return list(texts) in (sorted(texts), sorted(texts, reverse=True))


def describe_return(values: Sequence[int], cursor: str | None, name: str) -> str | None:
    """A fault if a page in the order of numbers goes back behind the position that led to it."""
    text = (cursor or "").strip('"')
    if (
        not text.isdigit()
        or len(text) > MAX_DIGITS
        or find_break(values) is not None
        or values[0] == values[-1]
    ):
        return None
    is_ascending = values[0] < values[-1]
    is_behind = values[0] < int(text) if is_ascending else values[0] > int(text)
    if not is_behind or is_sorted([text, *map(str, values)]):
        return None
    return f"after {name}={text} it begins with {values[0]}: the source compares it otherwise than it sorts"


def looks_like_texts(values: Sequence[int]) -> bool:
    """Whether a value is followed by itself with further digits, as 1 by 10 in a list that is sorted as texts."""
    return any(str(after).startswith(str(before)) and after != before for before, after in pairwise(values))


def read_longer(probe: Probe, page: Page, place: PagePlace) -> Page:
    """The first page with twice as many items, in which the order of texts shows; the page itself without `size`."""
    request, size = probe.request_of(place), probe.paging.size
    if size is None or size not in request.params:
        return page
    try:
        params = {**request.params, size: str(2 * probe.size)}
        return probe.read_once(replace(request, params=params))
    except SourceError:
        return page


def continues(probe: Probe, page: Page, place: PagePlace) -> bool | None:
    """Whether the source sends what follows the first break of the order also after that position; None if there is
    none, or no answer."""
    paging = probe.paging
    assert isinstance(paging, ByCursor)
    index = find_break(read_numbers(page, paging))
    if index is None:
        return None
    cursor = encode_position(read_positions(page.items[index : index + 1], paging)[0], paging)
    try:
        following = probe.read_once(probe.create_request(place.number + 1, cursor, place.span))
    except SourceError:
        return None
    expected = identify(page.items[index + 1], probe.key)
    return expected in {identify(item, probe.key) for item in following.items}
