"""Lists in pages."""

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

PAGE = 100  # items of a list's answer unless pageSize says otherwise


def page(every: list[Json], items: str, query: dict[str, str]) -> Json:
    """One page of a list. A token is the number of items before it; an empty list has no field."""
    start, size = number(query, "pageToken", 0), number(query, "pageSize", PAGE) or PAGE
    answer: Json = {items: every[start : start + size]} if every[start:] else {}
    return answer | ({"nextPageToken": str(start + size)} if every[start + size :] else {})


def number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name) or str(default)
    if not value.isdigit():
        raise InvalidArgument(f"Invalid {name} {value!r}.")
    return int(value)
