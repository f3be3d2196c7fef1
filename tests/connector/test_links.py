"""Which addresses of a next page are on the host of the source: only there the key may be sent."""

import pytest

from connector.sources.rest.links import find_on_host


@pytest.mark.parametrize(
    ("declared", "link", "followed"),
    [
        (
            "https://api.example/v2",
            "https://api.example/v2/things?page=2",
            "https://api.example/v2/things?page=2",
        ),
        ("https://api.example/v2", "https://API.example:443/things", "https://API.example:443/things"),
        ("http://api.example/v2", "http://api.example:80/things", "http://api.example:80/things"),
        ("https://api.example:8443", "http://api.example/things", "https://api.example:8443/things"),
        ("http://api.example/v2", "https://api.example/things", "https://api.example/things"),
    ],
)
def test_one_host_has_several_spellings(declared: str, link: str, followed: str) -> None:
    parts = find_on_host(declared, link)
    assert parts is not None and parts.geturl() == followed


@pytest.mark.parametrize(
    ("declared", "link"),
    [
        ("https://api.example", "https://api.example:8443/things"),
        ("http://api.example:8080", "https://api.example/things"),
        ("http://api.example", "https://other.example/things"),
        ("https://api.example", "https://api.example.evil/things"),
        ("https://api.example", "https://api.example@evil/things"),
        ("https://api.example", "https://api.example:x/things"),
        ("https://api.example", "ftp://api.example/things"),
        ("https://api.example", "things"),
    ],
)
def test_another_host_scheme_or_port_is_not_followed(declared: str, link: str) -> None:
    assert find_on_host(declared, link) is None
