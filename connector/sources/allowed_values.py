"""The values that a declaration allows at a place of which msgspec only reports that the value is invalid."""

import re

from msgspec import inspect

STEP = re.compile(r"\.(\w+)|(\[[^\]]*\])")


def describe_allowed(message: str, kind: type) -> str:
    """`, expected one of: hourly, daily` for an invalid value of a fixed set; "" for another message."""
    place = re.search(r"Invalid enum value .* at `\$([^`]*)`$", message)
    if not place:
        return ""
    types = [inspect.type_info(kind)]
    for name, index in STEP.findall(place[1]):
        types = [inner for outer in types for inner in find_members(outer, name, bool(index))]
    values = [
        value for each in flatten(types) if isinstance(each, inspect.LiteralType) for value in each.values
    ]
    return f", expected one of: {', '.join(str(value) for value in values)}" if values else ""


def find_members(outer: inspect.Type, name: str, is_index: bool) -> list[inspect.Type]:
    """The types of the member `name`, or of the values of a mapping or a list."""
    members: list[inspect.Type] = []
    for each in flatten([outer]):
        if isinstance(each, inspect.StructType):
            members += [field.type for field in each.fields if field.encode_name == name]
        elif isinstance(each, inspect.DictType):
            members.append(each.value_type)
        elif isinstance(each, inspect.ListType) and is_index:
            members.append(each.item_type)
    return members


def flatten(types: list[inspect.Type]) -> list[inspect.Type]:
    """Without unions and metadata around the types."""
    flat: list[inspect.Type] = []
    for each in types:
        if isinstance(each, inspect.UnionType):
            flat += flatten(list(each.types))
        elif isinstance(each, inspect.Metadata):
            flat += flatten([each.type])
        else:
            flat.append(each)
    return flat
