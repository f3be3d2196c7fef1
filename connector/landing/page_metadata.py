"""What an object's metadata records about its page. The listing of the bucket is the checkpoint of a run."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import msgspec

ABSENT = "absent"
NULL = "null"  # not a type of its own, but a field that is null needs a column as well

# A field's path, for example items.amount, and what was observed there: a JSON type, or absent.
FieldType = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What a source reported beside the items of a page; None where it reported nothing.

    next: the position of the next page, where only this page contains it. places: which of the declared places next,
    total_pages, total_items and more the response contains, even as null, and what a check of it has shown. has_more:
    the source's own statement that more items exist. note: what was repaired or is doubtful. fault: why items of
    this page may be missing. ended_by: the declared status of a page past the end.
    """

    total_pages: int | None = None
    total_items: int | None = None
    next: str | None = None
    places: frozenset[str] = frozenset()
    has_more: bool | None = None
    note: str | None = None
    fault: str | None = None
    ended_by: int | None = None

    def facts(self) -> dict[str, Any]:
        """The arguments to create another object with the same facts."""
        # By the fields of PageFacts: a new fact is passed on without a change here.
        return {fact.name: getattr(self, fact.name) for fact in fields(PageFacts)}


@dataclass(frozen=True)
class PageResult(PageFacts):
    """A page that is in the bucket, or was empty.

    mark: a fingerprint of its first and last item, which recognises a page that is served twice. first_key,
    last_key: those of the keys of its first and last item. max_id: the largest value of the window's field. overlap:
    how many items at its beginning the page before it has, too.
    """

    page: int
    rows: int
    mark: str = ""
    max_id: int | None = None
    first_key: str = ""
    last_key: str = ""
    overlap: int = 0


@dataclass(frozen=True)
class DriftReport:
    """`unmapped`: paths of fields without a column. `changes`: what the observed schema does not contain."""

    unmapped: frozenset[str] = frozenset()
    changes: frozenset[FieldType] = frozenset()


class ObservedSchema(msgspec.Struct):
    """Every JSON type that was ever observed, by the path of the field. Null is not a type.

    `places`: declared places (PageFacts.places) that a response has contained, so their declaration is right.
    """

    fields: dict[str, list[str]] = {}
    places: list[str] = []

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
        return ObservedSchema(fields, self.places)


def describe_change(field_type: FieldType, schema: ObservedSchema) -> str:
    """new, missing or retyped."""
    path, observed = field_type
    if observed == ABSENT:
        return "missing"
    return "retyped" if schema.fields.get(path) else "new"
