"""A body of the API, read in one pass: its items, and what is said beside them, at the declared paths."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import msgspec

from connector.declaration import Window
from connector.errors import SourceGarbled
from connector.pages import Page
from connector.rest.declaration import Paging

WHOLE = "$"
NEXT = str | int | None
Split = Callable[[bytes], Page]


def splitter(paging: Paging, window: Window | None) -> Split:
    """A function from body to Page; it raises SourceGarbled for anything that is not JSON with a list of
    items."""
    paths: dict[str, str | None] = {
        "items": paging.items,
        "total_pages": paging.total_pages,
        "total_items": paging.total_items,
        "last": window.last if window else None,
        "next": getattr(paging, "next", None),
    }
    declared = {name: path for name, path in paths.items() if path}
    decode = msgspec.json.Decoder(body_type(declared)).decode
    read = {name: reader(path) for name, path in declared.items()}

    def split(content: bytes) -> Page:
        try:
            if not content.isascii():
                content.decode()  # what is skipped as Raw is not looked at, and would fail in BigQuery
            body = decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            start = content[:80].decode("utf-8", "replace")
            raise SourceGarbled(
                f"no page of '{paging.items}': {error}; the answer begins with {start!r}"
            ) from error
        return Page(**{name: get(body) for name, get in read.items()})

    return split


def body_type(paths: dict[str, str]) -> Any:
    """A type of nested structs for `paths`: the list must be there, everything else may be absent."""
    if paths["items"] == WHOLE:
        return list[msgspec.Raw]
    leaves = {"items": list[msgspec.Raw], "next": NEXT}
    return struct([(path.split("."), leaves.get(name, int | None)) for name, path in paths.items()])


def struct(leaves: Iterable[tuple[list[str], Any]]) -> Any:
    """Fields are called f0, f1, … in Python, so that any name may stand in a path."""
    inside: dict[str, list[tuple[list[str], Any]]] = {}
    for (name, *rest), kind in leaves:
        inside.setdefault(name, []).append((rest, kind))
    fields: list[Any] = []
    for name, parts in inside.items():
        kind = parts[0][1] if not parts[0][0] else struct(parts)
        needed = any(kind == list[msgspec.Raw] for _, kind in parts)
        fields.append((attribute(name), kind) if needed else (attribute(name), kind | None, None))
    renamed = {attribute(name): name for name in inside}
    return msgspec.defstruct("Body", sorted(fields, key=len), rename=renamed)


def reader(path: str) -> Callable[[Any], Any]:
    """The value at `path`, None where something on the way is absent."""
    if path == WHOLE:
        return lambda body: body
    get = attrgetter(".".join(attribute(name) for name in path.split(".")))

    def read(body: Any) -> Any:
        try:
            return get(body)
        except AttributeError:
            return None

    return read


def attribute(name: str) -> str:
    """A Python name for any text, one for each."""
    return "f" + name.encode().hex()
