"""A request to Cloud Storage, as its handlers see it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.storage.errors import BadRequest

Json = dict[str, Any]
type Combine = Callable[[Json, Json], Json]  # (stored settings, settings of a request)


@dataclass(frozen=True)
class Call:
    """names: decoded names in the path, in its order (bucket, object, …). headers: case-insensitive."""

    method: str
    names: tuple[str, ...]
    query: QueryParams
    headers: Mapping[str, str]
    body: bytes

    def integer(self, name: str) -> int | None:
        """A parameter that is a whole number; None if it was not sent."""
        text = self.query.get(name)
        if text is None:
            return None
        if not text.isdigit():
            raise BadRequest(f"Invalid value for {name}: {text!r} is not a whole number.")
        return int(text)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def json(self) -> Json:
        return parsed(self.body)


def parsed(content: bytes) -> Json:
    try:
        value = json.loads(content or b"{}")
    except ValueError as error:
        raise BadRequest(f"Parse Error: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest("Parse Error: the body must be a JSON object.")
    return value


def merged(old: Json, patch: Json) -> Json:
    """A JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces."""
    new = dict(old)
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, dict):
            base = new.get(name)
            new[name] = merged(base if isinstance(base, dict) else {}, value)
        else:
            new[name] = value
    return new


def replaced(old: Json, new: Json) -> Json:
    """The settings of an update, which replaces all of them."""
    return new
