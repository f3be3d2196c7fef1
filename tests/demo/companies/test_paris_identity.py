"""Which rows of the catalogue are one school: the models over small catalogues, each in its own arrondissement."""

import json
from typing import Any

import pytest

from connector.landing.names import Run
from demo.companies.paris.catalogue import School
from demo.companies.paris.expected import expected_tables, school_states
from tests.demo.companies.system import System, lay_out_company

YEARS = ("2019-2020", "2020-2021", "2021-2022", "2022-2023")
HERE, THERE, FAR = (48.8500, 2.3500), (48.8530, 2.3500), (48.8600, 2.3600)


def at(place, north=0.0):
    """As the portal writes it; `north` in metres."""
    return f"{place[0] + north / 111195:.6f},{place[1]:.6f}"


def rows_at(address, point, *names):
    """The names of a place, year by year."""
    return [(year, name, address, point) for year, name in enumerate(names)]


# By a name: (year, name, address, point), and the expected (school, year from, year until, change). The arrondissement
# is the position of the case; ids are without it.
CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "closed and back": (
        [
            (0, "ALPHA", "1 RUE A", at(HERE)),
            (2, "ALPHA", "1 RUE A", at(HERE)),
            (3, "ALPHA", "1 RUE A", at(HERE)),
        ],
        [("ALPHA", 0, 1, "first listed"), ("ALPHA", 1, 2, "closed"), ("ALPHA", 2, None, "opened")],
    ),
    "renamed, closed and back": (
        [
            (0, "ALPHA", "1 RUE A", at(HERE)),
            (1, "BETA", "1 RUE A", at(HERE)),
            (3, "BETA", "2 RUE B", at(THERE)),
        ],
        [
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, 2, "renamed from ALPHA"),
            ("ALPHA", 2, 3, "closed"),
            ("ALPHA", 3, None, "opened"),
        ],
    ),
    "a new school takes the old name of a renamed one": (
        [
            *(
                (year, name, "1 RUE A", at(HERE))
                for year, name in enumerate(["ALPHA", "BETA", "BETA", "BETA"])
            ),
            (2, "ALPHA", "9 RUE Z", at(FAR)),
            (3, "ALPHA", "9 RUE Z", at(FAR)),
        ],
        [
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, None, "renamed from ALPHA"),
            ("ALPHA 2021-2022", 2, None, "opened"),
        ],
    ),
    "two take the old name, one after the other": (
        [
            *(
                (year, name, "1 RUE A", at(HERE))
                for year, name in enumerate(["ALPHA", "BETA", "BETA", "BETA"])
            ),
            *((year, name, "9 RUE Z", at(FAR)) for year, name in [(1, "ALPHA"), (2, "GAMMA"), (3, "GAMMA")]),
            (3, "ALPHA", "5 RUE E", at(THERE)),
        ],
        [
            # In the same year the name decides: the school moved, and another opened in its building.
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, 2, "address 9 RUE Z; moved"),
            ("ALPHA", 2, None, "renamed from ALPHA"),
            ("ALPHA 2022-2023", 3, None, "opened"),
            ("BETA", 1, None, "opened"),
        ],
    ),
    "two swap their names": (
        [
            *(
                (year, name, "1 RUE A", at(HERE))
                for year, name in enumerate(["ALPHA", "BETA", "BETA", "ALPHA"])
            ),
            *(
                (year, name, "2 RUE B", at(THERE))
                for year, name in enumerate(["BETA", "ALPHA", "ALPHA", "BETA"])
            ),
        ],
        [
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, 3, "renamed from ALPHA"),
            ("ALPHA", 3, None, "renamed from BETA"),
            ("BETA", 0, 1, "first listed"),
            ("BETA", 1, 3, "renamed from BETA"),
            ("BETA", 3, None, "renamed from ALPHA"),
        ],
    ),
    "moved and renamed in the same year": (
        [(0, "ALPHA", "1 RUE A", at(HERE)), *((year, "BETA", "9 RUE Z", at(FAR)) for year in (1, 2, 3))],
        [("ALPHA", 0, 1, "first listed"), ("ALPHA", 1, None, "closed"), ("BETA", 1, None, "opened")],
    ),
    "moved and another article": (
        [(0, "LES LILAS", "1 RUE A", at(HERE)), *((year, "LILAS", "9 RUE Z", at(FAR)) for year in (1, 2, 3))],
        [
            ("LES LILAS", 0, 1, "first listed"),
            ("LES LILAS", 1, None, "renamed from LES LILAS; address 9 RUE Z; moved"),
        ],
    ),
    "the same in other letters": (
        [
            (0, "SACRÉ-CŒUR", "1 rue de l'Œuvre", at(HERE)),
            (1, "SACRE COEUR", "1 RUE DE L' OEUVRE", at(HERE, 0.4)),
            (2, " Sacre\u00a0Coeur ", "1, RUE  DE L’OEUVRE", at(HERE)),
            (3, "sacre\u0301 c\u0153ur", "１ RUE DE L'OEUVRE", at(HERE)),
        ],
        [("SACRE COEUR", 0, None, "first listed")],
    ),
    "missing for a year, and moved when it is back": (
        [
            (0, "ALPHA", "1 RUE A", at(HERE)),
            (1, "ALPHA", "1 RUE A", at(HERE)),
            (3, "ALPHA", "9 RUE Z", at(FAR)),
        ],
        [("ALPHA", 0, 2, "first listed"), ("ALPHA", 2, 3, "closed"), ("ALPHA", 3, None, "opened")],
    ),
    "three rotate their names": (
        [
            *rows_at("1 RUE A", at(HERE), "ALPHA", "BETA", "BETA", "BETA"),
            *rows_at("2 RUE B", at(THERE), "BETA", "GAMMA", "GAMMA", "GAMMA"),
            *rows_at("9 RUE Z", at(FAR), "GAMMA", "ALPHA", "ALPHA", "ALPHA"),
        ],
        [
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, None, "renamed from ALPHA"),
            ("BETA", 0, 1, "first listed"),
            ("BETA", 1, None, "renamed from BETA"),
            ("GAMMA", 0, 1, "first listed"),
            ("GAMMA", 1, None, "renamed from GAMMA"),
        ],
    ),
    "three move in a row, which is not a circle": (
        [
            *rows_at("1 RUE A", at(HERE), "ALPHA"),
            *rows_at("2 RUE B", at(THERE), "BETA", "ALPHA", "ALPHA", "ALPHA"),
            *((year, "BETA", "9 RUE Z", at(FAR)) for year in (1, 2, 3)),
        ],
        [
            ("ALPHA", 0, 1, "first listed"),
            ("ALPHA", 1, None, "address 2 RUE B; moved"),
            ("BETA", 0, 1, "first listed"),
            ("BETA", 1, None, "address 9 RUE Z; moved"),
        ],
    ),
    "two schools of one name, and a third": (
        [
            *((year, "ALPHA", "1 RUE A", at(HERE, year / 10)) for year in range(4)),
            *((year, "Âlpha", "9 RUE Z", at(FAR)) for year in range(3)),
            *((year, "ALPHA", "5 RUE E", at(THERE)) for year in (2, 3)),
        ],
        [
            ("ALPHA", 0, None, "first listed"),
            ("ALPHA 2019-2020", 0, 3, "first listed"),
            ("ALPHA 2019-2020", 3, None, "closed"),
            ("ALPHA 2021-2022", 2, None, "opened"),
        ],
    ),
    "one of two of one name is missing for a year, and three open at once": (
        [
            *((year, "ALPHA", "1 RUE A", at(HERE)) for year in range(4)),
            *((year, "ALPHA", "9 RUE Z", at(FAR)) for year in (0, 2, 3)),
            *((3, "DELTA", f"{number} RUE D", at(THERE, number * 40)) for number in range(3)),
        ],
        [
            ("ALPHA", 0, None, "first listed"),
            ("ALPHA 2019-2020", 0, 1, "first listed"),
            ("ALPHA 2019-2020", 1, 2, "closed"),
            ("ALPHA 2019-2020", 2, None, "opened"),
            ("DELTA", 3, None, "opened"),
            ("DELTA 2022-2023", 3, None, "opened"),
            ("DELTA 2022-2023 2", 3, None, "opened"),
        ],
    ),
    "listed twice": (
        [
            *((year, "ALPHA", "1 RUE A", at(HERE)) for year in range(4)),
            (1, "alpha", "1, rue A", at(HERE, 20)),
            (1, "ALPHA", "1 RUE A", at(HERE, 45)),
        ],
        # The third row is near the second, which is near the first; one school is at one place.
        [("ALPHA", 0, None, "first listed")],
    ),
}


