"""Parse a Link header (RFC 8288). requests' own parser breaks on `;` and `,` inside a URL (psf/requests#5464)."""

import re

LINK = re.compile(
    r"<(?P<url>[^>]*)>(?P<params>(?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s\";,]+))?)*)"
)
PARAM = re.compile(r";\s*([^\s=;,]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\";,]+))")


def find_link(header: str, relation: str) -> str | None:
    """The URL of the first link with `relation`; None without one. Relations are compared without case."""
    for link in LINK.finditer(header):
        for name, quoted, token in PARAM.findall(link["params"]):
            relations = (quoted or token).lower().split()
            if name.lower() == "rel" and relation.lower() in relations:
                return link["url"].strip()
    return None
