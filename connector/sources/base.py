"""Declaration of a source: the keys that every kind has. A kind adds its own, as rest/config.py does."""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.sources.allowed_values import describe_allowed
from runtime.errors import UsageError
from runtime.masking import mask_secrets

Text = Annotated[str, msgspec.Meta(min_length=1)]
PATTERNS: dict[str, str] = {}  # what each pattern of a declaration allows, for messages
UNQUOTED: set[str] = set()  # patterns of texts in which a password may be by mistake


def matching(pattern: str, allowed: str, is_quoted: bool = True) -> msgspec.Meta:
    """Of a text. `allowed` completes "Expected …" and ends with an example: authors do not read regular expressions.
    `is_quoted`: whether a message may repeat a wrong text."""
    PATTERNS[pattern] = allowed
    if not is_quoted:
        UNQUOTED.add(pattern)
    return msgspec.Meta(pattern=pattern, description=allowed)


# https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create: secretId
SecretName = Annotated[
    str, matching("^[A-Za-z0-9_-]{1,255}$", "1 to 255 letters, digits, - or _, for example retail-api-key")
]
# `$` also matches before a line break at the end.
Name = Annotated[
    str,
    matching(
        r"^[a-z][a-z0-9_]*$(?!\n)",
        "a name of small letters, digits and _ that begins with a letter, for example order_lines",
    ),
]
Duration = Annotated[
    str,
    matching(
        r"^[0-9]{1,6}[smhdw]$(?!\n)",
        "a duration: a whole number and one of s, m, h, d, w, for example 90m",
    ),
]


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a declaration. Immutable; unknown keys are errors."""


class Window(Declared, frozen=True, kw_only=True, rename={"start": "from", "start_date": "from_date"}):
    """A range of `field`, both ends inclusive. `last`: the field of a response with the largest value now."""

    field: Text
    start: Text
    start_date: Text | None = None
    until: Text
    last: Text
    look_back: Annotated[int, msgspec.Meta(ge=0)] = 0
    first: int = 1


class Deletes(Declared, frozen=True, kw_only=True):
    """`compare`: how often all keys of the source are compared with those in raw."""

    compare: Literal["daily"]


class Endpoint(Declared, frozen=True, kw_only=True):
    table: Name
    key: Annotated[list[Text], msgspec.Meta(min_length=1)]
    schedule: Literal["hourly", "daily"]
    window: Window | None = None


class PlannedEndpoint(Endpoint, frozen=True, kw_only=True):
    """Of kinds that plan their parts. `tasks`: how many tasks of one Cloud Run execution share the parts."""

    # Each task has connections of its own to the source, so a large number is rather a mistake.
    tasks: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


class Source(Declared, frozen=True, kw_only=True):
    """`secret` names the secret with the credentials; a source without one needs none."""

    kind: str
    secret: SecretName | None = None
    endpoints: Mapping[Name, Endpoint]

    def endpoint(self, name: str) -> Endpoint:
        """UsageError with the declared names."""
        if name not in self.endpoints:
            raise UsageError(f"unknown endpoint '{name}'; declared: {', '.join(self.endpoints)}.")
        return self.endpoints[name]

    def requirements(self) -> list[str]:
        """What the owner of the source must grant; empty if nothing besides the secret."""
        return []

    def variables(self) -> dict[str, str | None]:
        """Environment variables without the prefix <SOURCE>_, with their defaults; None: required."""
        # Terraform mounts the secret as this variable (environments/declarations.tf).
        return {"API_KEY": None} if self.secret else {}


def fingerprint(*parts: Any) -> str:
    """Of the parts of a declaration that decide which rows are read, and on which page."""
    # Deterministic: the order of keys in a YAML file must not end the run that is to be resumed.
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:16]


def convert[Part: Declared](value: Any, kind: type[Part], where: str) -> Part:
    """DeclarationError with the place, the value, the problem and the allowed keys."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = f"{describe_pattern(str(error))}{declared_value(str(error), value)}"
        text += describe_allowed(str(error), kind)
        raise DeclarationError(f"{where}: {text}. Allowed here: {allowed_keys(kind)}.") from error


def describe_pattern(message: str) -> str:
    """msgspec's message with what a pattern allows instead of the pattern."""
    for pattern, allowed in PATTERNS.items():
        message = message.replace(f"`str` matching regex {pattern!r}", allowed)
    return message


def declared_value(message: str, value: Any) -> str:
    """`, declared is 'x'` for the place at the end of msgspec's message; "" if that is not one text or number."""
    place = re.search(r"at (`key` in )?`\$([^`]*)`$", message)
    if not place:
        return ""
    values = [value]
    for name, index in re.findall(r"\.(\w+)|\[([^\]]*)\]", place[2]):
        values = [inner for outer in values for inner in members_at(outer, name or index)]
    if place[1]:  # the names of the members there, not their values
        values = [name for outer in values if isinstance(outer, dict) for name in outer]
    patterns = [pattern for pattern in PATTERNS if f"regex {pattern!r}" in message]
    if UNQUOTED.intersection(patterns):
        return ""
    # Of several members the message does not name the wrong one, but the pattern does.
    wrong = [
        declared
        for declared in values
        if not patterns or (isinstance(declared, str) and not re.search(patterns[0], declared))
    ]
    is_named = bool(wrong) and (bool(patterns) or len(wrong) == 1) and not isinstance(wrong[0], dict | list)
    return f", declared is {mask_secrets(repr(wrong[0]))}" if is_named else ""


def members_at(value: Any, step: str) -> list[Any]:
    """The member `step` of an object, the element `step` of a list, or all of them for `...`."""
    if step == "...":
        return list(value.values()) if isinstance(value, dict) else list(value)
    if isinstance(value, list):
        return [value[int(step)]]
    return [value.get(step)] if isinstance(value, dict) else []


def convert_endpoints(declared: Any, kind: type[Endpoint], where: str) -> None:
    """Convert one by one, because the path in msgspec's error does not contain the endpoint's name."""
    for name, endpoint in declared.items() if isinstance(declared, dict) else ():
        if isinstance(endpoint, dict) and "window" in endpoint:
            convert(endpoint["window"], Window, f"{where}: endpoints.{name}.window")
        convert(endpoint, kind, f"{where}: endpoints.{name}")


def allowed_keys(kind: type[Declared]) -> str:
    # `changes` is how `window` is stored (database/config.py).
    return ", ".join(name for name in kind.__struct_encode_fields__ if name != "changes")


def reject_changes(endpoint: Any, where: str) -> None:
    """DeclarationError for the key `changes`, of which `window` would not be checked."""
    if isinstance(endpoint, dict) and "changes" in endpoint:
        raise DeclarationError(f"{where}: unknown key `changes`; its name is `window`.")
