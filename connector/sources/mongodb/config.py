"""Declaration of a MongoDB database as a source."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from connector.errors import DeclarationError
from connector.sources.address import reject_password
from connector.sources.base import (
    Declared,
    Deletes,
    Duration,
    Name,
    PlannedEndpoint,
    Source,
    Text,
    convert,
    convert_endpoints,
    matching,
    reject_changes,
)
from connector.sources.time_window import TimeWindow


class ChangeWindow(Declared, frozen=True, kw_only=True):
    """`field`: a date that every change of a document sets. `look_back`: how much of the previous windows is read
    again, for clocks that differ and transactions that commit late; a duplicate costs bytes, a lost document trust."""

    field: Text
    look_back: Duration = "1h"

    def to_time_window(self) -> TimeWindow:
        """`start` is the name of a query parameter, which MongoDB has none of."""
        return TimeWindow(
            field=self.field, start=self.field, look_back=self.look_back, first="0001-01-01T00:00:00Z"
        )


class MongoEndpoint(PlannedEndpoint, frozen=True, kw_only=True):
    """`changes`: without it the whole collection is read in every run. `deletes` needs `key: [_id]`. `rename`: fields
    of documents to columns of raw, for names that BigQuery does not accept."""

    # https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-Restriction-on-Collection-Names
    collection: Annotated[
        str,
        matching(
            r"^(?!\.|.*\.\.|.*\.$)[^$\x00-\x1f]+$(?!\n)",
            "a name without $, line breaks, two dots together or a dot at an end, for example shop.orders",
        ),
    ]
    rename: dict[str, Name] = {}
    changes: ChangeWindow | None = None
    deletes: Deletes | None = None

    @property
    def time_window(self) -> TimeWindow | None:
        return self.changes.to_time_window() if self.changes else None


class MongoSource(Source, frozen=True, kw_only=True):
    """`url` with the database and without the password, which is the secret. `connections`: parts read at a time."""

    url: Annotated[
        str,
        matching(
            "^mongodb(\\+srv)?://",
            "an address that begins with mongodb:// or mongodb+srv://, for example mongodb://user@host/database",
        ),
    ]
    connections: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    endpoints: Mapping[Name, MongoEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"URL": self.url} | super().variables()


def parse_mongodb_source(declared: dict[str, Any], where: str) -> MongoSource:
    """Convert part by part, so that an error names the key."""
    endpoints = declared.get("endpoints")
    if isinstance(endpoints, dict):
        endpoints = {
            name: rename_window(value, f"{where}: endpoints.{name}") for name, value in endpoints.items()
        }
    convert_endpoints(endpoints, MongoEndpoint, where)
    source = convert(declared | {"endpoints": endpoints}, MongoSource, where)
    reject_password(source.url, where)
    for name, endpoint in source.endpoints.items():
        check_deletes(endpoint, f"{where}: endpoints.{name}")
        check_rename(endpoint, f"{where}: endpoints.{name}")
    return source


def check_rename(endpoint: MongoEndpoint, where: str) -> None:
    """The list of keys and the ranges of a plan have these fields under their own names."""
    fixed = {"_id"} | ({endpoint.changes.field} if endpoint.changes else set())
    if renamed := sorted(fixed & endpoint.rename.keys()):
        raise DeclarationError(f"{where}.rename: remove {', '.join(renamed)}: its name is the same in raw.")


def check_deletes(endpoint: MongoEndpoint, where: str) -> None:
    if endpoint.deletes and not endpoint.changes:
        raise DeclarationError(
            f"{where}: remove `deletes`: without `window` every run reads the whole collection."
        )
    if endpoint.deletes and endpoint.key != ["_id"]:
        raise DeclarationError(
            f"{where}: `deletes` needs `key: [_id]`, not {endpoint.key}: only _id is unique and never changes."
        )


def rename_window(endpoint: Any, where: str) -> Any:
    """The declared key is `window`, which in the common Endpoint is a range of ids."""
    reject_changes(endpoint, where)
    if not isinstance(endpoint, dict) or endpoint.get("window") is None:
        return endpoint
    convert(endpoint["window"], ChangeWindow, f"{where}.window")
    return {name: value for name, value in endpoint.items() if name != "window"} | {
        "changes": endpoint["window"]
    }
