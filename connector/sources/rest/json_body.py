"""Decode a JSON body once: its items as a list, and the few other values that are read as raw text.

A decoder for exactly the declared places is built once per endpoint, so the rest of a page is skipped in C. Where a
body does not have the declared types, it is decoded level by level instead, which gives the exact reason.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Raw

WHOLE_BODY = "$"
decode_lines = msgspec.json.Decoder(Raw).decode_lines
OPENING = re.compile(rb"\s*:\s*\[\s*")
STEP = re.compile(r"(?:[^.\[\]]|\[[^\]]*\])+")
# By key: the JSON text of a value, the list of items, or the members of an object on the way to the items.
Members = dict[str, Any]


class Body:
    """A decoded body. `items` stays None where the list is absent; null and PHP's `{}` are empty lists."""

    def __init__(self, members: Members, items: list[Raw] | None) -> None:
        self.members = members
        self.items = items

    def find(self, path: str) -> bytes | None:
        """The JSON text at `path`, None where it is absent."""
        value = find_node(self.members, split_path(path))
        return bytes(value) if isinstance(value, bytes | Raw) else None


def create_body_decoder(
    items: str, others: Iterable[str], read_items: Callable[[bytes], list[Raw]] | None = None
) -> Callable[[bytes], Body]:
    """A function from a body to its list at `items` and the values at `others`. `read_items`: from the JSON text of
    items that are not a list.

    msgspec.ValidationError if there is something else at `items`, or two lists.
    """
    if items == WHOLE_BODY:
        return lambda content: Body({}, (read_items or decode_list)(content))
    steps = split_path(items)
    body_type, names = build_type(
        steps, [split_path(path) for path in others], Raw if read_items else list[Raw]
    )
    # Built once per endpoint: creating the type takes longer than decoding a page.
    decode = msgspec.json.Decoder(body_type).decode

    def decode_body(content: bytes) -> Body:
        try:
            members = to_members(decode(content), names)
        except msgspec.ValidationError:
            # A body of another form than declared: its single values are inspected below.
            members = msgspec.json.decode(content, type=dict[str, Raw])
        value = find_node(members, steps, MISSING)
        rows = None if value is MISSING else to_items(value, read_items)
        check_unique(content, steps, rows or [])
        return Body(members, rows)

    return decode_body


MISSING = object()


def split_path(path: str) -> list[str]:
    """The steps of a path; a dot inside brackets belongs to its step."""
    return STEP.findall(path)


