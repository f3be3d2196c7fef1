"""Declaration of a MongoDB database as a source."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import Declared, Endpoint, Name, Source, Text, convert, convert_endpoints

DURATION = re.compile(r"(\d+)(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MICROSECONDS = 1_000_000
# The first instant that a window can start at; older dates are before year 1 and are read by a run of everything.
FIRST = -62_135_596_800 * MICROSECONDS


class TimeWindow(Declared, frozen=True, kw_only=True):
    """`field`: a date that every change of a document sets. `look_back`: how much of the previous windows is read
    again, for clocks that differ and transactions that commit late; a duplicate costs bytes, a lost document trust."""

    field: Text
    look_back: Annotated[str, msgspec.Meta(pattern=r"^\d+(s|m|h|d)$")] = "1h"


class MongoEndpoint(Endpoint, frozen=True, kw_only=True):
    collection: Text


class MongoSource(Source, frozen=True, kw_only=True):
    """`url` with the database and without the password, which is the secret. `connections`: parts read at a time."""

    url: Annotated[str, msgspec.Meta(pattern="^mongodb(\\+srv)?://")]
    connections: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    endpoints: Mapping[Name, MongoEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"URL": self.url} | super().variables()


def parse_mongodb_source(declared: dict[str, Any], where: str) -> MongoSource:
    """Convert part by part, so that an error names the key."""
    endpoints = declared.get("endpoints")
    if isinstance(endpoints, dict):
        endpoints = {
            name: convert_window(value, f"{where}: endpoints.{name}") for name, value in endpoints.items()
        }
    convert_endpoints(endpoints, MongoEndpoint, where)
    source = convert(declared | {"endpoints": endpoints}, MongoSource, where)
    if re.search(r"://[^/@]*:[^/@]*@", source.url):
        raise DeclarationError(f"{where}: remove the password from `url`; it is the content of `secret`.")
    return source


def convert_window(endpoint: Any, where: str) -> Any:
    """The endpoint with its window as the shared machinery has it: microseconds since 1970 UTC."""
    if not isinstance(endpoint, dict) or endpoint.get("window") is None:
        return endpoint
    window = convert(endpoint["window"], TimeWindow, f"{where}.window")
    keys = {"from": window.field, "until": window.field, "last": window.field}
    shared = {"field": window.field, "look_back": parse_duration(window.look_back), "first": FIRST}
    return endpoint | {"window": shared | keys}


def parse_duration(text: str) -> int:
    """Microseconds of a duration such as 15m."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"invalid duration '{text}': expected for example 90s, 15m, 1h or 2d.")
    return int(match[1]) * SECONDS[match[2]] * MICROSECONDS
