"""Fields that the source sends and raw has no column for. The file keeps them; here they get a name."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from connector.schemas import FILE_NAME, Column

NO_OBJECT = "SYS_ITEM"  # the field that pages.py puts an item into that is no row

Finder = Callable[[list[msgspec.Raw]], set[str]]


def finder(columns: list[Column]) -> Finder:
    """A function from items to the paths of their fields without a column, such as `items.coupon`.

    Nearly always there is none: then one pass in C over the bytes is all it costs."""
    decode = msgspec.json.Decoder(shape("Item", [c for c in columns if c["name"] != FILE_NAME])).decode
    known = tree(columns)

    def find(items: list[msgspec.Raw]) -> set[str]:
        found: set[str] = set()
        for item in items:
            try:
                decode(item)
            except msgspec.ValidationError:
                value = msgspec.json.decode(item)
                found.update(unknown(value, known, "") if isinstance(value, dict) else [NO_OBJECT])
        return found

    return find


def shape(name: str, columns: list[Column]) -> type[msgspec.Struct]:
    """A type that knows the columns, reads no value, and refuses every other field."""
    fields: list[tuple[str, Any, Any]] = []
    for column in columns:
        kind: Any = shape(column["name"], column["fields"]) if "fields" in column else msgspec.Raw
        if "fields" in column and column["mode"] == "REPEATED":
            kind = list[kind]
        fields.append((column["name"], kind | None if "fields" in column else kind, None))
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True)


Tree = dict[str, "Tree"]


def tree(columns: list[Column]) -> Tree:
    return {c["name"]: tree(c.get("fields", [])) for c in columns if c["name"] != FILE_NAME}


def unknown(value: Any, known: Tree, path: str) -> Iterable[str]:
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, dict):
            continue
        for name, inner in part.items():
            if name not in known:
                yield path + name
            elif known[name]:
                yield from unknown(inner, known[name], f"{path}{name}.")
