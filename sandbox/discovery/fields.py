"""JSON bodies against the schemas of a discovery document, by the rules of ProtoJSON.

https://protobuf.dev/programming-guides/json
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.discovery.documents import Document, Json
from sandbox.resources.errors import InvalidArgument

DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
# 20 digits are enough for 64 bits; int() raises an error of its own for thousands of digits.
INTEGER = re.compile(r"-?\d{1,20}")
INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
# ProtoJSON accepts the alphabet for URLs too.
STANDARD_BASE64 = str.maketrans("-_", "+/")
NUMBERS = {"NaN", "Infinity", "-Infinity"}


def checked_body(document: Document, schema: str, body: Json) -> Json:
    """The body with its fields in camel case and without nulls, which mean an absent field.

    Raises InvalidArgument in Google's wording for the first field that is wrong. Missing fields are left to
    the services, as an update has only some of them.
    """
    checked: Json = Checker(document).value({"$ref": schema}, body, "")
    return checked


@dataclass(frozen=True)
class Checker:
    document: Document

    def value(self, declared: Json, value: Any, path: str) -> Any:
        declared = self.document.schemas[declared["$ref"]] if "$ref" in declared else declared
        if "properties" in declared:
            return self.message(declared["properties"], value, path)
        if declared["type"] == "object":
            return self.mapping(declared, value, path)
        if declared["type"] == "array":
            if not isinstance(value, list):
                raise invalid(path, "TYPE_REPEATED", value)
            return [self.value(declared["items"], item, f"{path}[{n}]") for n, item in enumerate(value)]
        return checked_scalar(declared, value, path)

    def message(self, fields: Json, value: Any, path: str) -> Json:
        if not isinstance(value, dict):
            raise invalid(path, "TYPE_MESSAGE", value)
        checked: Json = {}
        for sent, item in value.items():
            name = sent if sent in fields else camel_case(sent)
            if name not in fields:
                raise unknown_field(sent, path)
            if item is not None:
                checked[name] = self.value(fields[name], item, joined(path, name))
        # Google ignores output-only fields. Its service drops those of the resource itself,
        # after it has read the etag.
        return {name: item for name, item in checked.items() if not (path and fields[name].get("readOnly"))}

    def mapping(self, declared: Json, value: Any, path: str) -> Json:
        if not isinstance(value, dict):
            raise invalid(path, "TYPE_MESSAGE", value)
        if "additionalProperties" not in declared and value:  # a message without fields, as Empty
            raise unknown_field(next(iter(value)), path)
        items = declared.get("additionalProperties", {})
        # The keys are data, as those of labels, and stay as they are.
        return {key: self.value(items, item, f"{path}[{key}]") for key, item in value.items()}


def checked_scalar(declared: Json, value: Any, path: str) -> Any:
    """The value in the form that Google's responses have: 64 bits as text, standard base64.

    Raises InvalidArgument for a value that the type, the format or the enum does not allow.
    """
    kind, style = declared["type"], declared.get("format", "")
    if kind == "any":
        return value
    if style in INTEGERS:
        if not is_integer(value, *INTEGERS[style]):
            raise invalid(path, f"TYPE_{style.upper()}", value)
        return str(int(value)) if kind == "string" else int(value)
    if style == "byte" and isinstance(value, str):
        value = value.translate(STANDARD_BASE64)
    fits, spelled = check_type(declared)
    if not fits(value):
        raise invalid(path, spelled, value)
    return value


def check_type(declared: Json) -> tuple[Callable[[Any], bool], str]:
    """The test of a type that is not an integer, and its name in an error."""
    kind, style = declared["type"], declared.get("format", "")
    if "enum" in declared:
        # ProtoJSON accepts the number of an enum too. Not isinstance: True is an int in Python.
        return lambda value: value in declared["enum"] or type(value) is int, "TYPE_ENUM"
    if kind == "boolean":
        return lambda value: isinstance(value, bool), "TYPE_BOOL"
    if kind == "number":
        return is_number, f"TYPE_{style.upper()}"
    test, spelled = TEXTS.get(style, (lambda text: True, "TYPE_STRING"))
    return lambda value: isinstance(value, str) and test(value), spelled


def is_integer(value: Any, least: int, most: int) -> bool:
    """ProtoJSON writes 64 bits as text, and accepts both forms for every width."""
    if isinstance(value, str):
        return INTEGER.fullmatch(value) is not None and least <= int(value) <= most
    if isinstance(value, float):
        return value.is_integer() and least <= value <= most
    return type(value) is int and least <= value <= most


def is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in NUMBERS or re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_bytes(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    # For text that is not ASCII it raises a plain ValueError.
    except (binascii.Error, ValueError):
        return False
    return True


def is_timestamp(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# Formats of text: whether a value fits, and the type that an error names.
TEXTS: dict[str, tuple[Callable[[str], bool], str]] = {
    "byte": (is_bytes, "TYPE_BYTES"),
    "google-duration": (
        lambda text: DURATION.fullmatch(text) is not None,
        "type.googleapis.com/google.protobuf.Duration",
    ),
    "google-datetime": (is_timestamp, "type.googleapis.com/google.protobuf.Timestamp"),
}


def invalid(path: str, spelled: str, value: Any) -> InvalidArgument:
    where = f" at '{path}'" if path else ""
    return InvalidArgument(f"Invalid value{where} ({spelled}), {json.dumps(value)}")


def unknown_field(name: str, path: str) -> InvalidArgument:
    where = f" at '{path}'" if path else ""
    return InvalidArgument(f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')


def joined(path: str, name: str) -> str:
    # Google's errors name fields as the .proto file does, whichever form was sent.
    return f"{path}.{snake_case(name)}" if path else snake_case(name)


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda match: f"_{match[1].lower()}", name)


def camel_case(name: str) -> str:
    """`display_name` as JSON spells it."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name.strip())
