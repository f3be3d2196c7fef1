"""Parse a response body: its items and the values beside them, at the declared JSON paths."""

from collections.abc import Callable
from typing import Any

import msgspec

from connector.errors import InvalidResponse
from connector.sources.base import Window
from connector.sources.reader import Page
from connector.sources.rest.config import Paging

WHOLE_BODY = "$"
PageParser = Callable[[bytes], Page]
Members = dict[str, msgspec.Raw]


def create_parser(paging: Paging, window: Window | None) -> PageParser:
    """A function from body to Page; InvalidResponse for anything that is not JSON with a list of items."""
    paths = {
        "total_pages": paging.total_pages,
        "total_items": paging.total_items,
        "last": window.last if window else None,
    }
    integers = {name: path for name, path in paths.items() if path}
    next_path = getattr(paging, "next", None)

    def parse(content: bytes) -> Page:
        try:
            if not content.isascii():
                content.decode()  # msgspec does not check the text of Raw values, which BigQuery would reject
            items = msgspec.json.decode(
                find_value(content, paging.items, required=True), type=list[msgspec.Raw]
            )
            values = {name: decode_integer(content, path) for name, path in integers.items()}
            cursor = decode_cursor(content, next_path) if next_path else None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            start = content[:80].decode("utf-8", "replace")
            raise InvalidResponse(
                f"no items at '{paging.items}': {error}; the body begins with {start!r}"
            ) from error
        return Page(items, next=cursor, **values)

    return parse


def find_value(content: bytes, path: str, required: bool = False) -> bytes:
    """The JSON text at `path`; `null` where it is absent, or ValidationError if it is `required`.

    A key may contain dots, as `@odata.nextLink` does: at every level the longest key that exists is taken.
    """
    if path == WHOLE_BODY:
        return content
    members: Any = msgspec.json.decode(content, type=Members)
    steps = path.split(".")
    for length in range(len(steps), 0, -1):
        key = ".".join(steps[:length])
        if key in members:
            value, rest = bytes(members[key]), ".".join(steps[length:])
            is_object = value.lstrip()[:1] == b"{"
            if not rest:
                return value
            if is_object or required:
                return find_value(value, rest, required)
    if required:
        raise msgspec.ValidationError(f"Object missing required field `{steps[0]}`")
    return b"null"


def decode_integer(content: bytes, path: str) -> int | None:
    return msgspec.json.decode(find_value(content, path), type=int | None)


def decode_cursor(content: bytes, path: str) -> str | None:
    cursor = msgspec.json.decode(find_value(content, path), type=str | int | None)
    return None if cursor is None else str(cursor)
