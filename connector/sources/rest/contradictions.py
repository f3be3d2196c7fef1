"""Parts of a declaration of an API that are valid by themselves and contradict each other or HTTP.

Each of them would send another request than the declaration describes, and a server then answers with other rows.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.errors import DeclarationError
from connector.sources.address import check_web_address
from connector.sources.base import Window
from connector.sources.rest.config import Auth, ClientCredentials, Header, Query, RestEndpoint, RestSource
from connector.sources.rest.paging import ByCursor, ByLink, ByNext, ByOffset, ByPage, Paging
from connector.sources.time_window import TimeWindow
from connector.sources.window import window_of
from runtime.masking import mask_secrets

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
VALUE = re.compile(r"[!-~\u00a0-\u00ff](?:[\t -~\u00a0-\u00ff]*[!-~\u00a0-\u00ff])?")
# Set by the client, or they would make a response partial or unreadable.
OWN_HEADERS = {
    "accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match", "range",
    "transfer-encoding",
}  # fmt: skip
SMALLEST_RATE = 0.01  # requests in a second; below it a run of a few pages takes longer than a task may


def check_source(source: RestSource, auth: Auth | None, where: str) -> None:
    """DeclarationError for an address or a header that cannot be sent, or a rate that ends no run."""
    if (rate := source.limits.per_second) and rate < SMALLEST_RATE:
        raise DeclarationError(
            f"{where}: limits.per_second: {rate} is a request in {1 / rate:.0f} s; expected at least {SMALLEST_RATE}."
        )
    check_web_address(source.url, f"{where}: url")
    check_headers(source.headers, auth, f"{where}: headers")
    if isinstance(auth, ClientCredentials):
        check_token_url(auth.token_url, f"{where}: auth.token_url")
    if isinstance(auth, Header):
        check_header(auth.header, auth.prefix.strip() or "x", f"{where}: auth")


def check_token_url(url: str, where: str) -> None:
    """A query is allowed, in which some servers expect an account."""
    if wrong := re.search(r"[\s\x00-\x1f<>\\]", url):
        raise DeclarationError(f"{where}: invalid character {wrong[0]!r} in {mask_secrets(url)!r}.")
    if "@" in urlsplit(url).netloc:
        raise DeclarationError(
            f"{where}: remove the credentials from {mask_secrets(url)!r}; they belong in the secret."
        )


def check_endpoint(endpoint: RestEndpoint, paging: Paging, auth: Auth | None, where: str) -> None:
    """DeclarationError for the first contradiction."""
    if wrong := re.search(r"[\s\x00-\x1f#{}<>\\]", endpoint.path):
        raise DeclarationError(
            f"{where}.path: invalid character {wrong[0]!r} in {mask_secrets(endpoint.path)!r}; a path is sent as it "
            "is, without placeholders."
        )
    check_headers(endpoint.headers, auth, f"{where}.headers")
    check_names(endpoint, paging, auth, where)
    check_size(endpoint, paging, where)
    if paging.within == "body":
        check_body(endpoint, paging, where)
    if endpoint.unmapped and endpoint.unmapped in {*endpoint.key, *endpoint.rename.values()}:
        raise DeclarationError(
            f"{where}.unmapped: {endpoint.unmapped!r} is also the column of a field, which would be collected in it; "
            "use a column of its own."
        )


def check_headers(headers: Mapping[str, str], auth: Auth | None, where: str) -> None:
    """DeclarationError for a name that is there twice, or is set by the connector itself."""
    names = [name.lower() for name in headers]
    used = OWN_HEADERS | ({auth.header.lower()} if isinstance(auth, Header) else set())
    for name, value in headers.items():
        check_header(name, value, where)
        if name.lower() in used:
            raise DeclarationError(f"{where}: remove {name!r}: the connector sets this header itself.")
        if names.count(name.lower()) > 1:
            raise DeclarationError(f"{where}: {name!r} is declared twice; HTTP ignores case.")


def check_header(name: str, value: str, where: str) -> None:
    if not TOKEN.fullmatch(name):
        raise DeclarationError(f"{where}: invalid header name {name!r}; expected letters, digits and -.")
    if value and not VALUE.fullmatch(value):
        raise DeclarationError(
            # Not repeated: it may be a key.
            f"{where}: header {name!r} cannot have the value that is declared: it has a line break, a blank at an end, "
            "or a character outside of Latin-1."
        )


def check_names(endpoint: RestEndpoint, paging: Paging, auth: Auth | None, where: str) -> None:
    """DeclarationError for a parameter with two values: only one of them would be sent."""
    places: dict[str, str] = {}
    for name, place in iter_parameters(endpoint, paging, auth):
        if name in places:
            raise DeclarationError(
                f"{where}: parameter {name!r} is both {places[name]} and {place}, and only one value can be sent; "
                "remove one of them."
            )
        places[name] = place


def check_size(endpoint: RestEndpoint, paging: Paging, where: str) -> None:
    """DeclarationError for a page size that would not be sent."""
    names = {*endpoint.params, *(name for name, _ in parse_qsl(urlsplit(endpoint.path).query))}
    if paging.size and not paging.limit and paging.within == "query" and paging.size not in names:
        raise DeclarationError(
            f"{where}: paging: `size: {paging.size}` needs `limit`, the number to send in it, for example `limit: 100`."
        )


def iter_parameters(endpoint: RestEndpoint, paging: Paging, auth: Auth | None) -> Iterator[tuple[str, str]]:
    """Names of parameters in the query, and where each is declared."""
    names = {name for name, _ in parse_qsl(urlsplit(endpoint.path).query, keep_blank_values=True)}
    yield from ((name, "in `path`") for name in sorted(names))
    yield from ((name, "in `params`") for name in endpoint.params)
    if isinstance(auth, Query):
        yield auth.query, "`auth.query`"
    if paging.within == "query":
        yield from iter_sent(endpoint, paging)


def iter_sent(endpoint: RestEndpoint, paging: Paging) -> Iterator[tuple[str, str]]:
    """Of paging and window: in the query or, with `within: body`, in the body."""
    match paging:
        case ByPage(page=name):
            yield name, "`paging.page`"
        case ByOffset(offset=name):
            yield name, "`paging.offset`"
        case ByCursor(cursor=name):
            yield name, "`paging.cursor`"
    if paging.size and paging.limit:
        yield paging.size, "`paging.size`"
    yield from iter_bounds(window_of(endpoint))


def iter_bounds(window: Window | TimeWindow | None) -> Iterator[tuple[str, str]]:
    if window is None:
        return
    name = "time_window" if isinstance(window, TimeWindow) else "window"
    yield window.start, f"`{name}.from`"
    if window.until:
        yield window.until, f"`{name}.until`"
    if isinstance(window, Window) and window.start_date:
        yield window.start_date, "`window.from_date`"


def check_body(endpoint: RestEndpoint, paging: Paging, where: str) -> None:
    """DeclarationError for a place in the body of a request that does not exist, or has a value already."""
    if endpoint.method != "POST" and not isinstance(paging, ByLink | ByNext):
        raise DeclarationError(f"{where}: `within: body` needs `method: POST`.")
    places: dict[str, str] = {}
    for path, place in iter_sent(endpoint, paging):
        *parents, name = path.split(".")
        target: Any = endpoint.body
        for parent in parents:
            target = target.get(parent, {}) if isinstance(target, dict) else None
        if not isinstance(target, dict) or "" in path.split("."):
            raise DeclarationError(
                f"{where}: {place} cannot be at {path!r} in `body`: use a path of objects."
            )
        if name in target or path in places:
            raise DeclarationError(
                f"{where}: {path!r} is both {place} and {places.get(path, 'in `body`')}; remove one of them."
            )
        places[path] = place
