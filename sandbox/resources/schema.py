"""Which fields a kind of resource has: unknown ones are refused, the server's own ignored."""

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from google.protobuf import json_format

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

# What follows the name of a settable field that is no text.
TYPES: dict[str, tuple[type, str]] = {
    "": (str, "TYPE_STRING"),
    "?": (bool, "TYPE_BOOL"),
    "[]": (list, "TYPE_REPEATED"),
    "{}": (dict, "TYPE_MESSAGE"),
}
LABEL = re.compile(r"[\w-]{1,63}")
MOST_LABELS = 64
SETTABLE = re.compile(r"(\w+)(\?|\[\]|\{\}|)")


@dataclass(frozen=True)
class Schema:
    """`settable`, `output` and `immutable` are field names as JSON spells them, separated by blanks.

    A settable field is text, or `flag?`, `list[]`, `object{}`. With a `message` (a protobuf class of Google's
    client, or "module:Class" of one that is imported when it is first needed) names, types and enums are
    checked at every depth. `immutable`: set at create only. `labelled`: `labels` are those of the project's.
    """

    settable: str = ""
    output: str = ""
    message: Any = None
    immutable: str = ""
    labelled: bool = True

    def accept(self, body: Json) -> Json:
        """The fields of a request that count. Google ignores output-only ones and refuses unknown ones."""
        known = {*self.fields, *self.output.split(), "name"}
        for field in body.keys() - known:
            raise InvalidArgument(
                f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.'
            )
        if self.message:
            parse(body, self.protobuf)
        if self.labelled:
            check_labels(body.get("labels") or {})
        for field, (kind, spelled) in self.declared.items():
            if not isinstance(body.get(field, kind()), kind | None):
                raise InvalidArgument(f"Invalid value at {field!r} ({spelled}), {body[field]!r}")
        return {field: value for field, value in body.items() if field in self.fields and value is not None}

    @cached_property
    def protobuf(self) -> Any:
        return protobuf(self.message)

    @cached_property
    def fields(self) -> set[str]:
        if self.message:
            named = {field.json_name for field in self.protobuf.DESCRIPTOR.fields}
            return named - {*self.output.split(), "name"}
        return set(self.declared)

    @cached_property
    def declared(self) -> dict[str, tuple[type, str]]:
        return {name: TYPES[suffix] for name, suffix in SETTABLE.findall(self.settable)}

    def merge(self, old: Json, new: Json, mask: str) -> Json:
        """`old` with the fields of `mask` taken from `new`; an empty mask is every field that can change."""
        immutable = set(self.immutable.split())
        paths = [camel(path) for path in mask.split(",")] if mask else sorted(self.fields - immutable)
        merged = old
        for path in paths:
            if path.split(".")[0] not in self.fields:
                raise InvalidArgument(f"Invalid update mask: {path!r} is no field that can be updated.")
            if path.split(".")[0] in immutable:
                raise InvalidArgument(f"Invalid update mask: {path!r} is immutable.")
            merged = replaced(merged, new, path.split("."))
        return merged


def check_labels(labels: Json) -> None:
    """https://cloud.google.com/resource-manager/docs/labels-overview#requirements"""
    for key, value in labels.items():
        known = LABEL.fullmatch(key) and LABEL.fullmatch(value or "-") and key[0].isalpha()
        if not known or (key + value) != (key + value).lower():
            raise InvalidArgument(
                f"Invalid label {key!r}: {value!r}. Keys and values have at most 63 lower-case letters, "
                "digits, _ and -, and a key begins with a letter."
            )
    if len(labels) > MOST_LABELS:
        raise InvalidArgument(f"At most {MOST_LABELS} labels, not {len(labels)}.")


def protobuf(message: Any) -> Any:
    """A class of messages, or the one that "module:Class" names: Google's clients take a while to import."""
    if not isinstance(message, str):
        return message
    module, name = message.split(":")
    return getattr(import_module(module), name).pb()


def parse(body: Json, message: Any) -> Any:
    """The message that a JSON body spells; what it cannot spell is a 400."""
    try:
        return json_format.ParseDict(body, protobuf(message)())
    except json_format.ParseError as error:
        raise InvalidArgument(f"Invalid JSON payload received. {error}") from error


def replaced(old: Json, new: Json, path: list[str]) -> Json:
    """A copy of `old` whose field at `path` is the one of `new`, absent if it is absent there."""
    field, *rest = path
    if rest:
        value = replaced(old.get(field, {}), new.get(field, {}), rest)
        return old | {field: value}
    kept = {key: value for key, value in old.items() if key != field}
    return kept | {field: new[field]} if field in new else kept


def camel(path: str) -> str:
    """`display_name` as JSON spells it: masks may come in either spelling."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), path.strip())
