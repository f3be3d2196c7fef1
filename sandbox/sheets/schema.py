"""The messages of the API, as Google's discovery document (sheets v4, revision 20261019) declares them.

schema.json holds what the sandbox understands: message -> field -> type. A type is a message, a list of one
type, `A|B` (an enum), `fields` (a mask), a JSON type, or `*` (taken as it comes).
"""

import json
import re
from pathlib import Path
from typing import Any

from sandbox.sheets.errors import BadRequest

MESSAGES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "schema.json").read_text())
PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "fields": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def check(message: str, value: Any, path: str = "") -> None:
    """BadRequest for what Google's parser rejects: unknown fields, wrong types, unknown enum values."""
    if not isinstance(value, dict):
        raise BadRequest(f"Invalid value at '{path}' (type.googleapis.com/google.apps.sheets.v4.{message})")
    for name, item in value.items():
        kind = MESSAGES[message].get(name)
        if kind is None:
            where = f" at '{path}'" if path else ""
            raise BadRequest(
                f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
            )
        check_type(kind, item, f"{path}.{snake(name)}".lstrip("."))


def check_type(kind: Any, value: Any, path: str) -> None:
    if value is None or kind == "*":
        return
    if isinstance(kind, list):
        check_list(kind[0], value, path)
    elif kind in MESSAGES:
        check(kind, value, path)
    elif "|" in kind:
        if value not in kind.split("|"):
            raise BadRequest(f"Invalid value at '{path}', {json.dumps(value)}")
    elif not isinstance(value, PYTHON[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise BadRequest(f"Invalid value at '{path}' ({kind.upper()}), {json.dumps(value)}")


def check_list(kind: Any, value: Any, path: str) -> None:
    if not isinstance(value, list):
        raise BadRequest(f"Invalid JSON payload received. '{path}' is not a list.")
    if kind == "*":
        return
    for index, item in enumerate(value):
        check_type(kind, item, f"{path}[{index}]")


def field_type(message: str, name: str) -> Any:
    """The type of a field, without its list; None where the message has no such field."""
    kind = MESSAGES[message].get(name)
    while isinstance(kind, list):
        kind = kind[0]
    return kind


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)
