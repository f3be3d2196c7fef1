"""Shape of the declaration files: msgspec structs, and one style of error for all of their parts.

Every error reads `<file>: <key> is <value>, expected <allowed values>.`
"""

import re
from types import UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from sheets_sync.errors import ExportError

PATH = re.compile(r"(.*?)(?: - at `(?:key in )?\$(.*)`)?", re.DOTALL)
STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping in a declaration file. Unknown keys are rejected: they are usually typing errors."""


def convert_part[Kind: Part](value: Any, kind: type[Kind], file: str, key: str = "") -> Kind:
    """`value` as a `kind`; `key` is its place in the file, "" for the whole file. ExportError otherwise."""
    if not isinstance(value, dict):
        allowed = f"a mapping with {', '.join(kind.__struct_encode_fields__)}"
        raise ExportError(f"{file}: {key or 'the file'} is {value!r}, expected {allowed}.")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ExportError(describe_invalid_value(error, value, kind, file, key)) from error


def describe_invalid_value(
    error: msgspec.ValidationError, value: Any, kind: type[Part], file: str, key: str
) -> str:
    """msgspec's message names the path, but neither the value nor the allowed values."""
    match = PATH.fullmatch(str(error))
    reason, path = (match[1], match[2] or "") if match else (str(error), "")
    where = key
    hint: Any = kind
    for name, index in STEP.findall(path):
        if name:
            where = f"{where}.{name}".lstrip(".")
            value = value.get(name) if isinstance(value, dict) else value
            hint = field_type(hint, name)
        elif index.isdigit() and isinstance(value, list | tuple):
            value = value[int(index)]
            hint = item_type(hint)
    if "unknown field" in reason or "missing required field" in reason:
        keys = ", ".join(sorted(kind.__struct_encode_fields__))
        return f"{file}: {where + ': ' if where else ''}{reason}. Allowed keys: {keys}."
    return f"{file}: {where} is {value!r}, expected {describe_type(hint)}."


def field_type(struct: Any, name: str) -> Any:
    """The annotation of the field that is written as `name` in the file."""
    # The names differ where the key in the file is a keyword of Python, such as `as` of a webhook.
    fields = {item.encode_name: item.name for item in msgspec.structs.fields(struct)}
    return get_type_hints(struct, include_extras=True)[fields[name]]


def item_type(hint: Any) -> Any:
    """The annotation of the items of a list."""
    hint = resolve_alias(hint)
    while hasattr(hint, "__metadata__") or get_origin(hint) in (Union, UnionType):
        hint = get_args(hint)[0]
    return (get_args(hint) or (hint,))[0]


def resolve_alias(hint: Any) -> Any:
    return hint.__value__ if isinstance(hint, TypeAliasType) else hint


def describe_type(hint: Any) -> str:
    """The allowed values of an annotation, in words."""
    hint = resolve_alias(hint)
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, Meta) and note.description:
            return note.description
    if hasattr(hint, "__metadata__"):
        hint = get_args(hint)[0]
    origin = get_origin(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if origin in (Union, UnionType):
        return " or ".join(describe_type(item) for item in get_args(hint) if item is not type(None))
    if origin is list:
        return f"a list, each item {describe_type(get_args(hint)[0])}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return f"a mapping with {', '.join(hint.__struct_encode_fields__)}"
    return TYPE_NAMES.get(hint, "a mapping")
