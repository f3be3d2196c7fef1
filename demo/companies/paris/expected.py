"""The oracle: schools and their changes, in plain Python from the catalogue. It shares no SQL with the warehouse."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from demo.companies.paris.catalogue import School, school_years
from demo.companies.rows import Expected

SAME_PLACE_METRES = 30
# The last digits of coordinates change every year: a distance below a metre is not a move.
MOVED_METRES = 1


@dataclass(frozen=True)
class Seen:
    """A school in one school year, written canonically. `edition` is the number of the year, from 1."""

    edition: int
    insee: str
    name: str
    address: str | None
    latitude: float
    longitude: float


@dataclass(frozen=True)
class SchoolState:
    """A row of dmt.school_history."""

    school_id: str
    edition: int
    name: str
    address: str | None
    is_open: bool
    change: str


def canonical(text: str) -> str | None:
    """Capitals without accents; everything else is a blank."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.category(sign).startswith("M")
    )
    return " ".join(re.split(r"[^A-Z0-9]+", plain.upper())).strip() or None


def read_editions(catalogue: list[School]) -> list[list[Seen]]:
    """The schools of each year. A row without a name or a point is left out, as the warehouse rejects it."""
    years = school_years(catalogue)
    editions: list[list[Seen]] = [[] for _ in years]
    for school in catalogue:
        name, (latitude, _, longitude) = canonical(school.name), school.point.partition(",")
        if name and longitude:
            number = years.index(school.school_year)
            place = float(latitude), float(longitude)
            editions[number].append(Seen(number + 1, school.insee, name, canonical(school.address), *place))
    return editions


def metres(entry: Seen, other: Seen) -> float:
    """The distance in Paris; a degree of longitude is cos(48.86°) of a degree of latitude."""
    return math.hypot((entry.latitude - other.latitude) * 111195, (entry.longitude - other.longitude) * 73158)


def successor(old: Seen, following: list[Seen], taken: set[str]) -> Seen | None:
    """The same school in the next year. `taken` are the names that both years have in this arrondissement."""
    for new in following:
        # Equal names first: a school that was renamed must not replace another that still has its name.
        if new.insee == old.insee and new.name == old.name:
            return new
    for new in following:
        is_free = new.insee == old.insee and new.name not in taken
        if is_free and (metres(old, new) < SAME_PLACE_METRES or without_article(old) == without_article(new)):
            return new
    return None


def without_article(school: Seen) -> str:
    return re.sub(r"^(LE|LA|LES|L) ", "", school.name)


def describe(old: Seen, new: Seen) -> str:
    changes = []
    if new.name != old.name:
        changes.append(f"renamed from {old.name}")
    if new.address != old.address:
        changes.append(f"address {new.address or 'unknown'}")
    if metres(old, new) >= MOVED_METRES:
        changes.append("moved")
    return "; ".join(changes)


def school_states(catalogue: list[School]) -> list[SchoolState]:
    """All states of all schools."""
    editions = read_editions(catalogue)
    return list(iter_states(editions))


def iter_states(editions: list[list[Seen]]) -> Iterator[SchoolState]:
    ids: dict[Seen, str] = {}
    for number, schools in enumerate(editions):
        for school in schools:
            if school not in ids:
                ids[school] = f"{school.insee} {school.name}"
                yield state(ids[school], school, "opened" if number else "first listed")
        if number + 1 < len(editions):
            yield from follow(schools, editions[number + 1], ids)


def follow(schools: list[Seen], following: list[Seen], ids: dict[Seen, str]) -> Iterator[SchoolState]:
    """The states that begin in the next year, except those of new schools. Adds their ids."""
    for school in schools:
        names = {other.name for other in schools if other.insee == school.insee}
        taken = names & {other.name for other in following if other.insee == school.insee}
        new = successor(school, following, taken)
        if new is None:
            yield replace(state(ids[school], school, "closed"), edition=school.edition + 1, is_open=False)
        else:
            ids[new] = ids[school]
            if change := describe(school, new):
                yield state(ids[new], new, change)


def state(school_id: str, school: Seen, change: str) -> SchoolState:
    return SchoolState(school_id, school.edition, school.name, school.address, True, change)


def expected_tables(catalogue: list[School]) -> list[Expected]:
    """The tables after all years of the catalogue were loaded."""
    years, editions, states = school_years(catalogue), read_editions(catalogue), school_states(catalogue)
    last = {entry.school_id: entry for entry in sorted(states, key=lambda entry: entry.edition)}
    sizes = Counter(
        (int(seen.insee[3:]), years[seen.edition - 1]) for edition in editions for seen in edition
    )
    seen = [
        (s.edition, s.insee, s.name, s.address, s.latitude, s.longitude)
        for edition in editions
        for s in edition
    ]
    return [
        Expected("ods.colleges", ("edition", "insee", "name", "address", "latitude", "longitude"), seen),
        Expected(
            "dmt.school_history",
            tuple(SchoolState.__annotations__),
            [tuple(vars(entry).values()) for entry in states],
        ),
        Expected(
            "dmt.schools",
            ("school_id", "name", "arrondissement", "is_open"),
            [(key, entry.name, int(key[3:5]), entry.is_open) for key, entry in last.items()],
        ),
        Expected(
            "dmt.addresses",
            ("school_id", "address", "st_x(place) = longitude and st_y(place) = latitude"),
            [(key, entry.address, True) for key, entry in last.items()],
        ),
        Expected(
            "dmt.sectors",
            ("arrondissement", "school_year", "schools"),
            [(*key, size) for key, size in sizes.items()],
        ),
    ]
