"""Explore API v2.1 as far as a copy needs it: records and exports of one dataset.

Its rules are those of https://help.opendatasoft.com/apis/ods-explore-v2/: `limit` is at most 100, `offset` and `limit`
together at most 10,000, and `total_count` counts all records. An export has no limit.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from demo.companies.paris.catalogue import School, catalogue_path, read_catalogue, school_years
from sandbox.state import State

DATASET = "etablissements-scolaires-colleges"
BASE = "/paris/api/explore/v2.1"
MAX_LIMIT = 100
MAX_END = 10_000
# What an export that fails midway ends with, under status 200.
INTERRUPTED = "Streaming interrupted due to the following error: the backend did not answer"


class Portal:
    """The first `published` school years of the catalogue; the next `interruptions` responses break off."""

    def __init__(self, catalogue: list[School]) -> None:
        self.catalogue = catalogue
        self.published = 1
        self.interruptions = 0

    @property
    def years(self) -> list[str]:
        return school_years(self.catalogue)[: self.published]

    def records(self) -> list[dict[str, Any]]:
        """In the order of `order_by`, which the declaration sends: pages by offset need a fixed one."""
        schools = [school for school in self.catalogue if school.school_year in self.years]
        return [
            as_record(school)
            for school in sorted(
                schools, key=lambda item: (item.school_year, item.name, item.insee, item.address)
            )
        ]


def as_record(school: School) -> dict[str, Any]:
    """The machine names of the API; a number is a number, an empty text is null."""
    latitude, _, longitude = school.point.partition(",")
    return {
        "annee_scol": school.school_year,
        "libelle": school.name or None,
        "adresse": school.address or None,
        "arr_libelle": school.district or None,
        "arr_insee": school.insee or None,
        "type_etabl": school.kind or None,
        "geo_point_2d": {"lon": float(longitude), "lat": float(latitude)} if longitude else None,
    }


def routes(state: State) -> list[BaseRoute]:
    return portal_routes(Portal(read_catalogue(catalogue_path())))


def portal_routes(portal: Portal) -> list[BaseRoute]:
    """The portal's API for the product, /sandbox/paris/{control} for the demo and for tests."""

    def records(request: Request) -> Response:
        if request.path_params["dataset"] != DATASET:
            return error(404, "ODSQLError", f"no dataset {request.path_params['dataset']}")
        return interrupted(portal) or serve_records(request, portal)

    def export(request: Request) -> Response:
        return interrupted(portal) or JSONResponse(portal.records())

    def publish(request: Request) -> Response:
        portal.published += 1
        return JSONResponse({"years": portal.years})

    async def interrupt(request: Request) -> Response:
        portal.interruptions = (await request.json())["times"]
        return JSONResponse({})

    path = f"{BASE}/catalog/datasets/{{dataset}}"
    return [
        Route(f"{path}/records", records),
        Route(f"{path}/exports/json", export),
        Route("/sandbox/paris/publish", publish, methods=["POST"]),
        Route("/sandbox/paris/interrupt", interrupt, methods=["POST"]),
    ]


def serve_records(request: Request, portal: Portal) -> Response:
    try:
        limit, offset = (
            int(request.query_params.get(name, default)) for name, default in (("limit", 10), ("offset", 0))
        )
    except ValueError as problem:
        return error(400, "InvalidRESTParameterError", str(problem))
    if not 0 <= limit <= MAX_LIMIT or offset < 0 or offset + limit > MAX_END:
        return error(400, "InvalidRESTParameterError", f"limit {limit} or offset {offset} is out of range")
    everything = portal.records()
    return JSONResponse({"total_count": len(everything), "results": everything[offset : offset + limit]})


def interrupted(portal: Portal) -> Response | None:
    """Half of a body, then the text of the error, under status 200."""
    if portal.interruptions == 0:
        return None
    portal.interruptions -= 1
    everything = portal.records()
    text = json.dumps({"total_count": len(everything), "results": everything})
    return Response(text[: len(text) // 2] + INTERRUPTED, media_type="application/json")


def error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error_code": code, "message": message}, status_code=status)


def job_variables(state: State) -> dict[str, str]:
    """The variable from which the connector reads the address of source `paris`."""
    return {"PARIS_URL": f"{state.address}{BASE}"}
