"""Parse a response: its items and what the source reports beside them, at the declared places."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import msgspec
from msgspec import Raw

from connector.errors import InvalidResponse
from connector.sources.base import Window
from connector.sources.json_repair import repair
from connector.sources.reader import Page
from connector.sources.rest.item_forms import create_item_reader, describe_last_line
from connector.sources.rest.json_body import (
    Body,
    create_body_decoder,
    describe_absence,
    find_objects,
    split_path,
)
from connector.sources.rest.links import find_link
from connector.sources.rest.paging import ByCursor, ByLink, ByNext, Paging
from connector.sources.rest.position import (
    HEADER,
    LAST_ITEM,
    Headers,
    describe_last_item,
    find_position,
    read_more,
    read_total,
)
from connector.sources.rest.second_opinion import (
    NAMES,
    Levels,
    describe_fault,
    indicates_more,
    is_position,
    list_levels,
    names_next_page,
    read_hidden_pages,
    read_hidden_total,
    read_statement,
)
from connector.sources.rest.values import parse_flag, parse_total, read_number

NO_HEADERS: Headers = {}
PARTIAL_CONTENT = 206
# How servers send the number of all items, or of all pages, beside a list.
TOTAL_HEADERS = ("X-Total-Count", "X-Total", "Total-Count", "X-WP-Total", "X-Pagination-Total-Count")
PAGES_HEADERS = ("X-Total-Pages", "X-WP-TotalPages", "X-Pagination-Page-Count")
NEXT_HEADERS = ("X-Next-Page", "X-Next-Cursor", "X-Next-Page-Token", "X-Continuation-Token", "X-Next")
MORE_HEADERS = ("X-Has-More", "X-More", "X-Has-Next")
PARSE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class PageParser(Protocol):
    def __call__(self, content: bytes, headers: Headers = NO_HEADERS, status: int = 200) -> Page: ...


def create_parser(paging: Paging, window: Window | None) -> PageParser:
    """A function from body, headers and status to Page; InvalidResponse for anything that is not JSON with a list of
    items."""
    parser = ResponseParser(paging, window)

    def parse(content: bytes, headers: Headers = NO_HEADERS, status: int = 200) -> Page:
        try:
            return parser.parse(content, headers, status)
        except PARSE_ERRORS as error:
            # Only after a failure: nearly all bodies are valid, and the repair reads every byte.
            repaired, note = repair(content, headers.get("Content-Type") or "")
            if note:
                try:
                    return replace(parser.parse(repaired, headers, status), note=note)
                except PARSE_ERRORS:
                    pass
            raise InvalidResponse(f"no items at '{paging.items}': {error}") from error

    return parse


class ResponseParser:
    """Each body is decoded once, by a decoder for the declared places."""

    def __init__(self, paging: Paging, window: Window | None) -> None:
        self.paging = paging
        self.last = window.last if window else None
        places = (
            paging.total_pages,
            paging.total_items,
            paging.more,
            getattr(paging, "next", None),
            self.last,
        )
        # NAMES besides: what a body states at undeclared places is read as a second opinion.
        paths = [place for place in places if place and not place.startswith((HEADER, LAST_ITEM))]
        steps = split_path(paging.items)
        # In the objects around the items too, for example `data.pageInfo` beside `data.items`.
        inner = [".".join([*steps[:length], name]) for length in range(1, len(steps)) for name in NAMES]
        self.outer = [steps[:length] for length in range(1, len(steps))]
        self.decode: Callable[[bytes], Body] = create_body_decoder(
            paging.items, [*paths, *NAMES, *inner], create_item_reader(paging)
        )
        next_place = getattr(paging, "next", "")
        next_steps = [] if next_place.startswith((HEADER, LAST_ITEM)) else split_path(next_place)
        self.next_places = [".".join(next_steps[:length]) for length in range(1, len(next_steps) + 1)]
        self.is_whole = type(paging) is Paging
        self.is_chain = isinstance(paging, ByCursor | ByNext | ByLink)

    def parse(self, content: bytes, headers: Headers, status: int) -> Page:
        if not content.isascii():
            content.decode()  # msgspec does not check the text of Raw values, which BigQuery would reject
        body = self.decode(content)
        pages, has_pages = read_total(self.paging.total_pages, body, headers)
        total, has_total = read_total(self.paging.total_items, body, headers)
        items = self._items(body, total)
        levels = list_levels(body.members, find_objects(body.members, self.outer))
        # Beside items a fault only makes the run incomplete; the items are real.
        fault = describe_fault(levels, not items)
        if self.paging.form == "lines":
            fault = describe_last_line(items)
        if fault and not items:
            # A failure that is answered with status 200 must not look like the last page.
            raise InvalidResponse(f"no items, but an error: {fault}")
        more, has_more = self._has_more(body, levels, headers, status, len(items))
        position, has_next = find_position(self.paging, body, headers, items, more)
        fault = fault or describe_last_item(self.paging, items, position)
        if self.is_chain and items and not self.paging.total_items:
            total = read_hidden_total(levels, len(items)) or read_total_header(headers, len(items))
        if self.is_chain and items and not self.paging.total_pages:
            pages = read_hidden_pages(levels) or max(read_number(headers.get(name)) for name in PAGES_HEADERS)
        # The declared place is empty, but another one names a next page.
        is_declared_end = has_next and getattr(self.paging, "end_cursor", None) is not None
        if self.is_chain and items and position is None and more is None and not is_declared_end:
            more = names_next_page(levels) or has_next_header(headers) or None
        exists = {"total_pages": has_pages, "total_items": has_total, "more": has_more, "next": has_next}
        return Page(
            items,
            read_total(self.last, body, headers)[0],
            total_pages=pages or None,
            total_items=total,
            next=position,
            places=frozenset(name for name, is_there in exists.items() if is_there),
            has_more=more,
            fault=fault,
            states_end=position is None and self._states_end(body),
        )

    def _states_end(self, body: Body) -> bool:
        """Whether the place of the next page exists in the body, or an object around it, such as `paging: {}`."""
        return any(body.find(place) is not None for place in self.next_places)

    def _items(self, body: Body, total: int | None) -> list[Raw]:
        """An absent list is empty only where the source announces 0 items, as Spring Data REST does."""
        if body.items is None and total != 0:
            raise msgspec.ValidationError(describe_absence(body.members, split_path(self.paging.items)))
        return body.items or []

    def _has_more(
        self, body: Body, levels: Levels, headers: Headers, status: int, items: int
    ) -> tuple[bool | None, bool]:
        """The statement that there is more, and whether the declared place of it exists."""
        if self.paging.more:
            return read_more(self.paging.more, body, headers)
        statement = read_statement(levels)
        # Where paging is declared, its own fields decide; here a hint is all there is.
        if statement is None and self.is_whole and not self.paging.total_items:
            statement = is_partial(headers, status, items) or indicates_more(levels, items) or None
        return statement, False


def is_partial(headers: Headers, status: int, items: int) -> bool:
    """Whether the headers of a response that should contain all items indicate more."""
    total = parse_total(headers.get("Content-Range", ""))
    if total is not None and total >= 0:
        return total > items
    if read_total_header(headers, items) or any(read_number(headers.get(name)) > 1 for name in PAGES_HEADERS):
        return True
    return status == PARTIAL_CONTENT or has_next_header(headers)


def read_total_header(headers: Headers, items: int) -> int | None:
    """A total in a usual header, if it is more than `items`."""
    total = max(read_number(headers.get(name)) for name in TOTAL_HEADERS)
    return total if total > items else None


def has_next_header(headers: Headers) -> bool:
    """Whether a usual header names a next page, or states that there is one."""
    if any(is_position(headers.get(name)) for name in NEXT_HEADERS):
        return True
    if any(parse_flag(headers.get(name)) for name in MORE_HEADERS):
        return True
    try:
        return find_link(headers.get("Link", ""), "next")[0] is not None
    except msgspec.ValidationError:
        return False  # most Link headers of such a source are not about pages
