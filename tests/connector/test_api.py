"""The source client over real HTTP: retry, Retry-After, and errors without the key."""

import itertools
import time
from datetime import UTC, datetime

import pytest

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.auth import ApiKeyAuth
from connector.sources.rest.client import SourceClient
from connector.sources.rest.config import Header
from connector.sources.rest.response import create_parser
from runtime.http_session import open_session
from runtime.retry import RetryPolicy
from tests.fakes.retail_api import KEY, Fault

SALE = {"id": 1, "datetime": "2017-01-01T11:53:26Z"}
PARAMS = {"page": "1", "page_size": "250"}


class Clock:
    """Only sleeping advances the time."""

    def __init__(self):
        self.now, self.delays = 0.0, []

    def sleep(self, seconds):
        self.delays.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def get(shop, retail, clock):
    shop.items["sales"] = [SALE]
    retries = RetryPolicy(sleep=clock.sleep, clock=lambda: clock.now, jitter=lambda low, high: high)
    split = create_parser(retail.paging_of("sales"), retail.endpoints["sales"].window)

    def call(path="/sales", key=KEY, url=None):
        url = url or shop.url
        auth = ApiKeyAuth(retail.authentication(), key)
        api = SourceClient(
            open_session(16), url, auth, retries, now=lambda: datetime.fromtimestamp(10**9, UTC)
        )
        return api.get(url + path, PARAMS, lambda _, body: split(body))

    return call


def test_a_page_is_parsed(get, clock):
    page = get()
    assert (len(page.items), page.total_pages, page.total_items, page.last) == (1, 1, 1, 1)
    assert clock.delays == []


@pytest.mark.parametrize(
    "status", [202, 408, 423, 429, 500, 502, 503, 504, 507, 520, 522, 524, 529, 530, 599]
)
def test_a_transient_failure_is_retried_with_growing_delays(get, shop, clock, status):
    shop.faults = [Fault(times=2, status=status)]
    assert len(get().items) == 1
    assert clock.delays == [1, 2]


def test_three_attempts_are_sent(get, shop):
    shop.faults = [Fault(times=99, status=503, body=b"closed")]
    with pytest.raises(SourceUnavailable, match=r"/sales.* returned 503 .*'closed' Tried 3 times."):
        get()
    assert shop.pages[1] == 3


def test_a_limit_per_minute_without_a_header_is_waited_for(get, shop, clock):
    shop.faults = [Fault(times=7, status=429)]
    assert len(get().items) == 1
    assert clock.delays == [1, 2, 4, 8, 16, 30, 30]


def test_a_limit_that_does_not_end(get, shop):
    shop.faults = [Fault(times=99, status=429)]
    with pytest.raises(SourceUnavailable, match=r"returned 429 .* Tried 10 times."):
        get()


@pytest.mark.parametrize(("header", "delay"), [("7", 8), ("0", 1)])
def test_retry_after_is_obeyed_and_0_is_ignored(get, shop, clock, header, delay):
    shop.faults = [Fault(status=429, headers={"Retry-After": header})]
    get()
    assert clock.delays == [delay]