def rows_of(cases):
    for number, (rows, _) in enumerate(cases.values(), 1):
        for year, name, address, point in rows:
            insee = f"751{number:02}"
            # Each case a kilometre further, so that no school is at the place of another one's.
            latitude, _, longitude = point.partition(",")
            point = f"{latitude},{float(longitude) + number / 73:.6f}"
            yield School("", name, address, "", insee, YEARS[year], "", "", point)


@pytest.fixture(scope="module")
def paris(sandbox, tmp_path_factory):
    graph = lay_out_company("paris", tmp_path_factory.mktemp("identity") / "project").compile()
    system = System(sandbox.address, "paris", graph, {}, {})
    # Of an older load, which had another address.
    insert(system, [school(1, "BETA", "7 RUE OUBLIEE", "75102", at(FAR))], began=0)
    insert(system, [*rows_of(CASES), *OTHER_ARRONDISSEMENTS], began=1)
    system.transform()
    yield system
    system.close()


def insert(system, schools, began):
    """As one load, whose rows are of many pages."""
    run = Run.create("colleges", began, "t")
    rows = [
        (
            *(school.school_year, school.name, school.address, school.insee),
            *(*school.point.split(","), run.file_name(page)),
        )
        for page, school in enumerate(schools)
    ]
    # A JSON text is a literal of GoogleSQL too.
    values = ", ".join(
        "({}, {}, {}, {}, STRUCT({} AS lat, {} AS lon), TIMESTAMP '2026-01-01 00:00:00+00', {})".format(
            *map(json.dumps, row)
        )
        for row in rows
    )
    columns = "annee_scol, libelle, adresse, arr_insee, geo_point_2d, SYS_DATE_CREATE, SYS_FILE_NAME"
    system.rows(f"INSERT INTO raw.colleges ({columns}) VALUES {values}")


