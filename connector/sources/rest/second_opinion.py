"""What a body states at places that are not declared: that there is more, or that something failed.

Used as a second opinion, because a wrong declaration, or a failure that is answered with status 200, must not look
like the end of the data.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw

from connector.sources.rest.json_body import Members
from connector.sources.rest.values import parse_flag, read_number

# What APIs call the statement that there are more items.
MORE_NAMES = (
    "has_more",
    "hasMore",
    "has_next",
    "hasNext",
    "has_next_page",
    "hasNextPage",
    "more",
    "more_items",
    "moreItems",
    "more_results",
    "moreResults",
    "more_records",
    "moreRecords",
    "HasMore",
    "has_more_items",
    "hasMoreItems",
    "has_more_results",
    "hasMoreResults",
    "is_truncated",
    "isTruncated",
    "IsTruncated",
)
# Read where all items are declared to be in one response.
NEXT_NAMES = (
    "next", "next_page", "nextPage", "next_url", "nextUrl", "next_link", "nextLink", "@odata.nextLink", "next_cursor",
    "nextCursor", "next_page_token", "nextPageToken", "next_page_url", "next_page_uri", "nextRecordsUrl",
)  # fmt: skip
TOTAL_NAMES = (
    "total", "count", "total_count", "totalCount", "total_items", "totalItems", "total_results", "totalResults",
    "totalElements", "@odata.count",
)  # fmt: skip
# A first page of several.
PAGES_NAMES = (
    "total_pages", "totalPages", "page_count", "pageCount", "num_pages", "numPages", "last_page", "lastPage",
)  # fmt: skip
NESTED_NAMES = (
    "paging",
    "pagination",
    "meta",
    "page_info",
    "pageInfo",
    "response_metadata",
    "links",
    "_links",
    "page",
    "info",
    "cursors",
)
LINKS_NAMES = ("links", "link", "_links")  # also as a list of objects with a relation
POSITION_NAMES = ("href", "url", "uri", "link", "after", "cursor", "token", "page", "offset")  # fmt: skip
ERROR_NAMES = (
    "error",
    "errors",
    "fault",
    "exception",
    "error_message",
    "errorMessage",
    "error_code",
    "errorCode",
    "errorMessages",
    "error_messages",
    "errorDescription",
    "error_description",
)
SUCCESS_NAMES = ("ok", "success")
STATUS_NAMES = ("status", "status_code", "statusCode", "code")
PARTIAL_NAMES = ("timed_out", "incomplete_results", "partial", "truncated")
FAULT_NAMES = (*ERROR_NAMES, *SUCCESS_NAMES, *STATUS_NAMES, *PARTIAL_NAMES)
FAILED_STATUSES = {"error", "fail", "failure"}  # "failed" is often the filter of the request
NO_POSITIONS = {"", "0", "1", "null", "none", "None", "false"}
NO_ERROR_TEXTS = {"", "0", "false", "none", "null", "ok", "no error", "success"}
# Of a page without items: "No results" is its end, "token expired" is not.
MESSAGE_NAMES = (
    "message", "messages", "msg", "detail", "details", "description", "reason", "warning", "warnings", "info",
)  # fmt: skip
FAILURE_WORDS = re.compile(
    r"\b(expired?|unauthori[sz]ed|forbidden|denied|invalid|errors?|fail(ed|ure)?|time[ds]?[ -]?out|timeout|exceeded|"
    r"too many|throttled|unavailable|overloaded|maintenance|try again|(rate|request|quota|usage) limit|limit reached|"
    r"slow down|partial|incomplete|truncated|result window)\b",
    re.IGNORECASE,
)
NAMES = tuple(
    dict.fromkeys(
        (
            *MORE_NAMES, *NEXT_NAMES, *TOTAL_NAMES, *PAGES_NAMES, *NESTED_NAMES, *LINKS_NAMES, *FAULT_NAMES,
            *MESSAGE_NAMES,
        )
    )
)  # fmt: skip

Levels = Iterable[Members]


def list_levels(members: Members, parents: Levels = ()) -> list[Members]:
    """The body, the objects around the items, and the objects in them that describe pages, two deep."""
    levels: list[Members] = []
    for level in (members, *parents):
        inner = list(iter_nested(level))
        levels += [level, *inner, *(deeper for each in inner for deeper in iter_nested(each))]
    return levels


def read_statement(levels: Levels) -> bool | None:
    """The source's own statement that more items exist; None without one."""
    for level in levels:
        for name in MORE_NAMES:
            # Also `"yes"` and 1, but not an object: `more` may be the name of a list.
            flag = parse_flag(decode_member(level, name))
            if flag is not None:
                return flag
    return None


