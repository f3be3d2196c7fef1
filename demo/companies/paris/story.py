"""What happens in the demo: the city publishes one school year after the other."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from demo.cloud import Cloud
from demo.companies.paris.catalogue import catalogue_path, read_catalogue, school_years
from demo.companies.paris.dashboard import write_dashboard
from demo.companies.paris.expected import read_editions, school_states
from demo.expected import Check

MAX_SHOWN = 5
HISTORY = "SELECT school_id, edition, name, address, is_open, change FROM dmt.school_history"
SCHOOLS = "SELECT school_id, name, arrondissement, is_open FROM dmt.schools"
COLLEGES = "SELECT edition, insee, name, address FROM ods.colleges"
SECTORS = "SELECT arrondissement, school_year, schools FROM dmt.sectors"
PLACES = "SELECT school_id, ROUND(ST_X(place), 6) AS longitude, ROUND(ST_Y(place), 6) AS latitude FROM dmt.addresses"

Row = tuple[Any, ...]


class Paris:
    name = "paris"
    extension = "demo.companies.paris"
    sheet = "schools"
    query = "select * from dmt.school_history where edition > 1"
    runs = ("daily", "daily", "daily", "daily", "daily")

    def serve_sources(self, root: Path) -> AbstractContextManager[None]:
        return nullcontext()  # the extension serves the portal

    def secrets(self, root: Path) -> dict[str, str]:
        return {}  # the portal needs no key

    def change_sources(self, cloud: Cloud, run: int) -> str:
        years = school_years(read_catalogue(catalogue_path()))
        if run >= len(years):
            return ""
        published = cloud.call("POST", "/sandbox/paris/publish")["years"]
        return f"the city publishes {published[-1]}"

    def compare(self, cloud: Cloud) -> list[Check]:
        return [
            compare_rows(cloud, table, sql, expected) for table, (sql, expected) in expected_rows().items()
        ]

    def write_pages(self, cloud: Cloud) -> list[str]:
        return [f"the schools {write_dashboard(cloud)}"]


COMPANY = Paris()


def expected_rows() -> dict[str, tuple[str, list[Row]]]:
    """By table: a query, and the rows that it must return in any order."""
    catalogue = read_catalogue(catalogue_path())
    years, editions, states = school_years(catalogue), read_editions(catalogue), school_states(catalogue)
    last = {one.school_id: one for one in sorted(states, key=lambda one: one.edition)}
    sizes = {
        (int(seen.insee[3:]), years[number]): sum(other.insee == seen.insee for other in edition)
        for number, edition in enumerate(editions)
        for seen in edition
    }
    return {
        "ods.colleges": (
            COLLEGES,
            [(s.edition, s.insee, s.name, s.address) for edition in editions for s in edition],
        ),
        "dmt.school_history": (HISTORY, [tuple(vars(one).values()) for one in states]),
        "dmt.schools": (SCHOOLS, [(key, one.name, int(key[3:5]), one.is_open) for key, one in last.items()]),
        "dmt.sectors": (SECTORS, [(*key, size) for key, size in sizes.items()]),
    }


def compare_rows(cloud: Cloud, table: str, sql: str, expected: list[Row]) -> Check:
    actual = [tuple(row.values()) for row in cloud.rows(sql)]
    too_much = [row for row in actual if row not in expected]
    missing = [row for row in expected if row not in actual]
    differences = [f"{table}: {row} is too much" for row in too_much[:MAX_SHOWN]]
    differences += [f"{table}: {row} is missing" for row in missing[:MAX_SHOWN]]
    if not differences and len(actual) != len(expected):
        differences.append(f"{table}: rows are there twice")
    return Check(table, len(actual), len(expected), None, None, tuple(differences))
