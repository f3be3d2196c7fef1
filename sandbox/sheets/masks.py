"""Field masks: `properties.title,sheets(properties(sheetId,title),data)`."""

import re
from typing import Any

from sandbox.sheets.errors import BadRequest
from sandbox.sheets.schema import MESSAGES, field_type

type Mask = dict[str, Mask]  # an empty mask takes everything below


def parse(text: str, message: str = "") -> Mask:
    """The mask as a tree; BadRequest names a field that `message`, if given, does not have."""
    tokens = re.findall(r"[A-Za-z_]+|[*.,()/]", text)
    mask, rest = parse_list(tokens)
    # A character outside of all tokens is missing in the joined text.
    if rest or "".join(tokens) != re.sub(r"\s", "", text):
        raise BadRequest(f"Invalid field mask '{text}'.")
    if message:
        verify(mask, message)
    return mask


def parse_list(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        name, tokens = tokens[0], tokens[1:]
        child: Mask = {}
        if tokens and tokens[0] in (".", "/"):
            child, tokens = parse_one(tokens[1:])
        elif tokens and tokens[0] == "(":
            child, tokens = parse_list(tokens[1:])
            tokens = tokens[1:]
        merge(mask, name, child)
        tokens = tokens[1:] if tokens and tokens[0] == "," else tokens
    return mask, tokens


def parse_one(tokens: list[str]) -> tuple[Mask, list[str]]:
    """One dotted path, up to the comma or bracket that ends it."""
    depth = 0
    for end, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if depth < 0 or (token == "," and depth == 0):
            return parse_list(tokens[:end])[0], tokens[end:]
    return parse_list(tokens)[0], []


def merge(mask: Mask, name: str, child: Mask) -> None:
    if name in mask and mask[name] and child:
        for key, value in child.items():
            merge(mask[name], key, value)
    else:
        mask[name] = {} if name in mask else child


def verify(mask: Mask, message: str) -> None:
    for name, child in mask.items():
        if name == "*":
            continue
        kind = field_type(message, name)
        if kind is None:
            raise BadRequest(f"Invalid field: {name}; {message} has no such field.")
        if child and kind in MESSAGES:
            verify(child, kind)


def select(value: Any, mask: Mask) -> Any:
    """The part of a response that a mask selects."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: select(value[name], child) for name, child in mask.items() if name in value}


def assign(target: dict[str, Any], source: dict[str, Any], mask: Mask, message: str) -> dict[str, Any]:
    """`target` with the masked fields taken from `source`; a masked field that `source` does not have is cleared."""
    names = MESSAGES[message] if "*" in mask else mask
    result = dict(target)
    for name in names:
        child = mask.get(name, {})
        kind = field_type(message, name)
        if child and kind in MESSAGES:
            result[name] = assign(target.get(name) or {}, source.get(name) or {}, child, kind)
        elif source.get(name) is not None:
            result[name] = source[name]
        else:
            result.pop(name, None)
    return {name: item for name, item in result.items() if item != {}}
