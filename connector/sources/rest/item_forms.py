"""Items that are not a list: an object whose values are the items, and bodies with one item a line (NDJSON)."""

from collections.abc import Callable
from functools import partial

import msgspec
from msgspec import Raw

from connector.extract.field_mapping import has_repeated_name
from connector.sources.rest.json_body import WHOLE_BODY, Members, decode_lines
from connector.sources.rest.paging import Paging
from connector.sources.rest.second_opinion import describe_fault

VALUE_FIELD = "value"  # receives a value that is not an object, beside the field with its key


def create_item_reader(paging: Paging) -> Callable[[bytes], list[Raw]] | None:
    """From the JSON text at `items`; None for a list."""
    if paging.form == "object":
        read = read_whole_body if paging.items == WHOLE_BODY else list_values
        return partial(read, key_field=paging.key_field)
    return split_lines if paging.form == "lines" else None


def read_whole_body(content: bytes, key_field: str | None) -> list[Raw]:
    """ValidationError for an error that is sent instead of the items, which would look like one of them."""
    texts = {
        name: value for name, value in to_members(Raw(content)).items() if bytes(value).lstrip()[:1] != b"{"
    }
    items = list_values(content, key_field)
    if fault := describe_fault([texts], is_empty=len(texts) == len(items)):
        raise msgspec.ValidationError(f"an error instead of items: {fault}")
    return items


def list_values(content: bytes, key_field: str | None) -> list[Raw]:
    """The values of an object; an empty list is an empty object in PHP. ValidationError for a key that is there twice,
    of whose values a JSON parser keeps one."""
    if content.strip() in (b"[]", b"null"):
        return []
    members = msgspec.json.decode(content, type=dict[str, Raw])
    if has_repeated_name(content.strip(), members):
        raise msgspec.ValidationError("the object of the items has a key twice")
    if key_field is None:
        return list(members.values())
    return [add_key(key, value, key_field) for key, value in members.items()]


def add_key(key: str, value: Raw, field: str) -> Raw:
    """The item with its key in front. ValidationError if it has another value in this field."""
    content, name, text = bytes(value).strip(), msgspec.json.encode(field), msgspec.json.encode(key)
    if content[:1] != b"{":
        return Raw(b"{%b:%b,%b:%b}" % (name, text, msgspec.json.encode(VALUE_FIELD), content))
    present = msgspec.json.decode(content, type=dict[str, Raw]).get(field)
    if present is not None:
        # Numbers too: keys are always texts.
        if bytes(present).strip(b'" \t\r\n') != text.strip(b'"'):
            raise msgspec.ValidationError(f"the item {key!r} has another `{field}`: use another `key_field`")
        return value
    rest = content[1:].lstrip()
    return Raw(b"{%b:%b%b%b" % (name, text, b"" if rest == b"}" else b",", rest))


def split_lines(content: bytes) -> list[Raw]:
    """The items of a body with one JSON value a line; empty lines are left out. ValidationError for a body of another
    form, which would be one item."""
    items = decode_lines(content)
    lines = sum(1 for line in content.splitlines() if line.strip())
    if lines != len(items) or (lines == 1 and content.lstrip()[:1] == b"["):
        raise msgspec.ValidationError("the body has not one JSON value a line: declare another `form`")
    return items


def describe_last_line(items: list[Raw]) -> str | None:
    """The error that a server writes instead of the lines it cannot send; None if the last line is an item."""
    first, last = (to_members(item) for item in (items[0], items[-1])) if items else ({}, {})
    if len(items) > 1 and first.keys() & last.keys():
        return None
    return describe_fault([last], is_empty=False)


def to_members(item: Raw) -> Members:
    is_object = bytes(item).lstrip()[:1] == b"{"
    return msgspec.json.decode(item, type=dict[str, Raw]) if is_object else {}
