"""Whether an API counts pages as declared, which only a second request beside the first page can show.

An offset that counts pages skips most rows and then reaches the end; page numbers from 0 that are declared from 1 lose
the first page. Both look like a complete list, unless a total contradicts.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from connector.sources.reader import Page
from connector.sources.rest.paging import ByOffset, ByPage, Paging


def is_unproven(page: Page, paging: Paging) -> bool:
    """Whether the first page leaves open how the API counts. One total does not show it, because it may be too low;
    numbers of pages and of items that agree do."""
    pages, items, size = page.total_pages, page.total_items, paging.limit or len(page.items)
    if pages and items and size and pages == -(-items // size):
        return False
    match paging:
        # With one item a page, or one page of items, both ways of counting are the same.
        case ByOffset(limit=limit):
            return len(page.items) >= max(limit, 2)
        case ByPage(first=first):
            return first > 0
    return False


def is_other(page: Page, first: Page, key: Sequence[str]) -> bool:
    """Whether `page` begins with an item that `first` does not have; an empty page does not."""
    present = {identify(item, key) for item in first.items}
    return bool(page.items) and identify(page.items[0], key) not in present


def overlaps(page: Page, first: Page, key: Sequence[str]) -> bool:
    """Whether they have an item in common, as pages of a list do not."""
    return not {identify(item, key) for item in page.items}.isdisjoint(
        identify(item, key) for item in first.items
    )


def identify(item: Raw, key: Sequence[str]) -> bytes:
    """The values of the fields `key`; the whole item without all of them, which may contain the time of the request."""
    try:
        members = msgspec.json.decode(item, type=dict[str, Raw])
    except msgspec.MsgspecError:  # not an object
        return bytes(item)
    values = [bytes(members[name]).strip() for name in key if name in members]
    return b"\n".join(values) if values and len(values) == len(key) else bytes(item)


def describe_count(paging: Paging) -> str:
    if isinstance(paging, ByOffset):
        name = paging.offset
        return (
            f"{name}=1 has none of the items of {name}=0: the API counts pages, not items: declare `page: {name}` with "
            "`first: 0`"
        )
    name, first = (paging.page, paging.first) if isinstance(paging, ByPage) else ("page", 1)
    return f"{name}={first - 1} has items that {name}={first} does not have: declare `first: {first - 1}`"
