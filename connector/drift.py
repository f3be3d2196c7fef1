"""What an endpoint's items look like, and where a page differs: fields that are new, missing or of another
type, and fields that raw has no column for. Nothing is lost by it: the file keeps every byte."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from connector.schemas import FILE_NAME, Column

NO_OBJECT = "SYS_ITEM"  # the field that pages.py puts an item into that is no row
ABSENT = "absent"
DEEPEST = 8  # levels that are looked into; what is deeper is kept and loaded like the rest
NULL = "null"  # is told of no field, but a field that is null needs a column as well
KINDS = {b"{": "object", b"[": "list", b'"': "text", b"t": "boolean", b"f": "boolean", b"n": NULL}
TYPES = {"text": str, "number": int | float, "boolean": bool}

Seen = tuple[str, str]  # a field's path, such as items.amount, and what was there: a JSON type, or absent


class Shape(msgspec.Struct):
    """All that items of an endpoint have ever looked like: path ─▶ kinds. Null is no kind."""

    fields: dict[str, list[str]] = {}

    def has(self, seen: Seen) -> bool:
        return seen[1] in self.fields.get(seen[0], ())

    def among(self, path: str) -> list[str]:
        """Fields that an object at `path` (with its dot, or empty) has had."""
        return [name for name in self.fields if name.startswith(path) and "." not in name[len(path) :]]

    def with_these(self, seen: Iterable[Seen], at_first: tuple[str, ...] = (ABSENT,)) -> "Shape":
        """A field that was not known may be absent: nobody looked for it before."""
        fields = {path: list(kinds) for path, kinds in self.fields.items()}
        for path, what in sorted(set(seen)):
            kinds = fields.setdefault(path, list(at_first)) if what != NULL else [NULL]
            if what not in kinds:
                kinds.append(what)
        return Shape(fields)


def change(seen: Seen, shape: Shape) -> str:
    """In a word: new, missing or retyped."""
    path, what = seen
    return "missing" if what == ABSENT else "retyped" if shape.fields.get(path) else "new"


@dataclass(frozen=True)
class Found:
    """`nameless`: paths of fields without a column. `changes`: what the shape does not have."""

    nameless: frozenset[str] = frozenset()
    changes: frozenset[Seen] = frozenset()


def learned(items: Iterable[msgspec.Raw]) -> Shape:
    """The shape of the first page of all; what is not in each of its items may be absent."""
    items = [item for item in items if kind(bytes(item)) == "object"]
    shape = Shape().with_these((seen for item in items for seen in fields(bytes(item), Shape())), at_first=())
    return shape.with_these(seen for item in items for seen in fields(bytes(item), shape))


def finder(columns: list[Column], shape: Shape) -> Callable[[list[msgspec.Raw]], Found]:
    """A function from a page's items to what differs in them.

    Nearly always nothing does: then one pass in C over the bytes is all it costs."""
    columns = [column for column in columns if column["name"] != FILE_NAME]
    decode = msgspec.json.Decoder(list[struct("", columns, shape)]).decode  # type: ignore[misc]

    def find(items: list[msgspec.Raw]) -> Found:
        try:
            decode(b"[" + b",".join(items) + b"]")
        except msgspec.MsgspecError:
            return compared(items, columns, shape)
        return Found()

    return find


def compared(items: list[msgspec.Raw], columns: list[Column], shape: Shape) -> Found:
    """Item by item. What lies inside a field without a column, or inside text, needs no name of its own."""
    named, leaves = set(paths(columns)), tuple(f"{path}." for path in paths(columns, leaves=True))
    rows = [bytes(item) for item in items]
    seen = {one for row in rows if kind(row) == "object" for one in fields(row, shape)}
    nameless = {path for path, what in seen if path not in named and what != ABSENT}
    nameless = {path for path in nameless if not path.startswith(leaves)}
    nameless = {path for path in nameless if "." not in path or path.rpartition(".")[0] not in nameless}
    strange = {NO_OBJECT} if any(kind(row) != "object" for row in rows) else set()
    changes = {(path, what) for path, what in seen if what != NULL and not shape.has((path, what))}
    changes = {(path, what) for path, what in changes if what != ABSENT or path in named}
    return Found(frozenset(nameless | strange), frozenset(changes))


def fields(value: bytes, shape: Shape, path: str = "") -> Iterator[Seen]:
    """Every field of the object `value`, those inside it too, and those of `shape` that are absent."""
    found = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    for name, inner in found.items():
        content = bytes(inner).strip()
        yield path + name, kind(content)
        for part in parts(content) if path.count(".") < DEEPEST else []:
            yield from fields(part, shape, f"{path}{name}.")
    for name in shape.among(path):
        if name[len(path) :] not in found:
            yield name, ABSENT


def parts(value: bytes) -> list[bytes]:
    """The objects in a field: itself, or those of its list."""
    if value[:1] == b"{":
        return [value]
    items = msgspec.json.decode(value, type=list[msgspec.Raw]) if value[:1] == b"[" else []
    return [part for item in items if (part := bytes(item).strip())[:1] == b"{"]


def kind(value: bytes) -> str:
    """The JSON type of a value."""
    return KINDS.get(value.strip()[:1], "number")


def struct(path: str, columns: list[Column], shape: Shape) -> Any:
    """A type that fits what has a column and the shape knows, and nothing else."""
    members: list[Any] = []
    for column in columns:
        where = path + column["name"]
        kinds = shape.fields.get(where)
        if kinds:
            typed = kind_of_type(where, column, kinds, shape)
            members.append((column["name"], typed, None) if ABSENT in kinds else (column["name"], typed))
    return msgspec.defstruct("Item", members, forbid_unknown_fields=True, kw_only=True, gc=False)


def kind_of_type(path: str, column: Column, kinds: list[str], shape: Shape) -> Any:
    inside: Any = msgspec.Raw
    if "fields" in column:
        inside = struct(f"{path}.", column["fields"], shape)
    typed: Any = None
    for one in kinds:
        if one != ABSENT:
            more = {"object": inside if "fields" in column else dict[str, msgspec.Raw], "list": list[inside]}
            typed = (TYPES | more)[one] | typed
    return typed


def paths(columns: list[Column], path: str = "", leaves: bool = False) -> Iterator[str]:
    """Of every column and the fields in it, or only of `leaves`, which have none."""
    for column in columns:
        if not (leaves and "fields" in column):
            yield path + column["name"]
        yield from paths(column.get("fields", []), f"{path}{column['name']}.", leaves)