def names_next_page(levels: Levels) -> bool:
    """Whether a body has the position of a next page at a usual place."""
    return any(
        any(is_position(decode_member(level, name)) for name in NEXT_NAMES)
        or any(has_next_link(decode_member(level, name)) for name in LINKS_NAMES)
        for level in levels
    )


def has_next_link(links: Any) -> bool:
    """Of a list such as `[{"rel": "next", "href": "…"}]`."""
    return isinstance(links, list) and any(
        isinstance(link, dict) and "next" in (link.get("rel"), link.get("relation")) and is_position(link)
        for link in links
    )


def read_hidden_total(levels: Levels, items: int) -> int | None:
    """A total at a usual place, if it is more than `items`. Not `count`, which is often that of a page."""
    names = [name for name in TOTAL_NAMES if name != "count"]
    total = max((read_number(decode_member(level, name)) for level in levels for name in names), default=0)
    return total if total > items else None


def read_hidden_pages(levels: Levels) -> int:
    """The number of all pages at a usual place, 0 without one. Not `page_count`, which may be that of the items."""
    names = [name for name in PAGES_NAMES if name not in ("page_count", "pageCount")]
    return max((read_number(decode_member(level, name)) for level in levels for name in names), default=0)


def indicates_more(levels: Levels, items: int) -> bool:
    """Whether a body that should contain all items names a next page, or a larger total."""
    if names_next_page(levels):
        return True
    for level in levels:
        # A smaller `count` is usually the number of items in this response.
        if any(read_number(decode_member(level, name)) > items for name in TOTAL_NAMES):
            return True
        if any(read_number(decode_member(level, name)) > 1 for name in PAGES_NAMES):
            return True
    return False


def is_position(value: Any) -> bool:
    """A text, an object with an address, or the number of a page after the first one."""
    if isinstance(value, dict):
        value = next((value[name] for name in POSITION_NAMES if value.get(name)), None)
    if isinstance(value, int) and not isinstance(value, bool):
        return value > 1
    return isinstance(value, str) and value.strip() not in NO_POSITIONS


def describe_fault(levels: Levels, is_empty: bool) -> str | None:
    """The text of an error that came with status 200; None without one. `is_empty`: no items came with it."""
    for level in levels:
        values = {name: decode_member(level, name) for name in FAULT_NAMES if name in level}
        faults = {name: values[name] for name in ERROR_NAMES if contains_value(values.get(name))}
        faults |= {name: False for name in SUCCESS_NAMES if is_refusal(values.get(name), is_empty)}
        faults |= {name: values[name] for name in STATUS_NAMES if is_failure(values.get(name))}
        faults |= {name: True for name in PARTIAL_NAMES if values.get(name) in (True, "true", "True")}
        if is_empty:
            faults |= {name: text for name in MESSAGE_NAMES if (text := read_failure(level, name))}
        if faults:
            return ", ".join(f"{name}: {value}" for name, value in faults.items())[:200]
    return None


def read_failure(level: Members, name: str) -> str | None:
    """A message that is about a failure."""
    value = decode_member(level, name)
    text = msgspec.json.encode(value).decode() if isinstance(value, list) else value
    return text if isinstance(text, str) and FAILURE_WORDS.search(text) else None


def contains_value(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(contains_value(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return value.strip().lower() not in NO_ERROR_TEXTS if isinstance(value, str) else bool(value)


def is_refusal(value: Any, is_empty: bool) -> bool:
    """`success: false`, also as text. Beside items 0 may be a number of something; `ok: "no"` may always be data."""
    text = value.strip().lower() if isinstance(value, str) else value
    return text is False or text == "false" or (is_empty and text in (0, "0"))


def is_failure(value: Any) -> bool:
    """A status word, or an HTTP status; an application's own codes are not understood."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, str):
        return value.lower() in FAILED_STATUSES
    return isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600


def iter_nested(members: Members) -> Iterator[Members]:
    for name in NESTED_NAMES:
        value = members.get(name)
        if isinstance(value, dict):
            yield value
        elif isinstance(value, Raw) and bytes(value).lstrip()[:1] == b"{":
            yield msgspec.json.decode(value, type=dict[str, Raw])


def decode_member(members: Members, name: str) -> Any:
    """None also for a value that Python cannot have, such as 1e400: a hint must not make its page unreadable."""
    value = members.get(name)
    try:
        return msgspec.json.decode(value) if isinstance(value, Raw) else None
    except (msgspec.MsgspecError, RecursionError):
        return None
