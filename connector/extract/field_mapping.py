"""Rename fields of an item, and collect the fields without a column in one column as JSON text."""

import json
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw

from connector.raw_schema import Column

Mapper = Callable[[list[Raw]], list[Raw]]
Members = dict[str, Raw]


def create_mapper(columns: list[Column], rename: Mapping[str, str], unmapped: str | None) -> Mapper | None:
    """None if nothing is declared: then an item keeps the exact bytes of the source."""
    if not rename and not unmapped:
        return None
    # A field with the name of the collecting column would be overwritten by it, so it is collected too.
    names = {column["name"] for column in columns} - {unmapped}

    def map_item(item: Raw) -> Raw:
        # Not an object: ndjson.encode_item makes it a row that ods rejects.
        if bytes(item).lstrip()[:1] != b"{":
            return item
        members = msgspec.json.decode(item, type=Members)
        if has_repeated_name(bytes(item), members):
            return item  # BigQuery rejects this row with its reason; mapped, one of the values would be lost
        renamed = rename_members(members, rename)
        if unmapped:
            rest = {name: value for name, value in renamed.items() if name not in names}
            renamed = {name: value for name, value in renamed.items() if name in names}
            if rest:
                # Encoded twice: the column contains JSON as text.
                renamed[unmapped] = Raw(msgspec.json.encode(msgspec.json.encode(rest).decode()))
        return Raw(msgspec.json.encode(renamed))

    return lambda items: [map_item(item) for item in items]


def rename_members(members: Members, rename: Mapping[str, str]) -> Members:
    """A field whose new name is taken keeps its own: it is reported as a field without a column, and not lost.

    BigQuery compares names without case.
    """
    taken = {name.lower() for name in members if name not in rename}
    renamed: Members = {}
    for name, value in members.items():
        new = rename.get(name, name)
        if new != name and new.lower() in taken:
            new = name
        taken.add(new.lower())
        renamed[new] = value
    return renamed


def has_repeated_name(item: bytes, members: Members) -> bool:
    """Whether the object has a name twice, of which a parser keeps the last one.

    An object that equals its members in one of the two usual spellings has none, which saves the slow decoding.
    """
    # Not by length: a repeated member may be as long as the blanks of the other spelling.
    pairs = [(msgspec.json.encode(name), bytes(value)) for name, value in members.items()]
    for colon, comma in ((b":", b","), (b": ", b", ")):
        if item == b"{" + comma.join(name + colon + value for name, value in pairs) + b"}":
            return False
    # Other white space, or escapes in a name: only a complete parse can decide.
    return len(json.loads(item, object_pairs_hook=list)) > len(members)
