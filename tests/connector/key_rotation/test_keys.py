"""Responses of a key API, and the results and errors that follow."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceError, SourceUnavailable
from connector.key_rotation.key_api import KeyApiClient
from connector.key_rotation.keys import SourceKeys
from connector.sources import registry
from connector.sources.rest.config import Header, Query, RestSource
from runtime.retry import RetryPolicy
from tests import serving

GOOD = {"id": 7, "name": "this-secret", "created_at": "2026-01-01T00:00:00Z", "key": "s3cret"}


class FakeKeyApi(serving.Served):
    """Responds with each of `first` once, then always with `default`: status and body. Records `requests`."""

    def __init__(self):
        self.requests, self.first = [], []
        self.default: tuple[int, Any] = (200, {})
        self.headers = []
        super().__init__(Handler)


class Handler(serving.Handler):
    def answer(self):
        api = self.owner
        api.requests.append((self.command, self.path, self.body()))
        api.headers.append(self.headers)
        status, body = api.first.pop(0) if api.first else api.default
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply(status, {"Location": "http://127.0.0.1:9/"}, content)

    do_GET = do_POST = do_DELETE = answer


@pytest.fixture
def api():
    with FakeKeyApi() as api:
        yield api


@pytest.fixture
def keys(api):
    source = registry.read_source("retail")
    assert isinstance(source, RestSource) and source.rotation is not None
    with requests.Session() as session:
        retry = RetryPolicy(sleep=lambda seconds: None)
        authentication = source.authentication()
        assert isinstance(authentication, Header)
        client = KeyApiClient(session, api.url, authentication, retry)
        yield SourceKeys(client, source, source.rotation, "this-secret")


def test_a_key_is_issued_with_the_name_of_its_secret(api, keys):
    api.default = 201, GOOD
    new_key = keys.issue("old")
    assert (new_key.value, new_key.id) == ("s3cret", "7")
    assert api.requests == [("POST", "/keys", b'{"name": "this-secret"}')]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>", InvalidResponse),
        (200, b"", InvalidResponse),
        (201, [], InvalidResponse),
        (201, GOOD | {"key": ""}, InvalidResponse),
        (201, GOOD | {"key": None}, InvalidResponse),
        (201, GOOD | {"id": True}, InvalidResponse),
        (302, b"", RequestRejected),
        (401, {"error": "old is unknown"}, KeyRejected),
        (403, {}, KeyRejected),
        (409, {}, RequestRejected),
        (503, {}, SourceUnavailable),
    ],
)
def test_issuing_a_key_is_never_retried(api, keys, status, body, error):
    api.default = status, body
    with pytest.raises(SourceError) as raised:
        keys.issue("old")
    assert type(raised.value) is error
    assert len(api.requests) == 1
    assert "s3cret" not in str(raised.value) and "old is" not in str(raised.value)


def test_an_error_that_repeats_a_long_key_has_no_part_of_it(api, keys):
    api.default = 401, {"error": "old" * 200}
    with pytest.raises(KeyRejected) as raised:
        keys.issue("old" * 200)
    assert "old" not in str(raised.value)


def test_a_key_is_verified_at_every_endpoint(api, keys):
    keys.verify("new")
    assert [path for _, path, _ in api.requests] == [
        f"/{name}?page_size=1" for name in ("sales", "products", "customers")
    ]


def test_a_key_in_the_query_is_sent_and_redacted(api, keys):
    keys.api.auth = Query(query="api_key")
    keys.verify("n/e w")
    assert [path for _, path, _ in api.requests][0] == "/sales?page_size=1&api_key=n%2Fe+w"
    keys.api.url = "http://127.0.0.1:9"
    with pytest.raises(SourceUnavailable, match="api_key=\\*\\*\\*") as raised:
        keys.verify("n/e w")
    assert "n%2Fe" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "body"), [(204, b""), (200, b""), (304, b""), (302, b"{}"), (200, b"<html>")]
)
def test_an_invalid_response_does_not_verify_a_key(api, keys, status, body):
    api.default = status, body
    with pytest.raises(SourceError):
        keys.verify("new")


def test_a_rejected_new_key_is_tried_again_after_a_delay(api, keys):
    api.first = [(401, {}), (401, {})]
    keys.verify("new", (0.0, 0.0))
    assert len(api.requests) == 5


def test_idempotent_requests_are_retried(api, keys):
    api.default = 503, {}
    with pytest.raises(SourceUnavailable):
        keys.verify("new")
    with pytest.raises(SourceUnavailable):
        keys.revoke("7", "new")
    assert [method for method, _, _ in api.requests] == ["GET"] * 3 + ["DELETE"] * 3


@pytest.mark.parametrize("status", [204, 404, 410])
def test_an_absent_key_counts_as_revoked(api, keys, status):
    api.default = status, b""
    keys.revoke("a/b", "new")
    assert api.requests == [("DELETE", "/keys/a%2Fb", b"")]


@pytest.mark.parametrize("body", [{}, {"items": {}}, {"items": ["x"]}, {"items": [{"id": 1}]}, []])
def test_an_invalid_list_of_keys_is_an_error(api, keys, body):
    api.default = 200, body
    with pytest.raises(InvalidResponse):
        keys.list_issued("new", keys.rotation.revoke)


def test_only_keys_with_the_name_of_the_secret_are_listed(api, keys):
    api.default = 200, {"items": [GOOD, GOOD | {"id": 8, "name": "theirs"}, GOOD | {"id": 9, "name": None}]}
    assert [key.id for key in keys.list_issued("new", keys.rotation.revoke)] == ["7"]


@pytest.mark.parametrize("created", ["2026-01-01T01:00:00", "2026-01-01", "2026-01-01T02:00:00+01:00"])
def test_a_time_without_a_zone_is_utc(api, keys, created):
    api.default = 200, GOOD | {"created_at": created}
    time = keys.describe("new", keys.rotation.revoke).created
    assert time in (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("created", ["yesterday", "", 17])
def test_an_invalid_time_is_an_error(api, keys, created):
    api.default = 200, GOOD | {"created_at": created}
    with pytest.raises(InvalidResponse):
        keys.describe("new", keys.rotation.revoke)


def test_a_key_is_verified_by_the_request_that_a_run_sends(api, keys):
    """GET of an endpoint that is read by POST would be a 405, and no key could ever be rotated."""
    endpoint = {
        "method": "POST",
        "path": "/search",
        "body": {"query": {}},
        "headers": {"Accept-Version": "2"},
    }
    others = {"table": "things", "key": ["id"], "schedule": "daily", "paging": {"within": "body"}}
    declared = {
        "kind": "rest",
        "url": api.url,
        "secret": "this-secret",
        "auth": {"header": "X-API-Key"},
        "headers": {"X-Client": "platform"},
        "rotation": {"path": "/keys", "key": "key"},
        "paging": {"page": "page", "size": "size", "limit": 100, "items": "items"},
        "endpoints": {"things": endpoint | others},
    }
    keys.source = registry.parse_source(declared, "things.yaml")
    keys.verify("new")
    assert api.requests == [("POST", "/search", b'{"query": {}}')]
    [headers] = api.headers
    assert [headers[name] for name in ("X-API-Key", "X-Client", "Accept-Version")] == ["new", "platform", "2"]
