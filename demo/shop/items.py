"""Items of one endpoint, in the order in which the API lists them."""

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any

# Key field and its type, by endpoint.
KEYS: dict[str, tuple[str, type]] = {
    "sales": ("id", int),
    "products": ("product_sku", str),
    "customers": ("id", int),
}


@dataclass(frozen=True)
class Items:
    """`keys` in ascending order, and the JSON of the item of each; `keyless` items come last."""

    keys: list[Any]
    bodies: list[bytes]
    keyless: list[bytes] = field(default_factory=list)

    def window(self, first: int | None, last: int | None) -> "Window":
        """Items with first <= key <= last, and all keyless ones."""
        start = 0 if first is None else bisect_left(self.keys, first)
        stop = len(self.keys) if last is None else bisect_right(self.keys, last)
        return Window(self, start, max(start, stop))


@dataclass(frozen=True)
class Window:
    """Those with a key from `start` to before `stop`, by position, and all keyless ones.

    Positions instead of a copy: every page of a year would copy 150,000 items.
    """

    items: Items
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start + len(self.items.keyless)

    def page(self, number: int, size: int) -> list[bytes]:
        """`number` begins with 1."""
        count, first = self.stop - self.start, (number - 1) * size
        keyed = self.items.bodies[
            min(self.start + first, self.stop) : min(self.start + first + size, self.stop)
        ]
        return keyed + self.items.keyless[max(first - count, 0) : max(first + size - count, 0)]


@dataclass(frozen=True)
class Overlay:
    """Changes of one endpoint for a test: keys to hide, and items to add or replace, at any clock time."""

    hidden: frozenset[Any] = frozenset()
    added: tuple[Any, ...] = ()

    def apply(self, items: Items, endpoint: str) -> Items:
        if not self.hidden and not self.added:
            return items
        bodies = dict(zip(items.keys, items.bodies, strict=True))
        keyless = []
        for item in self.added:
            key, body = read_key(endpoint, item), json.dumps(item, ensure_ascii=False).encode()
            if key is None:
                keyless.append(body)
            else:
                bodies[key] = body
        keys = sorted(bodies.keys() - self.hidden)
        return Items(keys, [bodies[key] for key in keys], keyless)


def read_key(endpoint: str, item: Any) -> Any:
    """None when the item is not an object, or its key has another type, such as `"id": "17"`."""
    name, expected_type = KEYS[endpoint]
    key = item.get(name) if isinstance(item, dict) else None
    # Not isinstance: True is an int too, but not a valid id.
    return key if type(key) is expected_type else None
