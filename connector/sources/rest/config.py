"""Declaration of an HTTP API: address, authentication, paging, limits.

`auth` and `paging` have several kinds, each with one key that only it has.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import Declared, Endpoint, Name, Source, Text, convert, convert_endpoints

# Keys joined by dots, from the body inwards; $ is the body itself.
JsonPath = Annotated[str, msgspec.Meta(pattern=r"^(\$|[^.$]+(\.[^.$]+)*)$")]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]


class Header(Declared, frozen=True, kw_only=True):
    """The secret is an API key, sent in `header` after `prefix`."""

    header: Text
    prefix: str = ""


class Query(Declared, frozen=True, kw_only=True):
    """The secret is an API key, sent as the query parameter `query`."""

    query: Text


class ClientCredentials(Declared, frozen=True, kw_only=True):
    """OAuth client credentials (RFC 6749, section 4.4). The secret is {"client_id": …, "client_secret": …};
    `token_url` is a URL or a path of the source."""

    token_url: Annotated[str, msgspec.Meta(pattern="^(https?://|/)")]
    scope: Text | None = None


class Revocation(Declared, frozen=True, kw_only=True, rename={"current": "own"}):
    """DELETE <path>/<id> revokes a key. GET `current` returns the key of the request, GET <path> all keys, in the
    list `items`. `id`, `name` and `created` are fields of a key; `name` is set when it is issued."""

    current: Annotated[str, msgspec.Meta(pattern="^/")]
    items: Text
    id: Text
    name: Text
    created: Text


class Rotation(Declared, frozen=True, kw_only=True):
    """POST `path` with the current key issues a new key, which is the field `key` of the response."""

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    key: Text
    revoke: Revocation | None = None


class Paging(Declared, frozen=True, kw_only=True):
    """All items in one response, if no key of the kinds below is given. `end`: the status of a page past the
    end, if it is not an empty list."""

    items: JsonPath
    size: Text | None = None
    limit: AtLeastOne | None = None
    total_pages: JsonPath | None = None
    total_items: JsonPath | None = None
    end: Literal[400, 404, 410, 416, 422] | None = None


class ByPage(Paging, frozen=True, kw_only=True):
    page: Text
    first: int = 1


class ByOffset(Paging, frozen=True, kw_only=True):
    offset: Text
    limit: AtLeastOne


class ByCursor(Paging, frozen=True, kw_only=True):
    """The query parameter `cursor` is the value at `next` of the previous page."""

    cursor: Text
    next: JsonPath


class ByNext(Paging, frozen=True, kw_only=True):
    """The previous page contains the URL of the next one at `next`."""

    next: JsonPath


class ByLink(Paging, frozen=True, kw_only=True):
    """The previous page has the URL of the next one in its Link header, with relation `link` (RFC 8288)."""

    link: Text


class Limits(Declared, frozen=True, kw_only=True):
    """At most `in_flight` requests at the same time, of which `per_second` begin in a second."""

    per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=16)] = 16


class RestEndpoint(Endpoint, frozen=True, kw_only=True):
    """`params` are sent with every request. `paging` overrides keys of the source; null removes a key."""

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    params: dict[str, str] = {}
    paging: dict[str, Any] = {}


Auth = Header | Query | ClientCredentials
AUTH: dict[str, type[Declared]] = {"header": Header, "query": Query, "token_url": ClientCredentials}
PAGING: dict[str, type[Paging]] = {"page": ByPage, "offset": ByOffset, "cursor": ByCursor, "link": ByLink}


class RestSource(Source, frozen=True, kw_only=True):
    url: Annotated[str, msgspec.Meta(pattern="^https?://")]
    auth: dict[str, Any] = {}
    rotation: Rotation | None = None
    paging: dict[str, Any]
    limits: Limits = Limits()
    endpoints: Mapping[Name, RestEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"URL": self.url} | super().variables()

    def authentication(self, where: str = "auth") -> Auth | None:
        """None for a source without credentials."""
        if bool(self.auth) != bool(self.secret):
            raise DeclarationError(f"{where}: declare both `auth` and `secret`, or none of them.")
        if not self.auth:
            return None
        return convert(self.auth, select_kind(AUTH, self.auth, where) or Header, where)  # type: ignore[return-value]

    def paging_of(self, endpoint: str, where: str = "paging") -> Paging:
        merged = self.paging | self.endpoints[endpoint].paging
        declared = {key: value for key, value in merged.items() if value is not None}
        kind = select_kind(PAGING, declared, where) or (ByNext if "next" in declared else Paging)
        paging = convert(declared, kind, where)
        check_paths(paging, where)
        return paging


def select_kind[Kind](kinds: Mapping[str, Kind], declared: Mapping[str, Any], where: str) -> Kind | None:
    """The kind whose own key is declared; DeclarationError if there are two."""
    keys = [key for key in kinds if key in declared]
    if len(keys) > 1:
        raise DeclarationError(f"{where}: {' and '.join(keys)} exclude each other; use one of them.")
    return kinds[keys[0]] if keys else None


def check_paths(paging: Paging, where: str) -> None:
    """A path cannot lead through the list of items or through a number."""
    names = ("items", "total_pages", "total_items", "next")
    paths = {name: path for name in names if (path := getattr(paging, name, None))}
    for name, path in paths.items():
        for other, longer in paths.items():
            if name != other and (path == "$" or f"{longer}.".startswith(f"{path}.")):
                raise DeclarationError(
                    f"{where}: `{other}` cannot be at {longer}, inside `{name}` at {path}."
                )


def convert_rotation(declared: Any, where: str) -> None:
    if isinstance(declared, dict) and "revoke" in declared:
        convert(declared["revoke"], Revocation, f"{where}.revoke")
    if declared is not None:
        convert(declared, Rotation, where)


def parse_rest_source(declared: dict[str, Any], where: str) -> RestSource:
    """Convert part by part, so that an error names the key."""
    if "limits" in declared:
        convert(declared["limits"], Limits, f"{where}: limits")
    convert_endpoints(declared.get("endpoints"), RestEndpoint, where)
    convert_rotation(declared.get("rotation"), f"{where}: rotation")
    source = convert(declared, RestSource, where)
    auth = source.authentication(f"{where}: auth")
    if source.rotation and not isinstance(auth, Header | Query):
        raise DeclarationError(
            f"{where}: rotation: only API keys can be rotated: `auth` needs `header` or `query`."
        )
    for name, endpoint in source.endpoints.items():
        source.paging_of(name, f"{where}: endpoints.{name}.paging" if endpoint.paging else f"{where}: paging")
    return source
