"""Declaration of an HTTP API: address, authentication, endpoints, limits. Its paging: paging.py."""

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
    convert,
    matching,
)
from connector.sources.rest.paging import Paging, parse_paging, select_kind
from connector.sources.time_window import TimeWindow

UrlPath = Annotated[str, matching("^/", "a path that begins with /, for example /orders")]


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


class Limits(Declared, frozen=True, kw_only=True):
    """At most `in_flight` requests at the same time, of which `per_second` begin in a second."""

    per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    # 16 as in workers.IN_FLIGHT: more workers than that do not exist.
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
        return parse_paging(self.paging | self.endpoints[endpoint].paging, where)
