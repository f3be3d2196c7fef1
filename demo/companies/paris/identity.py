"""The oracle's answer to which rows of two school years are the same school. It shares no SQL with the warehouse."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SAME_PLACE_METRES = 30
type Preference = tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """A school in one school year, written canonically. `edition` is the number of the year, from 1."""

    edition: int
    insee: str
    name: str
    address: str | None
    latitude: float
    longitude: float

    @property
    def key(self) -> tuple[str, str]:
        return self.insee, self.name

    @property
    def bare_name(self) -> str:
        return re.sub(r"^(LE|LA|LES|L) ", "", self.name)


def metres(entry: Seen, other: Seen) -> float:
    """The distance in Paris; a degree of longitude is cos(48.86°) of a degree of latitude."""
    return math.hypot((entry.latitude - other.latitude) * 111195, (entry.longitude - other.longitude) * 73158)


def is_same_place(entry: Seen, other: Seen) -> bool:
    return metres(entry, other) < SAME_PLACE_METRES


def find_successors(editions: list[list[Seen]]) -> dict[Seen, Seen]:
    """By the row of a school its next one, in the following year or after some in which it was missing."""
    links: dict[Seen, Seen] = {}
    for schools, following in zip(editions, editions[1:], strict=False):
        links |= match(schools, following, Year(schools, following).preference)
    taken = set(links.values())
    rows = [school for schools in editions for school in schools]
    gone = [school for school in rows if school not in links]
    return links | match(gone, [school for school in rows if school not in taken], prefer_return)


def match(
    olds: Iterable[Seen], news: Iterable[Seen], preference: Callable[[Seen, Seen], Preference | None]
) -> dict[Seen, Seen]:
    """The pairs of which each side prefers the other; the smallest preference is the first."""
    rated = [(rank, old, new) for old in olds for new in news if (rank := preference(old, new)) is not None]
    best_new = {
        old: new for _, old, new in sorted(rated, key=lambda each: (each[0], each[2].key), reverse=True)
    }
    best_old = {
        new: old for _, old, new in sorted(rated, key=lambda each: (each[0], each[1].key), reverse=True)
    }
    return {old: new for old, new in best_new.items() if best_old[new] is old}


def prefer_return(old: Seen, new: Seen) -> Preference | None:
    """Of a school that was missing for a year or more: by its name in its arrondissement."""
    gap = new.edition - old.edition
    if gap < 2 or old.insee != new.insee or old.bare_name != new.bare_name:
        return None
    return gap, old.name != new.name


class Year:
    """Two school years in a row."""

    def __init__(self, schools: list[Seen], following: list[Seen]) -> None:
        self.old = {school.key: school for school in schools}
        self.new = {school.key: school for school in following}

    def preference(self, old: Seen, new: Seen) -> Preference | None:
        """None if they are two schools."""
        if self.have_swapped(old, new):
            return 0, 0
        if old.key == new.key:
            return 1, 0
        # A school that still has its name is not another one's successor.
        if old.key in self.new or new.key in self.old:
            return None
        for rank, holds in enumerate(evidence(old, new), 2):
            if holds:
                return rank, metres(old, new)
        return None

    def have_swapped(self, old: Seen, new: Seen) -> bool:
        """Whether `new` is at the place of `old` with the name of another, which has the name of `old` now."""
        other, other_new = self.old.get(new.key), self.new.get(old.key)
        if other is None or other_new is None or old.insee != new.insee or old.name == new.name:
            return False
        return is_same_place(old, new) and is_same_place(other, other_new) and not is_same_place(old, other)


def evidence(old: Seen, new: Seen) -> Iterable[bool]:
    """The strongest first."""
    near, named = is_same_place(old, new), old.bare_name == new.bare_name
    here = old.insee == new.insee
    return here and named, near and named, here and near
