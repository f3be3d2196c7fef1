"""The position of the next page, the totals and the statement that there is more, at their declared places."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from connector.sources.rest.json_body import Body, find_node, split_path
from connector.sources.rest.links import find_link
from connector.sources.rest.paging import ByCursor, ByLink, ByNext, Paging
from connector.sources.rest.values import parse_flag, parse_total

Headers = Mapping[str, str]
HEADER, LAST_ITEM = "header:", "last_item."


def read_place(place: str, body: Body, headers: Headers) -> tuple[Any, bool]:
    """The value in the body or, for `header:<name>`, in a header; and whether the place exists, even as null."""
    if place.startswith(HEADER):
        text = headers.get(place.removeprefix(HEADER).strip())
        return text, text is not None
    value = body.find(place)
    return (None, False) if value is None else (msgspec.json.decode(value), True)


def read_total(place: str | None, body: Body, headers: Headers) -> tuple[int | None, bool]:
    """A number of items or pages, also as text; None for null, an empty text and negative numbers."""
    if not place:
        return None, False
    value, exists = read_place(place, body, headers)
    if value is None or value == "":
        return None, exists
    total = parse_total(value)
    if total is None:
        raise msgspec.ValidationError(f"Expected an integer at {place}, got {str(value)[:40]!r}")
    # Elasticsearch: {"value": 10000, "relation": "gte"} is the limit of its counting, and no total.
    relation = None if place.startswith(HEADER) else body.find(place.rpartition(".")[0] + ".relation")
    return (total if total >= 0 and relation != b'"gte"' else None), True


def read_more(place: str, body: Body, headers: Headers) -> tuple[bool | None, bool]:
    """The statement that there is more, and whether its place exists; ValidationError for another value."""
    value, exists = read_place(place, body, headers)
    flag = parse_flag(value)
    if flag is None and value is not None:
        raise msgspec.ValidationError(f"Expected a boolean at {place}, got {str(value)[:40]!r}")
    return flag, exists


def find_position(
    paging: Paging, body: Body, headers: Headers, items: list[Raw], has_more: bool | None
) -> tuple[str | None, bool]:
    """The position of the next page, and whether the declared place exists at all."""
    if isinstance(paging, ByLink):
        # Case-insensitive also where the headers are a plain dictionary.
        header = next((value for name, value in headers.items() if name.lower() == "link"), "")
        return find_link(header, paging.link)
    if not isinstance(paging, ByCursor | ByNext):
        return None, False
    if paging.next.startswith(LAST_ITEM):
        # The place always exists: an empty page is the end.
        return find_in_last_item(items, paging.next.removeprefix(LAST_ITEM), paging, has_more), True
    if paging.next.startswith(HEADER):
        text = headers.get(paging.next.removeprefix(HEADER).strip())
        return encode_position(msgspec.json.encode(text or ""), paging), text is not None
    value = body.find(paging.next)
    return (None, False) if value is None else (encode_position(value, paging), True)


def encode_position(value: bytes, paging: ByCursor | ByNext) -> str | None:
    """The text of a position; None for the end: null, false, something empty, or the
    declared `end_cursor`.

    Numbers keep their digits. In the body of a POST the value has the type that it had in the response.
    """
    decoded = msgspec.json.decode(value)
    # Compared as texts: servers send 0 and "0".
    end = paging.end_cursor if isinstance(paging, ByCursor) else None
    if end is not None and str(decoded) == str(end):
        return None
    is_empty = decoded is None or decoded is False or decoded in ([], {})
    if is_empty or (isinstance(decoded, str) and not decoded.strip()):
        return None
    is_address = isinstance(paging, ByNext)
    # `true` states that there is more, but not where.
    if decoded is True or (is_address and not isinstance(decoded, str)):
        expected = "the address of a page" if is_address else "a text or a number"
        raise msgspec.ValidationError(f"Expected {expected} at {paging.next}, got {bytes(value)[:40]!r}")
    if isinstance(decoded, str) and paging.within == "query":
        return decoded.strip() if is_address else decoded
    return bytes(value).decode().strip()


def find_in_last_item(
    items: list[Raw], path: str, paging: ByCursor | ByNext, has_more: bool | None
) -> str | None:
    """Keyset paging (Stripe, Shopify since_id, search_after): the id of the last item is the next position.

    One item without it, which `describe_last_item` reports, does not keep the others out.
    """
    # Without `has_more` the chain ends with an empty page.
    if not items or has_more is False:
        return None
    for item in reversed(items):
        if position := find_in_item(item, path, paging):
            return position
    raise msgspec.ValidationError(f"the last item has no `{path}`, the position of the next page")


def find_in_item(item: Raw, path: str, paging: ByCursor | ByNext) -> str | None:
    is_object = bytes(item).lstrip()[:1] == b"{"
    value = find_node(msgspec.json.decode(item, type=dict[str, Raw]), split_path(path)) if is_object else None
    return None if value is None else encode_position(bytes(value), paging)


def describe_last_item(paging: Paging, items: list[Raw], position: str | None) -> str | None:
    """A fault if the position is that of another item than the last one."""
    if position is None or not isinstance(paging, ByCursor) or not paging.next.startswith(LAST_ITEM):
        return None
    path = paging.next.removeprefix(LAST_ITEM)
    if find_in_item(items[-1], path, paging) is not None:
        return None
    return f"the last item has no `{path}`, so the next page follows the last one that has: use another field"
