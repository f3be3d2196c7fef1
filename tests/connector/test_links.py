"""Which addresses of a next page are on the host of the source: only there the key may be sent."""

import pytest

from connector.errors import InvalidResponse, RequestRejected
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


@pytest.mark.parametrize("link", ["http://[bad", "http://[::1", "//[x]/things?p=2"])
@pytest.mark.parametrize("place", ["body", "header"])
def test_a_next_page_at_no_address_is_an_invalid_response(land, link, place):
    headers = {"Link": f'<{link}>; rel="next"'} if place == "header" else {}
    paging = {"items": "items"} | ({"link": "next"} if place == "header" else {"next": "next"})
    with pytest.raises(InvalidResponse, match="the next page is at "):
        land(lambda *_: (200, headers, {"items": [{"id": 1}], "next": link}), paging)


def test_a_next_page_on_another_host_names_the_remedy(land):
    body = {"items": [{"id": 1}], "next": "https://other.example/things?p=2"}
    with pytest.raises(
        RequestRejected, match="If the API is at https://other.example now, declare it as `url`"
    ):
        land(lambda *_: (200, {}, body), {"items": "items", "next": "next"})


def test_a_last_page_at_an_invalid_address_is_an_invalid_response(land):
    headers = {"Link": '<http://[bad>; rel="last"'}
    with pytest.raises(InvalidResponse, match="the last page of the Link header is at an invalid address"):
        land(lambda *_: (200, headers, [{"id": 1}]), {"items": "$", "link": "next"})
