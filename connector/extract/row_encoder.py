"""Encode rows whose members are known as newline-delimited JSON: the values of many rows in one call."""

from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any

import msgspec

Encode = Callable[[Iterable[Sequence[Any]]], bytes]
encode_lines = msgspec.json.Encoder().encode_lines


def create_row_encoder(names: Sequence[str], constants: dict[str, str]) -> Encode:
    """A function that encodes rows, each the values of `names`. `constants`: further members of every line, which
    replace a value of the same name."""
    try:
        row_type = create_row_type(names, constants)
    except ValueError:
        # msgspec accepts no quote, backslash or control character in the name of a member, and no name twice.
        return create_dict_encoder(names, constants)
    return lambda rows: encode_lines([*starmap(row_type, rows)])


def create_dict_encoder(names: Sequence[str], constants: dict[str, str]) -> Encode:
    """The same for any names, and for few rows: creating a type costs as much as encoding a hundred of them."""
    return lambda rows: encode_lines([dict(zip(names, row, strict=True)) | constants for row in rows])


def create_row_type(names: Sequence[str], constants: dict[str, str]) -> Any:
    """msgspec writes objects of a known type twice as fast as dicts, because it knows their keys."""
    fields: list[Any] = [(f"f{i}", Any) for i in range(len(names))]
    renames = {f"f{i}": name for i, name in enumerate(names)}
    # Encoded once, and copied into every line.
    fields += [
        (f"c{i}", msgspec.Raw, msgspec.Raw(msgspec.json.encode(value)))
        for i, value in enumerate(constants.values())
    ]
    renames |= {f"c{i}": name for i, name in enumerate(constants)}
    # gc=False: the rows contain no cycles, and creating them is faster without tracking them.
    return msgspec.defstruct("Row", fields, rename=renames, gc=False)
