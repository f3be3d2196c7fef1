"""Authentication at a source, and the places where a key must not appear."""

import pytest

from connector.errors import KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.auth import OAuthToken
from connector.sources.rest.config import ClientCredentials
from runtime.errors import SettingsError
from runtime.http_session import open_session
from runtime.oauth import EXPIRY_MARGIN_SECONDS
from tests.connector.landing_harness import KEY
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import SIZE

CLIENT = '{"client_id": "us", "client_secret": "hush-hush"}'
OAUTH = {"token_url": "/oauth/token", "scope": "read"}


def guarded(shape, allows):
    """`shape`, but 401 for requests that `allows(api, query, headers)` rejects."""

    def guard(api, query, headers):
        if not allows(api, query, headers):
            return 401, {}, {"error": "unauthorized", "request": [query, dict(headers)]}
        return shape(api, query, headers)

    return guard


def test_a_key_is_sent_in_a_header_after_a_prefix(harness):
    process = harness(shapes.by_cursor, auth={"header": "Authorization", "prefix": "Bearer "})
    process.api.shape = guarded(
        shapes.by_cursor, lambda k, q, headers: headers["Authorization"] == f"Bearer {KEY}"
    )
    process.land()
    assert process.ids() == list(range(10 * SIZE))


def test_a_key_in_the_query_is_sent_with_each_page_and_stored_nowhere(harness, store):
    """The address of the next page repeats the key; the stored address does not."""
    process = harness(shapes.by_address, auth={"query": "api_key"})
    process.api.shape = guarded(shapes.by_address, lambda api, query, headers: query.get("api_key") == KEY)
    process.api.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable) as raised:
        process.land()
    assert "key/of" not in str(raised.value) and "of%3Dit" not in str(raised.value)
    assert "start=50" in str(raised.value)
    stored = str([metadata for _, _, metadata in store.objects.values()])
    assert "start=50" in stored and "api_key" not in stored
    process.api.closed = set()
    process.land()
    assert process.ids() == list(range(10 * SIZE))


def test_a_rejected_key_in_the_query_is_not_shown(harness):
    process = harness(shapes.by_address, auth={"query": "api_key"})
    process.api.shape = guarded(shapes.by_address, lambda api, query, headers: False)
    with pytest.raises(RequestRejected, match="returned 401") as raised:
        process.land()
    assert KEY not in str(raised.value) and "of%3D" not in str(raised.value)


def accepts_token(number):
    return lambda api, query, headers: headers["Authorization"] == f"Bearer token-{number()}"


def test_a_token_is_fetched_once_for_all_pages(harness):
    process = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)
    process.api.shape = guarded(shapes.by_offset, accepts_token(lambda: 1))
    process.land()
    assert process.ids() == list(range(10 * SIZE))
    [request] = process.api.tokens
    assert request == {
        "Authorization": "Basic dXM6aHVzaC1odXNo",
        "grant_type": ["client_credentials"],
        "scope": ["read"],
    }


def test_a_rejected_token_is_renewed_once(harness):
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    valid = lambda: 1 if process.api.requests_by_start[2 * SIZE] == 0 else 2  # noqa: E731 - from the third page on
    process.api.shape = guarded(shapes.by_cursor, accepts_token(valid))
    process.land()
    assert process.ids() == list(range(10 * SIZE))
    assert len(process.api.tokens) == 2


def test_a_token_is_used_until_shortly_before_it_expires(harness):
    now = [0.0]
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    with open_session(16) as http:
        tokens = OAuthToken(http, process.api.url, ClientCredentials(token_url="/"), CLIENT, lambda: now[0])
        assert [tokens.client.current_token(), tokens.client.current_token()] == ["token-1", "token-1"]
        now[0] = 3600 - EXPIRY_MARGIN_SECONDS - 1
        assert tokens.client.current_token() == "token-1"
        now[0] += 1
        assert tokens.client.current_token() == "token-2"


def test_the_error_of_a_rejected_client_has_no_secret(harness):
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    process.api.shape = guarded(shapes.by_cursor, lambda api, query, headers: False)
    with pytest.raises(RequestRejected, match="returned 401") as raised:
        process.land()
    assert "token-2" not in str(raised.value) and "hush" not in str(raised.value)
    assert len(process.api.tokens) == 2


def test_a_secret_that_is_not_a_client_is_a_settings_error(harness):
    with pytest.raises(SettingsError, match="must be .*client_id.*client_secret"):
        harness(shapes.by_cursor, auth=OAUTH, key="just-a-key").land()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/things", "https://api.example/v2/things"])
def test_the_key_is_not_sent_to_another_host(harness, address):
    process = harness(shapes.by_address, auth={"header": "X-Key"})
    body = {"items": [{"id": 1}], "next": address}
    process.api.shape = lambda api, query, headers: (200, {}, body)
    with pytest.raises(RequestRejected, match="the key is not sent there"):
        process.land()


TOKEN = {"access_token": "token-1", "token_type": "bearer"}


