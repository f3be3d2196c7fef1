"""Open Data Paris: four school years of the catalogue become a history with the real changes only.

The tests of this file share one warehouse and run in order.
"""

import socket
import threading

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from connector.errors import ConnectorError
from demo.companies.paris import api
from demo.companies.paris.catalogue import SAMPLE, catalogue_path, read_catalogue, school_years
from demo.companies.paris.dashboard import bars_spec, draw, map_spec, years_spec
from demo.companies.paris.expected import expected_tables, school_states
from tests.demo.companies.system import System, lay_out_company

SOURCE = ("paris", "colleges")


@pytest.fixture(scope="module")
def portal():
    """The address of the portal of the sample, whose first school year is published."""
    app = Starlette(routes=api.portal_routes(api.Portal(read_catalogue(SAMPLE))))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=[[listener]])
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def paris(sandbox, portal, tmp_path_factory):
    graph = lay_out_company("paris", tmp_path_factory.mktemp("paris") / "project").compile()
    system = System(sandbox.address, "paris", graph, {"PARIS_URL": f"{portal}{api.BASE}"}, {})
    yield system
    system.close()


def published(count):
    catalogue = read_catalogue(SAMPLE)
    years = school_years(catalogue)[:count]
    return [school for school in catalogue if school.school_year in years]


def publish(portal):
    requests.post(f"{portal}/sandbox/paris/publish", timeout=10).raise_for_status()


def test_the_sample_has_six_changes_and_four_years():
    states = school_states(read_catalogue(SAMPLE))
    assert sorted(state.change for state in states if state.edition > 1) == [
        "address 12 BOULEVARD NEUF",
        "address 7 RUE RETROUVEE",
        "closed",
        "moved",
        "opened",
        "renamed from LES LILAS",
    ]


def test_the_catalogue_of_the_demo_has_six_changes():
    """Also the city's own one of 2017 to 2022, if PARIS_CATALOGUE names it."""
    states = school_states(read_catalogue(catalogue_path()))
    assert len([state for state in states if state.edition > 1]) == 6


def test_the_limits_of_the_portal(portal):
    records = f"{portal}{api.BASE}/catalog/datasets/{api.DATASET}/records"
    for query in ("limit=101", "limit=-1", "offset=9990&limit=11", "limit=ten"):
        response = requests.get(f"{records}?{query}", timeout=10)
        assert (response.status_code, response.json()["error_code"]) == (400, "InvalidRESTParameterError"), (
            query
        )
    assert requests.get(records.replace(api.DATASET, "trees"), timeout=10).status_code == 404
    page = requests.get(f"{records}?limit=5&offset=20", timeout=10).json()
    assert (page["total_count"], len(page["results"])) == (len(published(1)), len(published(1)) - 20)


def interrupt(portal, times):
    requests.post(f"{portal}/sandbox/paris/interrupt", json={"times": times}, timeout=10).raise_for_status()


def test_an_error_inside_a_200_is_a_failed_run(paris, portal):
    interrupt(portal, 1000)
    with pytest.raises(ConnectorError, match="JSON is malformed"):
        paris.copy(*SOURCE)
    assert paris.rows("SELECT COUNT(*) FROM raw.colleges") == [(0,)]


def test_the_first_year_equals_the_oracle(paris, portal):
    """After one error inside a 200, which the connector retries."""
    interrupt(portal, 1)
    paris.copy(*SOURCE)
    paris.transform()
    assert paris.differences(expected_tables(published(1))) == []


def test_every_year_and_the_same_again_equal_the_oracle(paris, portal):
    """Two years at once, then one, then nothing: the history does not depend on when it was loaded."""
    for years in (3, 4, 4):
        while (
            requests.get(
                f"{portal}{api.BASE}/catalog/datasets/{api.DATASET}/exports/json", timeout=10
            ).json()[-1]["annee_scol"]
            != school_years(published(years))[-1]
        ):
            publish(portal)
        paris.copy(*SOURCE)
        paris.transform()
        assert paris.differences(expected_tables(published(years))) == []
    assert paris.rows("SELECT COUNT(*) FROM dmt.school_history WHERE edition > 1") == [(6,)]


def test_a_row_without_a_place_is_a_reject_with_its_reason(paris):
    paris.rows(
        "INSERT INTO raw.colleges (annee_scol, libelle, arr_insee, SYS_DATE_CREATE, SYS_FILE_NAME) "
        "VALUES ('2021-2022', 'NULLE PART', '75101', CURRENT_TIMESTAMP(), 'colleges_20990101_0000_x.json'), "
        "('2021-2022', ' ', '99999', CURRENT_TIMESTAMP(), 'colleges_20990101_0000_x.json')"
    )
    paris.transform()
    assert sorted(paris.rows("SELECT reason FROM ods.colleges_rejects")) == [
        ("geo_point_2d is not a point",),
        ("libelle is missing; arr_insee is not an arrondissement of Paris; geo_point_2d is not a point",),
    ]
    assert paris.differences(expected_tables(published(4))) == []


def test_a_full_refresh_changes_nothing(paris):
    paris.transform(full=True)
    assert paris.differences(expected_tables(published(4))) == []


def test_charts_are_inline_and_name_no_other_address():
    sectors = [
        {"arrondissement": 1, "school_year": "2021-2022", "schools": 7, "latitude": 48.86, "longitude": 2.34}
    ]
    places = [{"name": "A", "latitude": 48.86, "longitude": 2.34, "state": "open"}]
    for spec in (map_spec(places, sectors), bars_spec(sectors), years_spec(sectors)):
        assert "<svg" in draw(spec) and "href" not in draw(spec).replace("http://www.w3.org", "")
