"""Parse a response: its items and the values beside them, at the declared places."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from connector.errors import InvalidResponse
from connector.sources.base import Window
from connector.sources.reader import Page
from connector.sources.rest.config import ByCursor, ByLink, ByNext, Paging
from connector.sources.rest.json_repair import repair
from connector.sources.rest.links import find_link

WHOLE_BODY = "$"
Headers = Mapping[str, str]
NO_HEADERS: Headers = {}
Members = dict[str, msgspec.Raw]


class PageParser(Protocol):
    def __call__(self, content: bytes, headers: Headers = NO_HEADERS) -> Page: ...


# What APIs call the statement that there are more items; read when it is not declared, as a second opinion.
HAS_MORE_NAMES = {"has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage", "more"}
NESTED_NAMES = {"paging", "pagination", "meta", "page_info", "pageInfo", "response_metadata"}


def create_parser(paging: Paging, window: Window | None) -> PageParser:
    """A function from body and headers to Page; InvalidResponse for anything that is not JSON with a list of items."""
    read_largest_id = create_id_reader(window.field) if window else None

    def parse(content: bytes, headers: Headers = NO_HEADERS) -> Page:
        note = None
        try:
            return parse_page(content, headers, note)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            repaired = repair(content)
            if repaired != content:
                try:
                    return parse_page(
                        repaired, headers, "invalid JSON was repaired (NaN, surrogate or byte order mark)"
                    )
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    pass
            start = content[:80].decode("utf-8", "replace")
            raise InvalidResponse(
                f"no items at '{paging.items}': {error}; the body begins with {start!r}"
            ) from error

    def parse_page(content: bytes, headers: Headers, note: str | None) -> Page:
        if not content.isascii():
            content.decode()  # msgspec does not check the text of Raw values, which BigQuery would reject
        body = Body(content)
        items = body.items(paging.items)
        if not items and (error := body.error()):
            # A partial failure that is answered with status 200 must not look like the last page.
            raise InvalidResponse(f"no items, but an error: {error}")
        cursor, has_position = find_position(paging, body, headers, items)
        return Page(
            items,
            total_pages=read_total(paging.total_pages, body, headers),
            total_items=read_total(paging.total_items, body, headers),
            last=read_total(window.last, body, headers) if window and window.last else None,
            next=cursor,
            has_position=has_position,
            has_more=body.has_more(paging.more),
            max_id=read_largest_id(items) if read_largest_id else None,
            note=note,
        )

    return parse


class Body:
    """A JSON body of which only the needed parts are decoded."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.is_list = content.lstrip()[:1] == b"["
        self.members: Members = {} if self.is_list else msgspec.json.decode(content, type=Members)

    def items(self, path: str) -> list[msgspec.Raw]:
        """The list at `path`. null is an empty list, which is how several APIs mark the page after the last one."""
        if self.is_list and path != WHOLE_BODY:
            raise msgspec.ValidationError("Expected `object`, got `array`")
        value = self.content if path == WHOLE_BODY else self.find(path)
        if value is None:
            raise msgspec.ValidationError(f"Object missing required field `{path.split('.')[0]}`")
        return msgspec.json.decode(value, type=list[msgspec.Raw] | None) or []

    def error(self) -> str | None:
        """The text of a top-level error member."""
        for name in ("error", "errors"):
            value = msgspec.json.decode(self.members[name]) if name in self.members else None
            if value:
                return str(value)[:200]
        return None

    def find(self, path: str) -> bytes | None:
        """The JSON text at `path`, None where it is absent."""
        return find_value(self.members, path)

    def has_more(self, declared: str | None) -> bool | None:
        """The source's own statement that there are more items; None without one."""
        if declared:
            value = self.find(declared)
            return None if value is None else value.strip() in (b"true", b"1", b'"true"')
        for members in (self.members, *self._nested()):
            for name in HAS_MORE_NAMES & members.keys():
                if bytes(members[name]).strip() in (b"true", b"false"):
                    return bytes(members[name]).strip() == b"true"
        return None

    def _nested(self) -> Iterator[Members]:
        for name in NESTED_NAMES & self.members.keys():
            if bytes(self.members[name]).lstrip()[:1] == b"{":
                yield msgspec.json.decode(self.members[name], type=Members)


def find_value(members: Members, path: str) -> bytes | None:
    """A key may contain dots, as `@odata.nextLink` does: at every level the longest key that exists is taken.

    A step into a list of objects such as FHIR's `link[relation=next].url` selects the element with that member.
    """
    steps = path.split(".")
    for length in range(len(steps), 0, -1):
        key, rest = ".".join(steps[:length]), ".".join(steps[length:])
        value = find_member(members, key)
        if value is None:
            continue
        if not rest:
            return value
        if value.lstrip()[:1] == b"{":
            return find_value(msgspec.json.decode(value, type=Members), rest)
    return None


def find_member(members: Members, key: str) -> bytes | None:
    if key in members:
        return bytes(members[key])
    name, bracket, condition = key.partition("[")
    field, equals, expected = condition.removesuffix("]").partition("=")
    if not (bracket and equals and name in members):
        return None
    for element in msgspec.json.decode(members[name], type=list[dict[str, Any]]):
        if str(element.get(field)) == expected:
            return msgspec.json.encode(element)
    return None


def read_total(place: str | None, body: Body, headers: Headers) -> int | None:
    """An integer in the body, or in a header (`header:X-Total-Count`); also as text, as many APIs send it."""
    if not place:
        return None
    if place.startswith("header:"):
        text = headers.get(place.removeprefix("header:").strip(), "").strip()
    else:
        value = body.find(place)
        decoded = None if value is None else msgspec.json.decode(value)
        if decoded is None or isinstance(decoded, int) and not isinstance(decoded, bool):
            return decoded
        text = str(decoded).strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise msgspec.ValidationError(f"Expected an integer at {place}, got {text[:40]!r}") from error


def find_position(
    paging: Paging, body: Body, headers: Headers, items: list[msgspec.Raw]
) -> tuple[str | None, bool]:
    """The position of the next page, and whether the declared place exists at all. null, "" and false are the end."""
    if isinstance(paging, ByLink):
        header = next((value for name, value in headers.items() if name.lower() == "link"), "")
        return find_link(header, paging.link), bool(header)
    if not isinstance(paging, ByCursor | ByNext):
        return None, False
    if paging.next.startswith("header:"):
        text = headers.get(paging.next.removeprefix("header:").strip())
        return text or None, text is not None
    if paging.next.startswith("last_item."):
        return last_item_value(items, paging.next.removeprefix("last_item."), body.has_more(paging.more))
    value = body.find(paging.next)
    if value is None:
        return None, False
    cursor = msgspec.json.decode(value, type=str | int | float | bool | None)
    if cursor is None or cursor is False or cursor == "":
        return None, True
    if cursor is True or isinstance(cursor, float):
        raise msgspec.ValidationError(f"Expected a text or an integer at {paging.next}, got {value[:40]!r}")
    return str(cursor), True


def last_item_value(items: list[msgspec.Raw], path: str, has_more: bool | None) -> tuple[str | None, bool]:
    """Keyset paging (Stripe, Shopify since_id, search_after): the id of the last item is the next position."""
    if not items or has_more is False:
        return None, True
    members = msgspec.json.decode(items[-1], type=Members)
    value = find_value(members, path)
    if value is None:
        raise msgspec.ValidationError(f"the last item has no `{path}`")
    cursor = msgspec.json.decode(value)
    return (str(cursor), True) if cursor is not None else (None, True)


def create_id_reader(field: str) -> Callable[[list[msgspec.Raw]], int | None]:
    """A function that returns the largest integer value of `field`; ods rejects items without one."""
    item_type = msgspec.defstruct("Item", [("value", Any, None)], rename={"value": field})
    decode = msgspec.json.Decoder(list[item_type]).decode  # type: ignore[valid-type]

    def read_largest_id(items: list[msgspec.Raw]) -> int | None:
        try:
            values = [item.value for item in decode(b"[" + b",".join(items) + b"]")]  # type: ignore[attr-defined]
        except msgspec.MsgspecError:  # an item that is not an object
            return None
        return max((int(value) for value in values if is_integer(value)), default=None)

    return read_largest_id


def is_integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (
        isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit()
    )
