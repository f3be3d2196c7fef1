"""The innermost values that differ between the two sides of a change.

A plan marks values beside them: sensitive ones, and those that are known only after the apply. The marks have the
structure of the values, with true for each marked one, so a block without any is an empty object or list:
https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ABSENT = object()
HIDDEN = object()  # a value that is not shown


@dataclass(frozen=True)
class Marks:
    """Of one value on both sides: true, an object or a list of marks, or anything else for none."""

    before: Any  # sensitive
    after: Any  # sensitive
    unknown: Any  # after the change

    @property
    def is_hidden(self) -> bool:
        return any(mark is True for mark in (self.before, self.after, self.unknown))

    def named(self, before: list[Any], after: list[Any]) -> "Marks":
        """Those of two lists, by the names of their elements."""
        return Marks(by_name(self.before, before), by_name(self.after, after), by_name(self.unknown, after))

    def child(self, key: str) -> "Marks":
        sides = (self.before, self.after, self.unknown)
        return Marks(*(side.get(key) if isinstance(side, dict) else None for side in sides))


def walk(path: str, before: Any, after: Any, marks: Marks) -> Iterator[tuple[str, Any, Any]]:
    """Path and both values. A list is compared by the names of its elements, a list of one as its element."""
    if marks.is_hidden:
        if before != after:
            yield path, HIDDEN, HIDDEN
        return
    if isinstance(before, list) and isinstance(after, list):
        # Blocks are lists of one in a plan; the position would only lengthen the path.
        is_block = len(before) == len(after) == 1
        marks = marks.named(before, after)
        before, after = list_to_dict(before), list_to_dict(after)
        if is_block:
            [old], [new] = before.items(), after.items()
            inner = Marks(marks.child(old[0]).before, marks.child(new[0]).after, marks.child(new[0]).unknown)
            yield from walk(path, old[1], new[1], inner)
            return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if before != after:
            yield path, before, after
        return
    for key in [*before, *(key for key in after if key not in before)]:
        yield from walk(f"{path}.{key}", before.get(key, ABSENT), after.get(key, ABSENT), marks.child(key))


def by_name(marks: Any, values: list[Any]) -> dict[str, Any]:
    return dict(zip(list_to_dict(values), marks, strict=False)) if isinstance(marks, list) else {}


def list_to_dict(values: list[Any]) -> dict[str, Any]:
    """By the elements' `name` where all have a distinct one (environment variables), else by position."""
    names = [value.get("name") if isinstance(value, dict) else None for value in values]
    if all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names):
        return dict(zip([str(name) for name in names], values, strict=True))
    return {str(position): value for position, value in enumerate(values)}