def school(year, name, address, insee, place):
    return School("", name, address, "", insee, YEARS[year], "", "", place)


# A border that was corrected, a move across one, and a name that two arrondissements have at the same time.
OTHER_ARRONDISSEMENTS = [
    *(
        school(year, "FRONTIERE", "1 RUE F", insee, at(HERE))
        for year, insee in enumerate(["75115"] * 2 + ["75116"] * 2)
    ),
    *(
        school(year, "VOYAGE", address, insee, place)
        for year, (insee, address, place) in enumerate(
            [("75117", "1 RUE V", at(HERE))] * 3 + [("75118", "2 RUE W", at(FAR))]
        )
    ),
    *(school(year, "DOUBLE", "1 RUE D", "75119", at(HERE)) for year in (0, 1)),
    *(school(year, "DOUBLE", "2 RUE D", "75120", at(FAR)) for year in range(4)),
]


def history(paris, *arrondissements):
    places = ", ".join(f"'751{number:02}'" for number in arrondissements)
    return paris.rows(
        "SELECT school_id, edition - 1, valid_until, change FROM dmt.school_history "
        f"WHERE insee IN ({places}) ORDER BY 1, 2"
    )


@pytest.mark.parametrize(("number", "case"), [*enumerate(CASES, 1)])
def test_the_history_of_a_case(paris, number, case):
    _, expected = CASES[case]
    assert history(paris, number) == [
        (f"751{number:02} {name}", start, None if end is None else YEARS[end], change)
        for name, start, end, change in expected
    ]


def test_a_school_of_another_arrondissement_is_the_same_at_the_same_place(paris):
    assert history(paris, 15, 16) == [
        ("75115 FRONTIERE", 0, YEARS[2], "first listed"),
        ("75115 FRONTIERE", 2, None, "arrondissement 16"),
    ]
    assert history(paris, 17, 18) == [
        ("75117 VOYAGE", 0, YEARS[3], "first listed"),
        ("75117 VOYAGE", 3, None, "closed"),
        ("75118 VOYAGE", 3, None, "opened"),
    ]
    assert history(paris, 19, 20) == [
        ("75119 DOUBLE", 0, YEARS[2], "first listed"),
        ("75119 DOUBLE", 2, None, "closed"),
        ("75120 DOUBLE", 0, None, "first listed"),
    ]


def test_the_oracle_has_the_same_history(paris):
    assert paris.differences(expected_tables([*rows_of(CASES), *OTHER_ARRONDISSEMENTS])) == []


def test_every_state_of_a_school_has_an_edition_of_its_own():
    states = school_states([*rows_of(CASES), *OTHER_ARRONDISSEMENTS])
    assert len({(state.school_id, state.edition) for state in states}) == len(states)
