"""What an object's metadata records about its page. The listing of the bucket is the checkpoint of a run."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

ABSENT = "absent"
NULL = "null"  # not a type of its own, but a field that is null needs a column as well

# A field's path, for example items.amount, and what was observed there: a JSON type, or absent.
FieldType = tuple[str, str]


@dataclass(frozen=True)
class PageResult:
    """A page that is in the bucket, or was empty.

    total_pages, total_items: what the source reported. mark: a fingerprint of its first and last item, which
    recognises a page that is served twice. next: the position of the next page, where only this page contains it.
    has_position: whether the page contained the declared position at all, even as null. has_more: the source's own
    statement that more items exist; None without one. max_id: the largest value of the window's field. note: what
    was repaired.
    """

    page: int
    rows: int
    total_pages: int | None = None
    total_items: int | None = None
    mark: str = ""
    next: str | None = None
    has_position: bool = False
    has_more: bool | None = None
    max_id: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class DriftReport:
    """`unmapped`: paths of fields without a column. `changes`: what the observed schema does not contain."""

    unmapped: frozenset[str] = frozenset()
    changes: frozenset[FieldType] = frozenset()


class ObservedSchema(msgspec.Struct):
    """Every JSON type that was ever observed, by the path of the field. Null is not a type.

    `position_seen`: a response contained the declared position of the next page, so the declaration is right.
    """

    fields: dict[str, list[str]] = {}
    position_seen: bool = False

    def contains(self, field_type: FieldType) -> bool:
        return field_type[1] in self.fields.get(field_type[0], ())

    def fields_of(self, path: str) -> list[str]:
        """Paths of the fields that an object at `path` (with a dot at its end, or empty) has had."""
        return [name for name in self.fields if name.startswith(path) and "." not in name[len(path) :]]

    def extend(
        self, field_types: Iterable[FieldType], initial: tuple[str, ...] = (ABSENT,)
    ) -> "ObservedSchema":
        """With these types added. A field that is new may be absent: earlier items were not checked for it."""
        fields = {path: list(types) for path, types in self.fields.items()}
        for path, field_type in sorted(set(field_types)):
            types = fields.setdefault(path, list(initial)) if field_type != NULL else [NULL]
            if field_type not in types:
                types.append(field_type)
        return ObservedSchema(fields, self.position_seen)


def describe_change(field_type: FieldType, schema: ObservedSchema) -> str:
    """new, missing or retyped."""
    path, observed = field_type
    if observed == ABSENT:
        return "missing"
    return "retyped" if schema.fields.get(path) else "new"