def prefixes(steps: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Every key that may be the first one of the path, because keys may contain dots, and the steps after it."""
    # The longest first: an existing key with dots wins over a nested one.
    for length in range(len(steps), 0, -1):
        yield ".".join(steps[:length]), steps[length:]


def build_type(
    items: list[str], others: list[list[str]], items_type: Any = list[Raw]
) -> tuple[Any, dict[str, Any]]:
    """A struct for the objects on the way to the items, and by its fields the key and the fields inside."""
    types: dict[str, Any] = {}
    inner_names: dict[str, Any] = {}
    for key, rest in prefixes(items):
        inside = [after for path in others for name, after in prefixes(path) if name == key and after]
        nested, inner_names[key] = build_type(rest, inside, items_type) if rest else (items_type, None)
        types[key] = nested | None
    for path in others:
        for key, _ in prefixes(path):
            types.setdefault(key.partition("[")[0], Raw)
    names = {f"f{number}": (key, inner_names.get(key)) for number, key in enumerate(types)}
    fields = [(name, types[key], UNSET) for name, (key, _) in names.items()]
    rename = {name: key for name, (key, _) in names.items()}
    return msgspec.defstruct("Body", fields, rename=rename, gc=False), names


def to_members(decoded: Any, names: dict[str, Any]) -> Members:
    members = {}
    for name, (key, inside) in names.items():
        value = getattr(decoded, name)
        if value is not UNSET:
            members[key] = to_members(value, inside) if inside and value is not None else value
    return members


def find_node(members: Members, steps: list[str], default: Any = None) -> Any:
    """At every level the longest key that exists is taken, so `@odata.nextLink` needs no quoting.

    A step into a list of objects such as FHIR's `link[relation=next].url` selects the element with that member.
    """
    for key, rest in prefixes(steps):
        value = find_member(members, key)
        if value is MISSING:
            continue
        if not rest:
            return value
        if isinstance(value, bytes | Raw):
            text = bytes(value).lstrip()
            value = msgspec.json.decode(text, type=dict[str, Raw]) if text[:1] == b"{" else None
        if isinstance(value, dict):
            return find_node(value, rest, default)
    return default


def describe_absence(members: Members, steps: list[str]) -> str:
    """Where the path of the items ends: at a member that is absent, null or a list."""
    for length in range(len(steps) - 1, 0, -1):
        value = find_node(members, steps[:length], MISSING)
        if value is not MISSING:
            start = bytes(value).lstrip()[:1] if isinstance(value, bytes | Raw) else b"{"
            kind = {b"{": "an object", b"[": "a list", b"n": "null"}.get(start, "a single value")
            kind = "null" if value is None else kind
            return f"`{'.'.join(steps[:length])}` is {kind}, so it has no `{'.'.join(steps[length:])}`"
    return f"Object missing required field `{steps[0]}`"


def find_objects(members: Members, paths: Iterable[list[str]]) -> list[Members]:
    """The members of the objects at `paths`; others are left out."""
    objects = []
    for steps in paths:
        value = find_node(members, steps)
        if isinstance(value, bytes | Raw) and bytes(value).lstrip()[:1] == b"{":
            value = msgspec.json.decode(value, type=dict[str, Raw])
        if isinstance(value, dict):
            objects.append(value)
    return objects


def find_member(members: Members, key: str) -> Any:
    if key in members:
        return members[key]
    name, bracket, condition = key.partition("[")
    field, equals, expected = condition.removesuffix("]").partition("=")
    if not (bracket and equals and isinstance(members.get(name), Raw)):
        return MISSING
    for element in msgspec.json.decode(members[name], type=list[dict[str, Any]] | None) or []:
        if str(element.get(field)) == expected:
            return msgspec.json.encode(element)
    return MISSING


def to_items(value: Any, read_items: Callable[[bytes], list[Raw]] | None) -> list[Raw]:
    if isinstance(value, list) or value is None:
        return value or []
    text = bytes(value).strip()
    if read_items:
        return read_items(text)
    return [] if text == b"{}" else decode_list(text)


def decode_list(content: bytes) -> list[Raw]:
    """ValidationError names `form` for an object of objects, and for one object a line."""
    try:
        return msgspec.json.decode(content, type=list[Raw] | None) or []
    except msgspec.MsgspecError as error:
        if content.lstrip()[:1] != b"{":
            raise
        is_one = len(decode_lines(content)) == 1
        text = "each value of this object" if is_one else "each line of the body"
        form = "object" if is_one else "lines"
        raise msgspec.ValidationError(f"{error}; declare `form: {form}` if {text} is an item") from error


def check_unique(content: bytes, steps: list[str], items: list[Raw]) -> None:
    """Of two equal keys a JSON parser keeps the last one: the items of the first would be lost without a sign.

    The usual body has the key once, directly before its first item, which is cheap to see.
    """
    key = msgspec.json.encode(steps[-1])
    opening = OPENING.match(content, content.find(key) + len(key))
    if items and opening and content.startswith(bytes(items[0]).strip(), opening.end()):
        return
    # The expensive way, only for a body that does not begin its list in the usual form.
    level: Any = content
    for step in steps:
        members = msgspec.json.decode(level, type=dict[str, Raw])
        for name in (step, ".".join(steps)):
            count_key(level, members, name)
        level = bytes(members.get(step, b"{}")).strip()
        if level[:1] != b"{":
            return


def count_key(content: bytes, members: dict[str, Raw], name: str) -> None:
    """ValidationError if the object `content` has the key `name` itself more than once; `members` are its values."""
    key = msgspec.json.encode(name)
    inside = sum(bytes(value).count(key) for value in members.values())
    if content.count(key) - inside > 1:
        raise msgspec.ValidationError(f"an object has the key `{name}` twice")
