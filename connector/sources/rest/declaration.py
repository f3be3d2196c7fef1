"""Read the declaration of an API part by part, so that an error names the key."""

from typing import Any

from connector.errors import DeclarationError
from connector.sources.base import convert, convert_endpoints
from connector.sources.rest.config import (
    Header,
    Limits,
    Query,
    RestEndpoint,
    RestSource,
    Revocation,
    Rotation,
)
from connector.sources.rest.contradictions import check_endpoint, check_source
from connector.sources.time_window import TimeWindow, load_zone
from runtime.errors import UsageError


def check_windows(endpoint: RestEndpoint, where: str) -> None:
    """DeclarationError for two windows, a body of a GET, or an unknown zone."""
    if endpoint.window and endpoint.time_window:
        raise DeclarationError(f"{where}: window and time_window exclude each other; use one of them.")
    if endpoint.body and endpoint.method != "POST":
        raise DeclarationError(f"{where}: `body` needs `method: POST`.")
    if endpoint.time_window:
        check_zone(endpoint.time_window.zone, f"{where}.time_window.zone")
        check_first(endpoint.time_window, f"{where}.time_window")


def check_zone(zone: str, where: str) -> None:
    try:
        load_zone(zone)
    except DeclarationError as error:
        raise DeclarationError(f"{where}: {error}") from error


def check_first(window: TimeWindow, where: str) -> None:
    """DeclarationError unless the first lower bound can be sent in the declared format."""
    try:
        window.parameters(window.first_microseconds, None)
    except (UsageError, OverflowError) as error:
        raise DeclarationError(
            f"{where}.first: invalid time {window.first!r}; expected ISO 8601 after the year 1, for example "
            "2026-01-31T08:00:00Z or 2026-01-31."
        ) from error


def check_texts(declared: dict[str, Any], where: str) -> None:
    """DeclarationError for a parameter or header that is not a text: YAML reads `no` as false, 2026-01-31 as a date."""
    endpoints = declared.get("endpoints")
    parts = [(where, declared)]
    parts += [
        (f"{where}: endpoints.{name}", endpoint)
        for name, endpoint in (endpoints.items() if isinstance(endpoints, dict) else ())
        if isinstance(endpoint, dict)
    ]
    for place, part in parts:
        for key in ("params", "headers"):
            values = part.get(key)
            for name, value in values.items() if isinstance(values, dict) else ():
                if not (isinstance(name, str) and isinstance(value, str)):
                    raise DeclarationError(
                        f"{place}.{key}: {name!r}: {value!r} is not a text; write both in quotes, for example "
                        '{"page": "1"}.'
                    )


def convert_time_windows(endpoints: Any, where: str) -> None:
    """First, because an error of the endpoint would list the keys of the endpoint."""
    for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        if isinstance(endpoint, dict) and endpoint.get("time_window") is not None:
            convert(endpoint["time_window"], TimeWindow, f"{where}: endpoints.{name}.time_window")


def convert_rotation(declared: Any, where: str) -> None:
    if isinstance(declared, dict) and "revoke" in declared:
        convert(declared["revoke"], Revocation, f"{where}.revoke")
    if declared is not None:
        convert(declared, Rotation, where)


def parse_rest_source(declared: dict[str, Any], where: str) -> RestSource:
    """DeclarationError with the key, the value and what is allowed."""
    if "limits" in declared:
        convert(declared["limits"], Limits, f"{where}: limits")
    check_texts(declared, where)
    convert_time_windows(declared.get("endpoints"), where)
    convert_endpoints(declared.get("endpoints"), RestEndpoint, where)
    convert_rotation(declared.get("rotation"), f"{where}: rotation")
    source = convert(declared, RestSource, where)
    auth = source.authentication(f"{where}: auth")
    # OAuth and Basic have no API to issue a key.
    if source.rotation and not isinstance(auth, Header | Query):
        raise DeclarationError(
            f"{where}: rotation: only API keys can be rotated: `auth` needs `header` or `query`."
        )
    check_source(source, auth, where)
    for name, endpoint in source.endpoints.items():
        place = f"{where}: endpoints.{name}"
        check_windows(endpoint, place)
        paging = source.paging_of(name, f"{place}.paging" if endpoint.paging else f"{where}: paging")
        check_endpoint(endpoint, paging, auth, place)
    return source
