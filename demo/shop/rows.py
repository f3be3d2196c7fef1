"""Items of one endpoint in the order in which the API lists them."""

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any

KEYS: dict[str, tuple[str, type]] = {
    "sales": ("id", int),
    "products": ("product_sku", str),
    "customers": ("id", int),
}


@dataclass(frozen=True)
class Rows:
    """Keys in growing order beside the JSON of their items; `loose` items have no key and come last."""

    keys: list[Any]
    bodies: list[bytes]
    loose: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.bodies) + len(self.loose)

    def window(self, first: int | None, last: int | None) -> "Rows":
        """Items with first <= key <= last; no window takes a loose one away."""
        start = 0 if first is None else bisect_left(self.keys, first)
        stop = len(self.keys) if last is None else bisect_right(self.keys, last)
        return Rows(self.keys[start:stop], self.bodies[start:stop], self.loose)

    def page(self, number: int, size: int) -> list[bytes]:
        start, stop = (number - 1) * size, number * size
        tail = self.loose[max(start - len(self.bodies), 0) : max(stop - len(self.bodies), 0)]
        return self.bodies[start:stop] + tail


@dataclass(frozen=True)
class Overlay:
    """What a test changes in one endpoint: keys not shown, and items shown as given, whatever the clock."""

    hidden: frozenset[Any] = frozenset()
    given: tuple[Any, ...] = ()

    def over(self, rows: Rows, endpoint: str) -> Rows:
        if not self.hidden and not self.given:
            return rows
        items = dict(zip(rows.keys, rows.bodies, strict=True))
        loose = []
        for item in self.given:
            key, body = key_of(endpoint, item), json.dumps(item, ensure_ascii=False).encode()
            if key is None:
                loose.append(body)
            else:
                items[key] = body
        keys = sorted(items.keys() - self.hidden)
        return Rows(keys, [items[key] for key in keys], loose)


def key_of(endpoint: str, item: Any) -> Any:
    """The item's key, or None for an item that is no object or whose key is none: `"id": "17"` is none."""
    name, kind = KEYS[endpoint]
    key = item.get(name) if isinstance(item, dict) else None
    return key if type(key) is kind else None
