"""Declaration of an HTTP API: address, authentication, paging, limits.

`auth` and `paging` have several kinds, each with one key that only it has.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import (
    Declared,
    Endpoint,
    Name,
    Source,
    Text,
    allowed_keys,
    convert,
    matching,
)
from connector.sources.time_window import TimeWindow

# Keys joined by dots, from the body inwards; $ is the body itself.
JsonPath = Annotated[
    str,
    matching(r"^(\$|[^.$]+(\.[^.$]+)*)$", "a path in the body such as data.orders, or $ for the body itself"),
]
# A path in the body, or a response header.
Place = Annotated[
    str,
    matching(
        r"^(?!header: *$)(header: *[A-Za-z0-9_-]+|\$|[^.$]+(\.[^.$]+)*)$",
        "a path in the body such as meta.total, or a header such as header:X-Total-Count",
    ),
]
UrlPath = Annotated[str, matching("^/", "a path that begins with /, for example /orders")]
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
    `token_url` is a URL or a path of the source. client_auth: whether the client's
    secret is sent in the Authorization header or in the body. grant: refresh_token needs `refresh_token` in the
    secret (RFC 6749, section 6)."""

    token_url: Annotated[
        str, matching("^(https?://|/)", "a URL, or a path that begins with /, for example /oauth/token")
    ]
    scope: Text | None = None
    audience: Text | None = None
    client_auth: Literal["header", "body"] = "header"
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"


class Revocation(Declared, frozen=True, kw_only=True, rename={"current": "own"}):
    """DELETE <path>/<id> revokes a key. GET `current` returns the key of the request, GET <path> all keys, in the
    list `items`. `id`, `name` and `created` are fields of a key; `name` is set when it is issued."""

    current: UrlPath
    items: Text
    id: Text
    name: Text
    created: Text


class Rotation(Declared, frozen=True, kw_only=True):
    """POST `path` with the current key issues a new key, which is the field `key` of the response."""

    path: UrlPath
    key: Text
    revoke: Revocation | None = None


class Paging(Declared, frozen=True, kw_only=True):
    """All items in one response, if no key of the kinds below is given.

    more: a boolean in the body or in a header that states whether more items exist. end: the status of a page past
    the end, if it is not an empty list. within: whether the parameters of the paging go into the query or into the
    body of a POST.
    """

    items: JsonPath
    size: Text | None = None
    limit: AtLeastOne | None = None
    total_pages: Place | None = None
    total_items: Place | None = None
    more: Place | None = None
    within: Literal["query", "body"] = "query"
    end: Literal[400, 404, 410, 416, 422] | None = None


class ByPage(Paging, frozen=True, kw_only=True):
    page: Text
    first: int = 1


class ByOffset(Paging, frozen=True, kw_only=True):
    offset: Text
    limit: AtLeastOne


class ByCursor(Paging, frozen=True, kw_only=True):
    """The parameter `cursor` is the value at `next` of the previous page: a path in the body, `header:<name>`, or
    `last_item.<path>` for the value of its last item (Stripe, Shopify, search_after). end_cursor: the value of the last
    page, where that is not empty, such as 0 or -1."""

    cursor: Text
    next: Place
    end_cursor: int | str | None = None


class ByNext(Paging, frozen=True, kw_only=True):
    """The previous page contains the URL of the next one at `next`: a path in the body, or `header:<name>`."""

    next: Place


class ByLink(Paging, frozen=True, kw_only=True):
    """The previous page has the URL of the next one in its Link header, with relation `link` (RFC 8288)."""

    link: Text


class Limits(Declared, frozen=True, kw_only=True):
    """At most `in_flight` requests at the same time, of which `per_second` begin in a second."""

    per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    # 16 as in page_loop.IN_FLIGHT: more workers than that do not exist.
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=16)] = 16


class RestEndpoint(Endpoint, frozen=True, kw_only=True):
    """An endpoint of an API.

    params, headers: sent with every request. body: of a POST. paging: overrides keys of the source; null removes a key.
    time_window: instead of `window`, for sources that filter by a time. rename: column by field, for names that
    BigQuery does not accept. unmapped: a column that receives all fields without a column, as JSON text.
    """

    path: UrlPath
    method: Literal["GET", "POST"] = "GET"
    body: dict[str, Any] = {}
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    paging: dict[str, Any] = {}
    time_window: TimeWindow | None = None
    rename: dict[str, Name] = {}
    unmapped: Name | None = None


class Basic(Declared, frozen=True, kw_only=True):
    """HTTP Basic authentication (RFC 7617): `username`, and the secret as password."""

    username: Annotated[
        str, matching("^[^:]+$", "a user name without a colon, for example reader", is_quoted=False)
    ]


Auth = Header | Query | Basic | ClientCredentials
AUTH: dict[str, type[Declared]] = {
    "header": Header,
    "query": Query,
    "username": Basic,
    "token_url": ClientCredentials,
}
PAGING: dict[str, type[Paging]] = {"page": ByPage, "offset": ByOffset, "cursor": ByCursor, "link": ByLink}


class RestSource(Source, frozen=True, kw_only=True):
    url: Annotated[
        str,
        matching(
            "^https?://[^/ ]+[^ ]*$",
            "an address that begins with https:// or http:// and has no blanks, for example https://api.example/v1",
        ),
    ]
    auth: dict[str, Any] = {}
    headers: dict[str, str] = {}
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
        kind = select_kind(AUTH, self.auth, where)
        if kind is None:
            keys = ", ".join(self.auth)
            raise DeclarationError(
                f"{where}: unknown kind of authentication ({keys}). Allowed here: {', '.join(AUTH)}."
            )
        return convert(self.auth, kind, where)  # type: ignore[return-value]

    def paging_of(self, endpoint: str, where: str = "paging") -> Paging:
        """The source's paging with the endpoint's overrides; DeclarationError names the unknown or conflicting key."""
        merged = self.paging | self.endpoints[endpoint].paging
        # `null` in an endpoint removes a key of the source.
        declared = {key: value for key, value in merged.items() if value is not None}
        # `next` belongs to two kinds, so it only decides where no other key does.
        kind = select_kind(PAGING, declared, where) or (ByNext if "next" in declared else Paging)
        unknown = sorted(declared.keys() - set(kind.__struct_encode_fields__))
        if kind is Paging and unknown:
            kinds = ", ".join([*PAGING, "next"])
            raise DeclarationError(
                f"{where}: unknown key `{unknown[0]}`. Kinds of paging: {kinds}. Other keys: {allowed_keys(Paging)}."
            )
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
    names = ("items", "total_pages", "total_items", "more", "next")
    paths = {name: path for name in names if (path := getattr(paging, name, None))}
    paths = {name: path for name, path in paths.items() if not path.startswith(("header:", "last_item."))}
    for name, path in paths.items():
        for other, longer in paths.items():
            if name != other and (path == "$" or f"{longer}.".startswith(f"{path}.")):
                raise DeclarationError(
                    f"{where}: `{other}` cannot be at {longer}, inside `{name}` at {path}."
                )
