"""Whether a chain ends where a page names no next one.

The position of the next page may be lost: a proxy drops the Link header, a failure leaves out a member. Without `null`,
`has_more` or a total nothing states the end. Where positions are numbers, the following one can be tried.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector.sources.reader import Page
from connector.sources.rest.links import parse_links
from connector.sources.rest.paging import ByCursor, Paging

POSITION = re.compile(
    r"(?P<before>(?:[A-Za-z]+[-_:.=])?)(?P<number>[0-9]{1,15})(?P<after>(?:[^A-Za-z0-9].*)?)"
)
# Of a first page, whose address has no position yet: not `per_page`.
PAGE_NAME = re.compile(r"^(?!.*(?:per|size|limit)).*(?:page|offset|skip|start|^p$)", re.IGNORECASE)


def needs_proof(page: Page, cursor: str | None) -> bool:
    """Whether a page without a next one, or that names itself, may not be the last: nothing states the end, and no
    total would show a loss."""
    is_stated = page.states_end or page.has_more is not None or page.total_items is not None
    return page.next in (None, cursor) and bool(page.items) and not is_stated


def is_end_number(cursor: str | None, paging: Paging) -> bool:
    """0 and -1 may be positions, the end as in Twitter's lists, or what a failing server sends instead of one."""
    return isinstance(paging, ByCursor) and cursor is not None and cursor.strip('"') in ("0", "-1")


def names_later_last(header: str, url: str) -> bool:
    """Whether a Link header has a last page that is not the one at `url`. Links were parsed before; ValueError if the
    last one is not an address."""
    present = dict(parse_qsl(urlsplit(url).query))
    for link, params in parse_links(header):
        if "last" in params.get("rel", "").lower().split():
            last = dict(parse_qsl(urlsplit(link).query))
            positions = {
                name: value for name, value in last.items() if name in present or PAGE_NAME.search(name)
            }
            return any(is_later(value, present.get(name)) for name, value in positions.items())
    return False


def is_later(value: str, present: str | None) -> bool:
    """Numbers only. The first page may have no number: it is 0 or 1."""
    if not value.isdecimal() or not (present or "1").isdecimal():
        return False
    return int(value) > int(present or "1")


def guess_next(value: str, page: int, items: int) -> str | None:
    """The position after `value`, which leads to `page` with `items` items: its number is one more, or as many more as
    each page has. None for a number of another kind, such as a time: its successor would prove nothing."""
    text = POSITION.fullmatch(value)
    if text is None or page < 2:
        return None
    number, pages_before = int(text["number"]), page - 1
    is_count = number in (page, pages_before)
    if not is_count and number != pages_before * items:
        return None
    return f"{text['before']}{number + (1 if is_count else items)}{text['after']}"


def guess_addresses(
    url: str, page: int, items: int, declared: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Addresses that may follow `url`, and the changed parameter for a message. Not of `declared` parameters."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for position, (name, value) in enumerate(pairs):
        following = guess_next(value, page, items)
        if following is not None and name not in declared:
            changed = [*pairs[:position], (name, following), *pairs[position + 1 :]]
            yield parts._replace(query=urlencode(changed)).geturl(), f"{name}={following}"
