"""The arguments of `new`, and the declaration that they suffice for: one that can be read, without its key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec

from connector.settings import Settings
from connector.sources import registry
from connector.sources.base import Endpoint, Source
from runtime.settings import read_endpoint, read_required

if TYPE_CHECKING:
    from google.auth.credentials import Credentials as GoogleCredentials

# Called only by kinds that need those of Google.
type Credentials = Callable[[], GoogleCredentials]
# The key of an endpoint that --relation is the value of.
PLACES = {
    "files": "glob",
    "mongodb": "collection",
    "mysql": "relation",
    "postgres": "relation",
    "rest": "path",
    "sheet": "tab",
}


@dataclass(frozen=True)
class Request:
    """`places` by endpoint: the --relation; the endpoint is also the table of raw and ods. `keys`: --key by endpoint.
    `options`: further keys of the declaration, by their names."""

    name: str
    kind: str
    url: str
    secret: str | None
    places: Mapping[str, str]
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def endpoint_options(self) -> dict[str, Any]:
        """Options that only an endpoint has, such as `format`."""
        names = {each.encode_name for each in msgspec.structs.fields(source_type(self.kind))}
        return {name: value for name, value in self.options.items() if name not in names}

    @property
    def source_options(self) -> dict[str, Any]:
        further = self.endpoint_options
        return {name: value for name, value in self.options.items() if name not in further}

    def with_options(self, **options: Any) -> "Request":
        return replace(self, options={**self.options, **options})

    def head(self) -> dict[str, Any]:
        """The keys of the source before `endpoints`. The address of a sheet is a setting of each environment."""
        url = {} if self.kind == "sheet" else {"url": self.url}
        return (
            {"kind": self.kind} | url | ({"secret": self.secret} if self.secret else {}) | self.source_options
        )

    def draft(self, **further: Any) -> Source:
        """The source with a key that is not known yet; DeclarationError for an invalid url, secret or option."""
        common = {"key": ["unknown"], "schedule": "daily"} | self.endpoint_options | further
        endpoints = {
            name: {PLACES[self.kind]: place, "table": name, **common} for name, place in self.places.items()
        }
        return registry.parse_source(self.head() | {"endpoints": endpoints}, f"{self.name}.yaml")

    def settings(self, source: Source, environ: Mapping[str, str]) -> Settings:
        """As those of the job, without a project; SettingsError without the secret."""
        prefix = self.name.upper()
        secret = read_required(environ, [f"{prefix}_API_KEY"]) if self.secret else {}
        values = {
            key: environ.get(f"{prefix}_{key}") or default or ""
            for key, default in source.variables().items()
        }
        values |= {"API_KEY": "".join(secret.values())}
        return Settings(
            *("", "", ""),
            values,
            read_endpoint(environ, "sheets"),
            read_endpoint(environ, "storage"),
            self.name,
        )


def source_type(kind: str) -> type[Source]:
    hints: type[Source] = get_type_hints(registry.KINDS[kind])["return"]
    return hints


def endpoint_type(kind: str) -> type[Endpoint]:
    declared: type[Endpoint] = get_args(get_type_hints(source_type(kind))["endpoints"])[1]
    return declared
