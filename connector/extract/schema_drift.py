"""Schema drift: fields of a page that are new, missing or retyped, and fields without a column in raw.

Drift loses no data: the file keeps every byte of the source, and a replay loads it once there is a column.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from connector.landing.page_metadata import ABSENT, NULL, DriftReport, FieldType, ObservedSchema
from connector.raw_schema import Column

WRAPPED_ITEM = "SYS_ITEM"  # the field that ndjson.py puts an item into that is not an object
MAX_DEPTH = 8  # deeper levels are loaded, but not compared
JSON_TYPES = {b"{": "object", b"[": "list", b'"': "text", b"t": "boolean", b"f": "boolean", b"n": NULL}
PYTHON_TYPES = {"text": str, "number": int | float, "boolean": bool}


def learn_schema(items: Iterable[msgspec.Raw]) -> ObservedSchema:
    """The schema of the very first page. A field that some of its items lack may be absent."""
    # What is not an object is wrapped by ndjson.py and has no fields.
    objects = [bytes(item) for item in items if json_type(bytes(item)) == "object"]
    empty = ObservedSchema()
    types = [field_type for item in objects for field_type in iter_fields(item, empty)]
    schema = empty.extend(types, initial=())
    # A second pass: only now all fields of the page are known, so that absent ones can be noticed.
    return schema.extend(field_type for item in objects for field_type in iter_fields(item, schema))


def create_item_decoder(columns: list[Column], schema: ObservedSchema) -> Callable[[bytes], list[Any]]:
    """A decoder of a list of items; msgspec.MsgspecError if any of them differs from `schema`."""
    decode: Callable[[bytes], list[Any]]
    decode = msgspec.json.Decoder(list[expected_type("", columns, schema)]).decode  # type: ignore[misc]
    return decode


def compare_items(items: list[msgspec.Raw], columns: list[Column], schema: ObservedSchema) -> DriftReport:
    """Compare field by field. Fields inside an unmapped field, or inside a text column, are not listed."""
    mapped, leaves = set(column_paths(columns)), tuple(f"{path}." for path in column_paths(columns, True))
    rows = [bytes(item) for item in items]
    observed = {
        field_type for row in rows if json_type(row) == "object" for field_type in iter_fields(row, schema)
    }
    unmapped = {path for path, observed_type in observed if path not in mapped and observed_type != ABSENT}
    # A text column receives the whole value as JSON text, so nothing inside it is lost.
    unmapped = {path for path in unmapped if not path.startswith(leaves)}
    # The outermost field is enough: a column for it covers what is inside.
    unmapped = {path for path in unmapped if "." not in path or path.rpartition(".")[0] not in unmapped}
    if any(json_type(row) != "object" for row in rows):
        unmapped.add(WRAPPED_ITEM)
    changes = {
        (path, observed_type)
        for path, observed_type in observed
        if observed_type != NULL
        and not schema.contains((path, observed_type))
        and (observed_type != ABSENT or path in mapped)
    }
    # What an object in a text column contains is listed once, when the column first has one: its keys may be data.
    changed = {path for path, _ in changes}
    unchanged = tuple(leaf for leaf in leaves if leaf.removesuffix(".") not in changed)
    changes = {change for change in changes if not change[0].startswith(unchanged)}
    return DriftReport(frozenset(unmapped), frozenset(changes))


def iter_fields(value: bytes, schema: ObservedSchema, path: str = "") -> Iterator[FieldType]:
    """Every field of the object `value` and of the objects in it, and absent fields of `schema`."""
    members = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    for name, member in members.items():
        content = bytes(member).strip()
        yield path + name, json_type(content)
        # One recursion per level: without a limit a deeply nested document would end the run.
        for inner in inner_objects(content) if path.count(".") < MAX_DEPTH else []:
            yield from iter_fields(inner, schema, f"{path}{name}.")
    for name in schema.fields_of(path):
        if name[len(path) :] not in members:
            yield name, ABSENT


def inner_objects(value: bytes) -> list[bytes]:
    """The object itself, or the objects of a list."""
    if value[:1] == b"{":
        return [value]
    items = msgspec.json.decode(value, type=list[msgspec.Raw]) if value[:1] == b"[" else []
    return [item for raw in items if (item := bytes(raw).strip())[:1] == b"{"]


def json_type(value: bytes) -> str:
    return JSON_TYPES.get(value.strip()[:1], "number")


def expected_type(path: str, columns: list[Column], schema: ObservedSchema) -> Any:
    """A msgspec type that accepts exactly the fields with a column, in the types observed so far."""
    members: list[Any] = []
    for column in columns:
        field_path = path + column["name"]
        types = schema.fields.get(field_path)
        if types:
            member_type = expected_field_type(field_path, column, types, schema)
            member = (column["name"], member_type)
            members.append((*member, None) if ABSENT in types else member)
    # gc=False: the structs contain no cycles, and decoding is faster without tracking them.
    return msgspec.defstruct("Item", members, forbid_unknown_fields=True, kw_only=True, gc=False)


def expected_field_type(path: str, column: Column, types: list[str], schema: ObservedSchema) -> Any:
    inner: Any = msgspec.Raw
    if "fields" in column:
        inner = expected_type(f"{path}.", column["fields"], schema)
    union: Any = None
    for name in types:
        if name != ABSENT:
            nested = {"object": inner if "fields" in column else dict[str, msgspec.Raw], "list": list[inner]}
            union = (PYTHON_TYPES | nested)[name] | union
    return union


def column_paths(columns: list[Column], leaves_only: bool = False, path: str = "") -> Iterator[str]:
    """Paths of all columns and of the fields in them, or only of those without fields."""
    for column in columns:
        if not (leaves_only and "fields" in column):
            yield path + column["name"]
        yield from column_paths(column.get("fields", []), leaves_only, f"{path}{column['name']}.")
