"""The oracle: schools and their changes, in plain Python from the catalogue. It shares no SQL with the warehouse."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

from demo.companies.paris.catalogue import School, school_years
from demo.companies.paris.identity import Seen, find_successors, is_same_place, metres
from demo.companies.rows import Expected

# The last digits of coordinates change every year: a distance below a metre is not a move.
MOVED_METRES = 1
LIGATURES = str.maketrans({"Œ": "OE", "Æ": "AE"})


@dataclass(frozen=True)
class SchoolState:
    """A row of dmt.school_history."""

    school_id: str
    insee: str
    edition: int
    name: str
    address: str | None
    is_open: bool
    change: str


def canonical(text: str) -> str | None:
    """Capitals without accents and ligatures; everything else is a blank."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.category(sign).startswith("M")
    )
    return " ".join(re.split(r"[^A-Z0-9]+", plain.upper().translate(LIGATURES))).strip() or None


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
    return [remove_repeated(schools) for schools in editions]


def remove_repeated(schools: list[Seen]) -> list[Seen]:
    """Without a school that is listed again with its address. Two with one name and two addresses are two schools."""
    ordered = sorted(schools, key=lambda school: school.order)
    return [
        school
        for place, school in enumerate(ordered)
        if not any(
            (other.key, other.address) == (school.key, school.address) and is_same_place(other, school)
            for other in ordered[:place]
        )
    ]


def describe(old: Seen, new: Seen) -> str:
    changes = []
    if new.name != old.name:
        changes.append(f"renamed from {old.name}")
    if new.address != old.address:
        changes.append(f"address {new.address or 'unknown'}")
    if metres(old, new) >= MOVED_METRES:
        changes.append("moved")
    if new.insee != old.insee:
        changes.append(f"arrondissement {int(new.insee[3:])}")
    return "; ".join(changes)


def school_states(catalogue: list[School]) -> list[SchoolState]:
    """All states of all schools."""
    editions = read_editions(catalogue)
    return list(iter_states(editions, school_years(catalogue)))


def iter_states(editions: list[list[Seen]], years: list[str]) -> Iterator[SchoolState]:
    links = find_successors(editions)
    earlier = {new: old for old, new in links.items()}
    ids: dict[Seen, str] = {}
    for number, schools in enumerate(editions, 1):
        for school in schools:
            old = earlier.get(school)
            ids[school] = ids[old] if old else new_id(school, set(ids.values()), years)
            if change := describe_year(old, school):
                yield state(ids[school], school, change)
            next_edition = links[school].edition if school in links else None
            if next_edition != number + 1 and number < len(editions):
                closed = state(ids[school], school, "closed")
                yield replace(closed, edition=number + 1, is_open=False)


def new_id(school: Seen, taken: set[str], years: list[str]) -> str:
    """A name that another school had first is the id of that one."""
    name = f"{school.insee} {school.name}"
    with_year = f"{name} {years[school.edition - 1]}"
    numbered = (f"{with_year} {number}" for number in count(2))
    return next(school_id for school_id in chain([name, with_year], numbered) if school_id not in taken)


def describe_year(old: Seen | None, school: Seen) -> str:
    if school.edition == 1:
        return "first listed"
    return describe(old, school) if old and old.edition == school.edition - 1 else "opened"


def state(school_id: str, school: Seen, change: str) -> SchoolState:
    return SchoolState(school_id, school.insee, school.edition, school.name, school.address, True, change)


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
            [(key, entry.name, int(entry.insee[3:]), entry.is_open) for key, entry in last.items()],
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
