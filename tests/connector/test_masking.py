"""A key that is in an address, instead of the secret, is in no message: not of a declaration, and not of a request."""

import pytest

from connector.errors import DeclarationError, SourceError
from connector.sources import registry
from runtime.masking import mask_secrets

KEY = "tH1s-1s-s3cret"
THINGS = {"path": "/things", "table": "things", "key": ["id"], "schedule": "daily"}
API = {"kind": "rest", "url": "https://api.example", "paging": {"items": "items"}}
WITH_SECRET = {"secret": "things-key"}


def rest(**keys):
    endpoint = THINGS | keys.pop("endpoint", {})
    return API | keys | {"endpoints": {"things": endpoint}}


@pytest.mark.parametrize(
    "declared",
    [
        rest(url=f"https://api.example?api_key={KEY}"),
        rest(url=f"https://api.example/v1?x=1&whatever={KEY}"),
        rest(url=f"https://api.example#{KEY}"),
        rest(url=f"https://api.example:x?api_key={KEY}"),
        rest(url=f"api.example?key={KEY}"),
        rest(url=f"https:/me:{KEY}@api.example"),
        rest(url=f"me:{KEY}@api.example"),
        rest(endpoint={"path": f"/things?api_key={KEY}#top"}),
        rest(endpoint={"path": f"things?access_token={KEY}"}),
        rest(endpoint={"headers": {"Authorization": f"Bearer {KEY}\n"}}),
        rest(auth={"username": f"me:{KEY}"}, **WITH_SECRET),
        rest(auth={"token_url": f"ftp://x?client_secret={KEY}"}, **WITH_SECRET),
        {
            "kind": "files",
            "url": f"s3://b/x?X-Amz-Signature={KEY}",
            "endpoints": {
                "things": {"glob": "*", "format": {"ndjson": {}}, "table": "t", "key": ["id"], "schedule": "daily"}
            },
        },
    ],
)  # fmt: skip
def test_an_error_of_a_declaration_does_not_repeat_a_key(declared):
    with pytest.raises(DeclarationError) as error:
        registry.parse_source(declared, "things.yaml")
    assert KEY not in str(error.value)


def answer(status, headers, body):
    return lambda api, query, sent: (status, headers, body)


def linked(api, query, headers):
    if "start" in query:
        return 500, {}, {}
    return 200, {}, {"items": [{"id": 1}], "next": f"/v2/things?start=1&access_token={KEY}"}


@pytest.mark.parametrize(
    ("serve", "keys"),
    [
        (answer(404, {}, {}), {"path": f"/things?api_key={KEY}"}),
        (answer(500, {}, {}), {"params": {"access_token": KEY}}),
        (answer(200, {}, b"<html>"), {"params": {"sig": KEY}}),
        (answer(302, {"Location": f"/login?session_id={KEY}"}, b""), {}),
        (answer(400, {}, {"error": f"bad https://x/?api_key={KEY}"}), {}),
        (linked, {}),
    ],
)
def test_an_error_of_a_request_does_not_repeat_a_key(land, serve, keys):
    with pytest.raises(SourceError) as error:
        land(serve, {"items": "items", "next": "next"}, **keys)
    assert KEY not in str(error.value)
    assert "/things" in str(error.value)


def test_a_masked_address_still_names_the_page():
    text = "https://api.example/things?page=3&page_token=abc&api_key=x&sort=key"
    assert mask_secrets(text) == text.replace("api_key=x", "api_key=***")


@pytest.mark.parametrize("auth", [{"header": "X-Key"}, {"query": "k"}, {"username": "me"}])
def test_an_error_beside_items_does_not_repeat_the_key(harness, auth):
    key = "the+key/of=it"
    body = {
        "items": [{"id": 1}],
        "error": f"the quota of {key} is used, see https://x.example/?access_token={KEY}",
    }
    process = harness(lambda *_: (200, {}, body), auth=auth, paging={"items": "items"})
    state = process.land()
    assert process.ids() == [1]
    assert "error: the quota of *** is used" in state.missing
    stored = f"{state}{process.store.objects}"
    assert key not in stored and KEY not in stored
