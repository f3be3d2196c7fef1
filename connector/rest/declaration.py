"""An API over HTTP, declared: where it is, how it knows us, how it tells pages apart.

`auth` and `paging` come in several forms; which one it is, is told by the key that only that form has."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.declaration import Declared, Endpoint, Name, Source, Text, convert, convert_endpoints
from connector.errors import DeclarationError

# Names joined by dots, from the body inwards; $ is the body itself.
JsonPath = Annotated[str, msgspec.Meta(pattern=r"^(\$|[^.$]+(\.[^.$]+)*)$")]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]


class Header(Declared, frozen=True, kw_only=True):
    """The secret is the key, sent in `header` after `prefix`."""

    header: Text
    prefix: str = ""


class Query(Declared, frozen=True, kw_only=True):
    """The secret is the key, sent as the query parameter `query`."""

    query: Text


class ClientCredentials(Declared, frozen=True, kw_only=True):
    """The secret is {"client_id": …, "client_secret": …}, for which `token_url`, an address or a path of the
    source, gives a token: RFC 6749, section 4.4."""

    token_url: Annotated[str, msgspec.Meta(pattern="^(https?://|/)")]
    scope: Text | None = None


class Revocation(Declared, frozen=True, kw_only=True):
    """DELETE <path>/<id> revokes a key. GET `own` tells of the key that asks, GET <path> of all, in the list
    `items`; `id`, `name` and `created` are fields of a key, `name` is given when it is issued."""

    own: Annotated[str, msgspec.Meta(pattern="^/")]
    items: Text
    id: Text
    name: Text
    created: Text


class Rotation(Declared, frozen=True, kw_only=True):
    """POST `path` with the present key issues another one, which is the field `key` of the answer."""

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    key: Text
    revoke: Revocation | None = None


class Paging(Declared, frozen=True, kw_only=True):
    """All items in one answer: the form without any of the keys below. `end` is the status of a page past the
    end, where that is not an empty list."""

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
    """The parameter `cursor` takes what the page before has at `next`."""

    cursor: Text
    next: JsonPath


class ByNext(Paging, frozen=True, kw_only=True):
    """The page before has the address of the next one at `next`."""

    next: JsonPath


class ByLink(Paging, frozen=True, kw_only=True):
    """The page before has the address of the next one in its Link header, as relation `link`: RFC 8288."""

    link: Text


class Limits(Declared, frozen=True, kw_only=True):
    """`in_flight` requests at once, and `per_second` of them begun in a second, by all that ask together."""

    per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=16)] = 16


class RestEndpoint(Endpoint, frozen=True, kw_only=True):
    """`params` are sent with every request. `paging` says what is other here than at the source; null takes a
    key away."""

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
        """None for a source that asks for no key."""
        if bool(self.auth) != bool(self.secret):
            raise DeclarationError(f"{where}: a source has `auth` and `secret`, or neither of them.")
        if not self.auth:
            return None
        return convert(self.auth, one_of(AUTH, self.auth, where) or Header, where)  # type: ignore[return-value]

    def paging_of(self, endpoint: str, where: str = "paging") -> Paging:
        merged = self.paging | self.endpoints[endpoint].paging
        declared = {key: value for key, value in merged.items() if value is not None}
        kind = one_of(PAGING, declared, where) or (ByNext if "next" in declared else Paging)
        paging = convert(declared, kind, where)
        refuse_nesting(paging, where)
        return paging


def one_of[Kind](kinds: Mapping[str, Kind], declared: Mapping[str, Any], where: str) -> Kind | None:
    """The kind whose own key is there; DeclarationError for two."""
    found = [key for key in kinds if key in declared]
    if len(found) > 1:
        raise DeclarationError(f"{where}: {' and '.join(found)} exclude each other; keep one of them.")
    return kinds[found[0]] if found else None


def refuse_nesting(paging: Paging, where: str) -> None:
    """A list holds nothing beside its items, and a number nothing at all."""
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


def parse(declared: dict[str, Any], where: str) -> RestSource:
    """Part by part, so that an error names the very key."""
    if "limits" in declared:
        convert(declared["limits"], Limits, f"{where}: limits")
    convert_endpoints(declared.get("endpoints"), RestEndpoint, where)
    convert_rotation(declared.get("rotation"), f"{where}: rotation")
    source = convert(declared, RestSource, where)
    auth = source.authentication(f"{where}: auth")
    if source.rotation and not isinstance(auth, Header | Query):
        raise DeclarationError(f"{where}: rotation: what is issued is a key: `auth` has `header` or `query`.")
    for name, endpoint in source.endpoints.items():
        source.paging_of(name, f"{where}: endpoints.{name}.paging" if endpoint.paging else f"{where}: paging")
    return source
