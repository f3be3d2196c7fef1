"""Lists in pages."""

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

PAGE_SIZE = 100  # unless the request has a pageSize


def page(resources: list[Json], field: str, query: dict[str, str]) -> Json:
    """One page of a list. A token is the number of resources before the page; an empty list has no field."""
    start, size = number(query, "pageToken", 0), number(query, "pageSize", PAGE_SIZE) or PAGE_SIZE
    response: Json = {field: resources[start : start + size]} if resources[start:] else {}
    return response | ({"nextPageToken": str(start + size)} if resources[start + size :] else {})


def number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name) or str(default)
    if not value.isdigit():
        raise InvalidArgument(f"Invalid {name} {value!r}.")
    return int(value)