@pytest.mark.parametrize("lifetime", [-1, 0, 20, 0.5e3, "3599", "null", "NaN", None, True, [1], 10**400])
def test_a_lifetime_of_any_kind_needs_one_token(harness, lifetime):
    process = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)
    process.api.token_answer = 200, {}, TOKEN | {"expires_in": lifetime, "refresh_token": None}
    process.api.shape = guarded(shapes.by_offset, accepts_token(lambda: 1))
    process.land()
    assert (process.ids(), len(process.api.tokens)) == (list(range(10 * SIZE)), 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Log in</html>"), "expected JSON, got text/html"),
        ((302, {"Location": "https://login.example"}, b""), "302 Found to 'https://login.example'"),
        ((200, {}, {"error": "invalid_client", "error_description": "unknown"}), "invalid_client: unknown"),
        ((200, {}, {"data": TOKEN}), "the response has no access_token"),
        ((200, {}, {"access_token": "token-1\nX-Key: y"}), "characters that a header cannot contain"),
        ((200, {}, {"access_token": "tok\u20acn-1"}), "characters that a header cannot contain"),
        ((400, {}, {"error": "invalid_client", "sent": "Basic dXM6aHVzaC1odXNo"}), "400 Bad Request"),
        ((503, {}, {"error": "hush-hush"}), "503 Service Unavailable"),
    ],
)
def test_an_answer_without_a_token_has_its_reason_and_no_secret(harness, answer, message):
    process = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)
    process.api.token_answer = answer
    with pytest.raises((KeyRejected, SourceUnavailable), match=message) as raised:
        process.land()
    assert not any(text in str(raised.value) for text in ("token-1", "n-1", "hush", "dXM6"))


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (401, {}, {}),
        (400, {"WWW-Authenticate": 'Bearer error="invalid_token"'}, {}),
        (403, {}, {"message": "The access token expired"}),
        (403, {}, {"code": "ExpiredToken"}),
    ],
)
def test_a_token_that_is_revoked_between_parallel_pages_is_renewed_once(harness, status, headers, body):
    process = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)

    def serve(api, query, request):
        is_valid = query["offset"] == "0" or request["Authorization"] == "Bearer token-2"
        return shapes.by_offset(api, query, request) if is_valid else (status, headers, body)

    process.api.shape = serve
    state = process.land()
    assert (process.ids(), state.missing, len(process.api.tokens)) == (list(range(10 * SIZE)), None, 2)


def test_a_client_that_is_revoked_during_a_run_ends_it_in_every_attempt(harness):
    """Neither a page past the end nor a page that failed twice: the next run resumes."""
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    process.api.shape = revoke_after(process.api, 5)
    for _ in range(3):
        with pytest.raises(KeyRejected, match="invalid_client"):
            process.land()
    process.api.shape, process.api.token_answer = shapes.by_cursor, None
    assert process.land().missing is None
    assert process.ids() == list(range(10 * SIZE))


def revoke_after(api, pages):
    def serve(api, query, headers):
        if sum(api.requests_by_start.values()) < pages:
            return shapes.by_cursor(api, query, headers)
        api.token_answer = 400, {}, {"error": "invalid_client"}
        return 401, {}, {}

    return serve


def test_a_refresh_token_that_is_rotated_is_replaced_during_a_run(harness):
    secret = CLIENT.replace("}", ', "refresh_token": "first-one"}')
    process = harness(shapes.by_cursor, auth=OAUTH | {"grant": "refresh_token"}, key=secret)
    process.api.token_answer = 200, {}, TOKEN | {"refresh_token": "second-one"}
    process.api.shape = guarded(shapes.by_cursor, lambda api, q, h: len(api.tokens) > ("at-30" in q.values()))
    process.land()
    assert [request["refresh_token"] for request in process.api.tokens] == [["first-one"], ["second-one"]]
    process.api.token_answer = 400, {}, {"error": "invalid_grant"}
    process.store = type(process.store)()
    with pytest.raises(KeyRejected, match="accepts it once.*client credentials"):
        process.land()


def test_a_secret_outside_of_latin_1_is_sent_as_utf_8(harness):
    process = harness(shapes.by_offset, auth=OAUTH, key='{"client_id": "us", "client_secret": "h\u20acsh"}')
    process.land()
    assert process.api.tokens[0]["Authorization"] == "Basic dXM6aOKCrHNo"


def test_an_earlier_token_is_not_shown_either(harness):
    process = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)
    with open_session(16) as http:
        tokens = OAuthToken(http, process.api.url, ClientCredentials(token_url="/"), CLIENT)
        first = tokens.client.current_token()
        tokens.client.drop(first)
        text = f"{first} {tokens.client.current_token()} dXM6aHVzaC1odXNo"
        assert tokens.redact(text) == "*** *** ***"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"]
)
def test_a_token_in_a_form_is_read(harness, kind):
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    process.api.token_answer = (
        200,
        {"Content-Type": kind},
        b"access_token=a%2Bb&expires_in=3600&token_type=bearer",
    )
    process.api.shape = guarded(
        shapes.by_cursor, lambda k, q, headers: headers["Authorization"] == "Bearer a+b"
    )
    process.land()
    assert (process.ids(), len(process.api.tokens)) == (list(range(10 * SIZE)), 1)


def test_an_error_in_a_form_is_a_rejected_client(harness):
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    process.api.token_answer = 200, form, b"error=invalid_client&error_description=no+hush-hush"
    with pytest.raises(KeyRejected, match=r"no access_token, but invalid_client: no \*\*\*"):
        process.land()


@pytest.mark.parametrize("status", [503, 520, 530])
def test_a_token_server_behind_a_failing_proxy_rejects_no_key(harness, status):
    process = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    process.api.token_answer = status, {}, b"<html>"
    with pytest.raises(SourceUnavailable, match=f"no token from .* {status} "):
        process.land()
