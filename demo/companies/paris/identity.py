"""The oracle's answer to which rows of two school years are the same school. It shares no SQL with the warehouse."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SAME_PLACE_METRES = 30
MOST_NAMES = 10  # of schools that exchange them in one year
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
    def order(self) -> tuple[str, str, str, float, float]:
        """Of schools of one year. Two with one name differ in their addresses or places."""
        return self.insee, self.name, self.address or "", self.latitude, self.longitude

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
        old: new for _, old, new in sorted(rated, key=lambda each: (each[0], each[2].order), reverse=True)
    }
    best_old = {
        new: old for _, old, new in sorted(rated, key=lambda each: (each[0], each[1].order), reverse=True)
    }
    return {old: new for old, new in best_new.items() if best_old[new] is old}


def prefer_return(old: Seen, new: Seen) -> Preference | None:
    """Of a school that was missing for a year or more: by its name in its arrondissement."""
    gap = new.edition - old.edition
    if gap < 2 or old.insee != new.insee or old.bare_name != new.bare_name:
        return None
    return gap, old.name != new.name, metres(old, new)


class Year:
    """Two school years in a row."""

    def __init__(self, schools: list[Seen], following: list[Seen]) -> None:
        self.old_names = {school.key for school in schools}
        self.new_names = {school.key for school in following}
        self.swaps = find_swaps(index_single(schools), index_single(following))

    def preference(self, old: Seen, new: Seen) -> Preference | None:
        """None if they are two schools."""
        if self.swaps.get(old) is new:
            return 0, 0
        if old.key == new.key:
            return 1, metres(old, new)
        # A school that still has its name is not another one's successor.
        if old.key in self.new_names or new.key in self.old_names:
            return None
        for rank, holds in enumerate(evidence(old, new), 2):
            if holds:
                return rank, metres(old, new)
        return None


type Index = dict[tuple[str, str], Seen]


def index_single(schools: list[Seen]) -> Index:
    """By its key each school whose name no other one of its arrondissement has."""
    counts = Counter(school.key for school in schools)
    return {school.key: school for school in schools if counts[school.key] == 1}


def find_swaps(olds: Index, news: Index) -> dict[Seen, Seen]:
    """The schools that exchanged their names in a circle, and each one under its new name."""
    taken = {old.key: new for old in olds.values() if (new := find_taking(old, olds, news))}
    return {olds[key]: new for key, new in taken.items() if is_circle(key, taken)}


def find_taking(old: Seen, olds: Index, news: Index) -> Seen | None:
    """Who is at the place of `old` with the name of another school, if the name of `old` is elsewhere."""
    if old.key not in news or is_same_place(news[old.key], old):
        return None
    at_its_place = [
        new for new in news.values() if new.insee == old.insee and new.key in olds and is_same_place(old, new)
    ]
    others = [new for new in at_its_place if not is_same_place(olds[new.key], old)]
    return min(others, key=lambda new: (metres(old, new), new.name), default=None)


def is_circle(key: tuple[str, str], taken: Index) -> bool:
    reached = key
    for _ in range(MOST_NAMES):
        if reached not in taken:
            return False
        reached = taken[reached].key
        if reached == key:
            return True
    return False


def evidence(old: Seen, new: Seen) -> Iterable[bool]:
    """The strongest first."""
    near, named = is_same_place(old, new), old.bare_name == new.bare_name
    here = old.insee == new.insee
    return here and named, near and named, here and near