@pytest.mark.parametrize(
    ("status", "headers", "delay"),
    [
        (429, {}, 1),
        (429, {"Retry-After": "-5"}, 1),
        (429, {"Retry-After": "soon"}, 1),
        (429, {"Retry-After": "Wed, 20 Oct 1999 07:28:00 GMT"}, 1),
        (403, {"Retry-After": "7"}, 8),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000030"}, 31),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000030"}, 31),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000030000"}, 31),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "12"}, 13),
        (202, {"Retry-After": "7"}, 8),
        (409, {"Retry-After": "7"}, 8),
        (418, {"Retry-After": "7"}, 8),
        (429, {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1000000030"}, 1),
        (503, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000030"}, 1),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "999999999"}, None),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, 1),
    ],
)
def test_the_pause_of_a_limit(get, shop, clock, status, headers, delay):
    """The time of a reset is in seconds since 1970; it is 1,000,000,000 in this test."""
    shop.faults = [Fault(status=status, headers=headers)]
    if delay is None:  # 999,999,999 s are a duration, which is past the deadline
        with pytest.raises(SourceUnavailable, match="past the deadline"):
            get()
    else:
        assert len(get().items) == 1
        assert clock.delays == [delay]


def test_a_403_without_a_limit_is_a_rejected_request(get, shop, clock):
    shop.faults = [Fault(status=403, headers={"X-RateLimit-Remaining": "9"})]
    with pytest.raises(RequestRejected, match="returned 403"):
        get()
    assert clock.delays == []


def test_a_retry_after_past_the_deadline_fails_at_once(get, shop, clock):
    shop.faults = [Fault(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(SourceUnavailable, match="in 3601 s, is past the deadline of 300 s"):
        get()
    assert clock.delays == []


def test_a_retry_after_pauses_all_requests(shop, clock):
    shop.items["sales"] = [SALE]
    shop.faults = [Fault(status=429, headers={"Retry-After": "20"}, times=1)]
    retries = RetryPolicy(
        attempts=1, limited_attempts=1, sleep=clock.sleep, clock=lambda: clock.now, jitter=lambda low, high: 0
    )
    client = SourceClient(open_session(16), shop.url, ApiKeyAuth(Header(header="X-API-Key"), KEY), retries)
    with pytest.raises(SourceUnavailable):
        client.get(f"{shop.url}/sales", PARAMS, lambda _, body: body)
    client.get(f"{shop.url}/sales", PARAMS, lambda _, body: body)
    assert clock.delays == [20]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(body=b"<html>Back soon.</html>"), "malformed"),
        (Fault(change={"items": "absent"}), "missing required field `items`"),
        (Fault(cut=True), "no response from"),
        (Fault(headers={"Content-Encoding": "gzip"}), "no response from"),
    ],
)
def test_an_invalid_response_is_retried(get, shop, fault, message):
    fault.times = 1
    shop.faults = [fault]
    assert len(get().items) == 1
    fault.times = 3
    with pytest.raises((InvalidResponse, SourceUnavailable), match=message):
        get()


@pytest.mark.parametrize("key", ["wrong-key-12345", "wrong-key-12345" * 30])
def test_a_rejected_key_is_not_retried_and_not_shown(get, shop, clock, key):
    with pytest.raises(RequestRejected, match="returned 401") as raised:
        get(key=key)
    assert "wrong-key-12345" not in str(raised.value)
    assert "bad key ***" in str(raised.value)
    assert clock.delays == []


@pytest.mark.parametrize("key", ["two\nlines", "trailing\r", " leading", "käse", "☃"])
def test_a_key_that_a_header_cannot_contain_is_neither_sent_nor_shown(get, shop, key):
    with pytest.raises(KeyRejected, match="cannot be sent in a header") as raised:
        get(key=key)
    assert key not in str(raised.value) and repr(key)[1:-1] not in str(raised.value)
    assert shop.queries == []


def test_an_unknown_path_is_rejected(get):
    with pytest.raises(RequestRejected, match="returned 404 .*no such path"):
        get(path="/orders")


def test_a_redirect_is_an_error_because_it_would_receive_the_key(get, shop):
    shop.faults = [Fault(status=302, headers={"Location": "http://other.example/"})]
    with pytest.raises(RequestRejected, match="returned 302 Found to 'http://other.example/'"):
        get()


def test_a_closed_port_is_an_unavailable_source(get):
    with pytest.raises(SourceUnavailable, match="no response from.* Tried 3 times"):
        get(url="http://127.0.0.1:9/v1")


def test_an_invalid_address_is_rejected(get):
    with pytest.raises(RequestRejected, match="invalid address"):
        get(url="http://")


def test_a_slow_response_is_awaited(get, shop):
    shop.latency = 0.05
    begin = time.monotonic()
    assert len(get().items) == 1
    assert time.monotonic() - begin >= 0.05


def test_a_body_that_arrives_too_slowly_is_an_error(shop):
    """No part is late enough for the timeout of the socket: 8 parts, and 100 seconds between two clock reads."""
    shop.items["sales"] = [SALE]
    shop.faults = [Fault(slow=0.02)]
    seconds = itertools.count(0, 100)
    retries = RetryPolicy(attempts=1, clock=lambda: next(seconds))
    client = SourceClient(open_session(16), shop.url, ApiKeyAuth(Header(header="X-API-Key"), KEY), retries)
    with pytest.raises(SourceUnavailable, match="the body was not complete after 300 s"):
        client.get(f"{shop.url}/sales", PARAMS, lambda _, body: body)


@pytest.mark.parametrize("before", [0, 60, 75, 290])
def test_a_key_at_the_edge_of_an_excerpt_is_redacted(get, shop, before):
    """A page of a proxy that repeats the request's headers, with status 200."""
    shop.faults = [Fault(body=b"<" + b"x" * before + KEY.encode() + b">", times=9)]
    with pytest.raises(InvalidResponse, match="the body begins with '<") as raised:
        get()
    assert not any(KEY[:length] in str(raised.value) for length in range(4, len(KEY) + 1))
