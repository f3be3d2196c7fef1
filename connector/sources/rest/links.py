"""Parse a Link header (RFC 8288). requests' own parser breaks on `;` and `,` inside a URL (psf/requests#5464)."""

import re
from urllib.parse import SplitResult, urlsplit

import msgspec

# Single quotes, a second semicolon and a missing closing quote are not allowed, but servers send them.
VALUE = r"\"(?:[^\"\\]|\\.)*(?:\"|$)|'[^']*'|[^\s\";,]+"
LINK = re.compile(rf"[\s,]*<(?P<url>[^>]*)>(?P<params>(?:[\s;]*;\s*[^\s=;,]+(?:\s*=\s*(?:{VALUE}))?)*)[\s;]*")
PARAM = re.compile(rf";\s*([^\s=;,]+)\s*=\s*({VALUE})")
# Relations of a paged list: where one of them is present, a missing `next` is the end and not a wrong name.
PAGE_RELATIONS = {"first", "last", "prev", "previous", "self"}


def find_link(header: str, relation: str) -> tuple[str | None, bool]:
    """The URL of the first link with `relation`, and whether the header describes pages at all.

    Relations are compared without case. msgspec.ValidationError for a header that cannot be read: the next page may
    be in it.
    """
    relations_there: set[str] = set()
    urls = []
    for url, params in parse_links(header):
        relations = set(params.get("rel", "").lower().split())
        relations_there |= relations
        if relation.lower() in relations:
            # A link with an anchor is about another resource (section 3.2).
            urls.append((bool(params.get("anchor")), url))
    is_paged = relation.lower() == "next" and not relations_there.isdisjoint(PAGE_RELATIONS)
    # Links without an anchor first; sort() is stable.
    urls.sort(key=lambda link: link[0])
    return (urls[0][1] if urls else None), bool(urls) or is_paged


def parse_links(header: str) -> list[tuple[str, dict[str, str]]]:
    """Of every link its URL and parameters.

    Only the first `rel` counts (section 3.3), but a `next` in a second one would end the run early.
    """
    links, end = [], 0
    # Each match must begin where the last one ended: a part that is skipped could contain `next`.
    while header[end:].strip(" \t,;"):
        link = LINK.match(header, end)
        if not link:
            raise msgspec.ValidationError(f"the Link header cannot be read from {header[end : end + 60]!r}")
        params: dict[str, str] = {}
        for name, value in PARAM.findall(link["params"]):
            text, key = value.strip("\"'"), name.lower()
            params[key] = f"{params[key]} {text}" if key in params else text
        links.append((link["url"].strip(), params))
        end = link.end()
    return links


def find_on_host(declared: str, link: str) -> SplitResult | None:
    """The parts of `link` if it is on the host of the address `declared`; None if it is elsewhere.

    One that only drops https, as servers behind a proxy send it, has https again. One that adds https is accepted.
    """
    start, end = urlsplit(declared), urlsplit(link)
    if (start.scheme, end.scheme) == ("https", "http") and start.hostname == end.hostname:
        end = end._replace(scheme="https", netloc=start.netloc)
    is_upgrade = origin(start) == ("http", end.hostname, 80) and origin(end) == ("https", end.hostname, 443)
    return end if origin(start) == origin(end) or is_upgrade else None


def origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host in small letters, and port: `https://API.example:443` and `https://api.example` have one origin."""
    try:
        port = url.port
    except ValueError:  # not a number
        return url.scheme, None, None
    return url.scheme, url.hostname, port or {"https": 443, "http": 80}.get(url.scheme)
