"""What an API may answer when it is asked about keys."""

import json
from datetime import UTC, datetime

import pytest
import requests
from connector.retries import Retries

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceError, SourceUnavailable
from connector.key_rotation.key_api import Calls
from connector.key_rotation.keys import Keys
from connector.sources import registry as sources
from connector.sources.rest.config import Query
from tests import serving

GOOD = {"id": 7, "name": "ours", "created_at": "2026-01-01T00:00:00Z", "key": "s3cret"}


class Api(serving.Served):
    """Answers with `first`, one after another, then always with `says`: a status and a body each."""

    def __init__(self):
        self.asked, self.first, self.says = [], [], (200, {})
        super().__init__(Handler)


class Handler(serving.Handler):
    def answer(self):
        api = self.owner
        api.asked.append((self.command, self.path, self.body()))
        status, body = api.first.pop(0) if api.first else api.says
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply(status, {"Location": "http://127.0.0.1:9/"}, content)

    do_GET = do_POST = do_DELETE = answer


@pytest.fixture
def api():
    with Api() as api:
        yield api


@pytest.fixture
def keys(api):
    source = sources.read("retail")
    with requests.Session() as http:
        calls = Calls(http, api.url, source.authentication(), Retries(sleep=lambda seconds: None))
        yield Keys(calls, source, source.rotation, "ours")


def test_a_key_is_issued_with_the_name_of_its_secret(api, keys):
    api.says = 201, GOOD
    issued = keys.issue("old")
    assert (issued.value, issued.id) == ("s3cret", "7")
    assert api.asked == [("POST", "/keys", b'{"name": "ours"}')]


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
        (401, {"error": "old is not known"}, KeyRejected),
        (403, {}, KeyRejected),
        (409, {}, RequestRejected),
        (503, {}, SourceUnavailable),
    ],
)
def test_issuing_is_asked_for_once_whatever_comes(api, keys, status, body, error):
    api.says = status, body
    with pytest.raises(SourceError) as raised:
        keys.issue("old")
    assert type(raised.value) is error
    assert len(api.asked) == 1
    assert "s3cret" not in str(raised.value) and "old is" not in str(raised.value)


def test_a_key_is_tried_at_every_endpoint(api, keys):
    keys.prove("new")
    assert [path for _, path, _ in api.asked] == [
        f"/{name}?page_size=1" for name in ("sales", "products", "customers")
    ]


def test_a_key_of_the_query_is_sent_and_hidden_there(api, keys):
    keys.calls.auth = Query(query="api_key")
    keys.prove("n/e w")
    assert [path for _, path, _ in api.asked][0] == "/sales?page_size=1&api_key=n%2Fe+w"
    keys.calls.url = "http://127.0.0.1:9"
    with pytest.raises(SourceUnavailable, match="api_key=\\*\\*\\*") as refused:
        keys.prove("n/e w")
    assert "n%2Fe" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "body"), [(204, b""), (200, b""), (304, b""), (302, b"{}"), (200, b"<html>")]
)
def test_what_is_no_answer_proves_nothing(api, keys, status, body):
    api.says = status, body
    with pytest.raises(SourceError):
        keys.prove("new")


def test_a_new_key_is_given_time_to_become_known(api, keys):
    api.first = [(401, {}), (401, {})]
    keys.prove("new", (0.0, 0.0))
    assert len(api.asked) == 5


def test_what_can_be_asked_twice_is(api, keys):
    api.says = 503, {}
    with pytest.raises(SourceUnavailable):
        keys.prove("new")
    with pytest.raises(SourceUnavailable):
        keys.revoke("7", "new")
    assert [method for method, _, _ in api.asked] == ["GET"] * 3 + ["DELETE"] * 3


@pytest.mark.parametrize("status", [204, 404, 410])
def test_a_key_that_is_gone_is_revoked(api, keys, status):
    api.says = status, b""
    keys.revoke("a/b", "new")
    assert api.asked == [("DELETE", "/keys/a%2Fb", b"")]


@pytest.mark.parametrize("told", [{}, {"items": {}}, {"items": ["x"]}, {"items": [{"id": 1}]}, []])
def test_a_list_that_is_none(api, keys, told):
    api.says = 200, told
    with pytest.raises(InvalidResponse):
        keys.ours("new", keys.rotation.revoke)


def test_only_keys_of_our_name_are_ours(api, keys):
    api.says = 200, {"items": [GOOD, GOOD | {"id": 8, "name": "theirs"}, GOOD | {"id": 9, "name": None}]}
    assert [key.id for key in keys.ours("new", keys.rotation.revoke)] == ["7"]


@pytest.mark.parametrize("created", ["2026-01-01T01:00:00", "2026-01-01", "2026-01-01T02:00:00+01:00"])
def test_a_time_without_a_zone_is_utc(api, keys, created):
    api.says = 200, GOOD | {"created_at": created}
    told = keys.own("new", keys.rotation.revoke).created
    assert told in (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("created", ["yesterday", "", 17])
def test_a_time_that_is_none(api, keys, created):
    api.says = 200, GOOD | {"created_at": created}
    with pytest.raises(InvalidResponse):
        keys.own("new", keys.rotation.revoke)
