"""Rename fields of an item, and collect the fields without a column in one column as JSON text."""

from collections.abc import Callable, Mapping

import msgspec

from connector.raw_schema import Column

Mapper = Callable[[list[msgspec.Raw]], list[msgspec.Raw]]
Members = dict[str, msgspec.Raw]


def create_mapper(columns: list[Column], rename: Mapping[str, str], unmapped: str | None) -> Mapper | None:
    """None if nothing is declared: then an item keeps the exact bytes of the source."""
    if not rename and not unmapped:
        return None
    names = {column["name"] for column in columns} - {unmapped}

    def map_item(item: msgspec.Raw) -> msgspec.Raw:
        if bytes(item).lstrip()[:1] != b"{":
            return item
        members = msgspec.json.decode(item, type=Members)
        renamed = {rename.get(name, name): value for name, value in members.items()}
        if unmapped:
            rest = {name: value for name, value in renamed.items() if name not in names}
            renamed = {name: value for name, value in renamed.items() if name in names}
            if rest:
                renamed[unmapped] = msgspec.Raw(msgspec.json.encode(msgspec.json.encode(rest).decode()))
        return msgspec.Raw(msgspec.json.encode(renamed))

    return lambda items: [map_item(item) for item in items]
