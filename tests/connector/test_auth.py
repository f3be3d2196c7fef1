"""How a source is told who we are, and to whom and where the key is never shown."""

import pytest

from connector.errors import RequestRejected, SourceUnavailable
from connector.sources.rest.auth import EXPIRY_MARGIN_SECONDS, OAuthToken
from connector.sources.rest.config import ClientCredentials
from runtime.errors import SettingsError
from runtime.http_session import open_session
from tests.connector.landing_harness import KEY
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import SIZE

CLIENT = '{"client_id": "us", "client_secret": "hush-hush"}'
OAUTH = {"token_url": "/oauth/token", "scope": "read"}


def guarded(shape, allows):
    """`shape` for whoever `allows(query, headers)`."""

    def guard(kiosk, query, headers):
        if not allows(kiosk, query, headers):
            return 401, {}, {"error": "who are you?", "you sent": [query, dict(headers)]}
        return shape(kiosk, query, headers)

    return guard


def test_a_key_in_a_header_after_a_word(harness):
    one = harness(shapes.by_cursor, auth={"header": "Authorization", "prefix": "Bearer "})
    one.kiosk.shape = guarded(
        shapes.by_cursor, lambda k, q, headers: headers["Authorization"] == f"Bearer {KEY}"
    )
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_a_key_in_the_query_is_sent_with_each_page_and_written_down_nowhere(harness, store):
    """The address of the next page repeats it; what is kept of the address does not."""
    one = harness(shapes.by_address, auth={"query": "api_key"})
    one.kiosk.shape = guarded(shapes.by_address, lambda kiosk, query, headers: query.get("api_key") == KEY)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable) as raised:
        one.land()
    assert "key/of" not in str(raised.value) and "of%3Dit" not in str(raised.value)
    assert "start=50" in str(raised.value)
    kept = str([metadata for _, _, metadata in store.objects.values()])
    assert "start=50" in kept and "api_key" not in kept
    one.kiosk.closed = set()
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_a_refused_key_in_the_query_is_not_shown(harness):
    one = harness(shapes.by_address, auth={"query": "api_key"})
    one.kiosk.shape = guarded(shapes.by_address, lambda kiosk, query, headers: False)
    with pytest.raises(RequestRejected, match="returned 401") as raised:
        one.land()
    assert KEY not in str(raised.value) and "of%3D" not in str(raised.value)


def knows_token(number):
    return lambda kiosk, query, headers: headers["Authorization"] == f"Bearer token-{number()}"


def test_a_token_is_fetched_once_for_all_pages(harness):
    one = harness(shapes.by_offset, auth=OAUTH, key=CLIENT)
    one.kiosk.shape = guarded(shapes.by_offset, knows_token(lambda: 1))
    one.land()
    assert one.ids() == list(range(10 * SIZE))
    [asked] = one.kiosk.tokens
    assert asked == {
        "Authorization": "Basic dXM6aHVzaC1odXNo",
        "grant_type": ["client_credentials"],
        "scope": ["read"],
    }


def test_a_token_that_is_refused_is_renewed_once_and_the_page_comes(harness):
    one = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    valid = lambda: 1 if one.kiosk.asked[2 * SIZE] == 0 else 2  # noqa: E731 - from the third page on
    one.kiosk.shape = guarded(shapes.by_cursor, knows_token(valid))
    one.land()
    assert one.ids() == list(range(10 * SIZE))
    assert len(one.kiosk.tokens) == 2


def test_a_token_is_used_until_shortly_before_its_end(harness):
    now = [0.0]
    one = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    with open_session(16) as http:
        tokens = OAuthToken(http, one.kiosk.url, ClientCredentials(token_url="/"), CLIENT, lambda: now[0])
        assert [tokens._current_token(), tokens._current_token()] == ["token-1", "token-1"]
        now[0] = 3600 - EXPIRY_MARGIN_SECONDS - 1
        assert tokens._current_token() == "token-1"
        now[0] += 1
        assert tokens._current_token() == "token-2"


def test_a_client_that_is_refused_says_so_without_its_secret(harness):
    one = harness(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    one.kiosk.shape = guarded(shapes.by_cursor, lambda kiosk, query, headers: False)
    with pytest.raises(RequestRejected, match="returned 401") as raised:
        one.land()
    assert "token-2" not in str(raised.value) and "hush" not in str(raised.value)
    assert len(one.kiosk.tokens) == 2


def test_a_secret_that_is_no_client(harness):
    with pytest.raises(SettingsError, match="must be .*client_id.*client_secret"):
        harness(shapes.by_cursor, auth=OAUTH, key="just-a-key").land()


@pytest.mark.parametrize("answer", ["http://127.0.0.1:9/things", "https://api.example/v2/things"])
def test_the_key_goes_to_no_other_host(harness, answer):
    one = harness(shapes.by_address, auth={"header": "X-Key"})
    body = {"items": [{"id": 1}], "next": answer}
    one.kiosk.shape = lambda kiosk, query, headers: (200, {}, body)
    with pytest.raises(RequestRejected, match="the key is not sent there"):
        one.land()
