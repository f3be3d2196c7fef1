"""Whether a page leaves items out because of its size: a whole list that ends there, or a position of several items."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from connector.sources.reader import Page
from connector.sources.rest.json_body import find_node, split_path
from connector.sources.rest.paging import ByCursor, Paging
from connector.sources.rest.position import LAST_ITEM

SIZE_NAME = re.compile(r"per_?page|size|limit|count|top|max|rows|^n$", re.IGNORECASE)

# How many items servers return at most, whatever is requested.
USUAL_SIZES = {12, 15, 16, 24, 30, 32, 40, 48, 60, 64, 75, 80, 96, 128, 150, 256, 300, 512, 1024} | {
    digits * 10**zeros for digits in (10, 20, 25, 50) for zeros in range(4)
}


def is_usual_size(items: int) -> bool:
    return items in USUAL_SIZES


def is_cut(page: Page, paging: Paging, params: Mapping[str, str]) -> bool:
    """Whether a list that is declared as whole has exactly the requested number of items, so more may exist."""
    if type(paging) is not Paging or page.total_items is not None or page.has_more is not None:
        return False
    sizes = {value for name, value in params.items() if SIZE_NAME.search(name)}
    return bool(page.items) and (len(page.items) == paging.limit or str(len(page.items)) in sizes)


def shared_position(page: Page, paging: Paging) -> bytes | None:
    """The value of the last item if the one before has it too, in keyset paging; None otherwise."""
    if not isinstance(paging, ByCursor) or not paging.next.startswith(LAST_ITEM) or page.next is None:
        return None
    if len(page.items) < 2 or (paging.limit and len(page.items) < paging.limit):
        return None
    before, last = read_positions(page.items[-2:], paging)
    return last if before == last else None


def begins_with(page: Page, position: bytes, paging: ByCursor) -> bool:
    return bool(page.items) and read_positions(page.items[:1], paging) == [position]


def read_positions(items: Sequence[Raw], paging: ByCursor) -> list[bytes]:
    """Empty for an item without one."""
    steps = split_path(paging.next.removeprefix(LAST_ITEM))
    is_object = [bytes(item).lstrip()[:1] == b"{" for item in items]
    members = [
        msgspec.json.decode(item, type=dict[str, Raw]) if is_there else {}
        for item, is_there in zip(items, is_object, strict=True)
    ]
    return [bytes(find_node(member, steps) or b"").strip() for member in members]
