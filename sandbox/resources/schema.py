"""Which fields a kind of resource has: unknown ones are refused, the server's own ignored."""

import re
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json


@dataclass(frozen=True)
class Schema:
    """`settable` and `output` are field names as JSON spells them, separated by blanks.

    With a `message` (a protobuf class of Google's client) names, types and enums are checked at every depth.
    """

    settable: str = ""
    output: str = ""
    message: Any = None

    def accept(self, body: Json) -> Json:
        """The fields of a request that count. Google ignores output-only ones and refuses unknown ones."""
        known = {*self.fields, *self.output.split(), "name"}
        for field in body.keys() - known:
            raise InvalidArgument(
                f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.'
            )
        if self.message:
            parse(body, self.message)
        return {field: value for field, value in body.items() if field in self.fields and value is not None}

    @property
    def fields(self) -> set[str]:
        if self.message:
            named = {field.json_name for field in self.message.DESCRIPTOR.fields}
            return named - {*self.output.split(), "name"}
        return set(self.settable.split())

    def merge(self, old: Json, new: Json, mask: str) -> Json:
        """`old` with the fields of `mask` taken from `new`; an empty mask is every field that can be set."""
        paths = [camel(path) for path in mask.split(",")] if mask else sorted(self.fields)
        merged = old
        for path in paths:
            if path.split(".")[0] not in self.fields:
                raise InvalidArgument(f"Invalid update mask: {path!r} is no field that can be updated.")
            merged = replaced(merged, new, path.split("."))
        return merged


def parse(body: Json, message: Any) -> Any:
    """The message that a JSON body spells; what it cannot spell is a 400."""
    try:
        return json_format.ParseDict(body, message())
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
