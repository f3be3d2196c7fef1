"""One declaration for each way in which APIs differ, against a real server of that shape: every item once,
and a run that was cut off goes on at the page."""

import json
import time

import pytest

from connector import copying, sources
from connector.connections import session
from connector.errors import ChainBroken, SettingsError, SourceRefused, SourceUnavailable
from connector.kit import Kit
from connector.landing import Landing
from connector.names import Run
from connector.report import Report
from connector.rest import reader
from connector.rest.auth import EARLY, Tokens
from connector.rest.declaration import ClientCredentials
from connector.rest.limiter import Limiter
from connector.retries import Retries
from connector.settings import Settings
from connector.state import State
from tests.connector import kiosk as shapes
from tests.connector.kiosk import SIZE, Kiosk

THINGS = {"path": "/things", "table": "products", "key": ["id"], "schedule": "daily"}
SHAPES = {
    shapes.by_number: {"page": "p", "first": 0, "size": "n", "limit": SIZE, "items": "data.rows"},
    shapes.by_number_with_an_end: {"page": "p", "first": 0, "limit": SIZE, "items": "data.rows", "end": 404},
    shapes.by_offset: {
        "offset": "offset",
        "size": "limit",
        "limit": SIZE,
        "items": "results",
        "total_items": "meta.total",
    },
    shapes.by_offset_bare: {"offset": "offset", "size": "limit", "limit": SIZE, "items": "$"},
    shapes.by_cursor: {"cursor": "after", "next": "paging.next.after", "items": "results"},
    shapes.by_address: {"next": "next", "items": "items"},
    shapes.by_link: {"link": "next", "items": "$"},
    shapes.whole: {"items": "things"},
}
CHAINED = {shapes.by_cursor, shapes.by_address, shapes.by_link}
KEY = "the+key/of=it"


class Ours:
    """A process after another: what they have in common is the bucket and the state that the lease keeps."""

    def __init__(self, kiosk, bucket, declared, key=KEY):
        self.kiosk, self.bucket = kiosk, bucket
        self.source = sources.parse(declared, "things.yaml")
        self.key = key
        run = Run.new("things", 1_795_246_443_000, "0a1b2c3d")
        self.state = State(id=run.id, endpoint="things", began=run.began)

    def check(self): ...

    def save(self, state):
        self.state = state

    def land(self):
        """A new process lands what the dead one did not; the state that it ends with."""
        settings = Settings("", "", "", {"URL": self.kiosk.url, "API_KEY": self.key})
        retries = Retries(tries=2, sleep=lambda seconds: None)
        pages = reader.assemble(self.source, "things", settings, lambda: retries)
        with pages.api.http:
            kit = Kit(
                name="things",
                endpoint=self.source.endpoint("things"),
                reader=pages,
                landing=Landing(self.bucket, "things"),
                leases=self.bucket,
                warehouse=None,
                report=Report(Silence()),
            )
            return copying.land(kit, self, self.state)

    def ids(self):
        contents = [self.bucket.objects[name][1] for name in self.bucket.names("things/in/")]
        return sorted(json.loads(line)["id"] for content in contents for line in content.splitlines())


class Silence:
    def write(self, text): ...
    def flush(self): ...


@pytest.fixture
def ours(bucket):
    made = []

    def make(shape, auth=None, key=KEY, **others):
        kiosk = Kiosk(shape)
        made.append(kiosk)
        kiosk.items = [{"id": number} for number in range(10 * SIZE)]
        declared = {"kind": "rest", "url": "https://api.example", "paging": SHAPES[shape]}
        declared |= {"auth": auth, "secret": "things-key"} if auth else {}
        return Ours(kiosk, bucket, declared | {"endpoints": {"things": THINGS}} | others, key)

    yield make
    for kiosk in made:
        kiosk.close()


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE, SIZE + 1, 7 * SIZE, 7 * SIZE + 3])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_item_once(ours, shape, count):
    one = ours(shape)
    one.kiosk.items = one.kiosk.items[:count]
    assert one.land().missing is None
    assert one.ids() == list(range(count))
    assert set(one.kiosk.asked.values()) == {1}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_run_that_was_cut_off_goes_on_at_the_page(ours, shape):
    one = ours(shape)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        one.land()
    there = {number // SIZE * SIZE for number in one.ids()}
    one.kiosk.asked.clear()
    one.kiosk.closed = set()
    assert one.land().missing is None
    assert one.ids() == list(range(10 * SIZE))
    assert not there & set(one.kiosk.asked)
    if shape in CHAINED:
        assert there == set(range(0, 5 * SIZE, SIZE))  # one after another, each known from the one before


def test_a_source_without_totals_is_asked_side_by_side_and_little_beyond_its_end(ours):
    one = ours(shapes.by_number)
    one.kiosk.items = [{"id": number} for number in range(100 * SIZE)]
    one.land()
    assert one.ids() == list(range(100 * SIZE))
    assert len(one.kiosk.asked) <= 100 + 16


def test_a_source_that_gives_less_than_was_asked_for_is_caught(ours):
    """Counted in items, each page would begin where the one before should have ended."""
    paging = SHAPES[shapes.by_offset_bare] | {"limit": 2 * SIZE}
    one = ours(shapes.by_offset_bare, paging=paging)
    assert "page 1 has 10 items of 20 and is not the last: lower `limit`" in one.land().missing


def test_a_chain_that_leads_back_ends_and_says_so(ours):
    one = ours(shapes.by_cursor)
    circle = {"results": [{"id": 0}], "paging": {"next": {"after": "at-0"}}}
    one.kiosk.shape = lambda kiosk, query, headers: (200, {}, circle)
    assert one.land().missing == "page 2 repeats page 1"


def test_an_endpoint_may_be_of_another_shape_than_its_source(ours):
    endpoint = THINGS | {"paging": {"cursor": None, "next": None, "offset": "offset", "limit": SIZE}}
    endpoint["paging"]["total_items"] = "meta.total"
    one = ours(shapes.by_cursor, endpoints={"things": endpoint})
    one.kiosk.shape = lambda kiosk, query, headers: shapes.by_offset(kiosk, query | {"limit": SIZE}, headers)
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_parameters_that_are_always_sent(ours):
    one = ours(shapes.by_number, endpoints={"things": THINGS | {"params": {"status": "any"}}})
    one.land()
    assert {query["status"] for _, query in one.kiosk.seen} == {"any"}


def test_a_cursor_that_has_expired_is_given_up(ours):
    one = ours(shapes.by_cursor)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable):
        one.land()
    one.kiosk.shape = lambda kiosk, query, headers: (410, {}, {"error": "expired"})
    with pytest.raises(ChainBroken, match="answered 410 .* The next run begins anew"):
        one.land()


def test_a_chain_with_a_window_begins_again_once_its_end_is_known(ours):
    """Rows that are newer than the first answer are left for the next run, as everywhere."""
    window = {"field": "id", "from": "since", "until": "until", "last": "newest"}
    one = ours(shapes.by_cursor, endpoints={"things": THINGS | {"window": window}})

    def shape(kiosk, query, headers):
        status, more, body = shapes.by_cursor(kiosk, query, headers)
        kept = [item for item in body["results"] if item["id"] <= int(query.get("until", 10**6))]
        kiosk.items.append({"id": len(kiosk.items)})
        return status, more, body | {"results": kept, "newest": 10 * SIZE - 1}

    one.kiosk.shape = shape
    assert one.land().span.until == 10 * SIZE - 1
    assert one.ids() == list(range(10 * SIZE))


# --- how much it may be asked
# ----------------------------------------------------------------------------------


def test_requests_are_spaced_whoever_asks():
    slept, now = [], 100.0
    limiter = Limiter(4, slept.append, lambda: now)
    for _ in range(4):
        limiter.wait()
    assert slept == [0.25, 0.5, 0.75]
    now = 200.0  # nothing is saved up for later
    limiter.wait()
    limiter.wait()
    assert slept[3:] == [0.25]


def test_a_declared_limit_holds_for_all_fetchers_together(ours):
    one = ours(shapes.by_offset, limits={"per_second": 50, "in_flight": 2})
    begin = time.monotonic()
    one.land()
    assert time.monotonic() - begin >= 9 / 50  # ten pages, the first at once
    assert one.ids() == list(range(10 * SIZE))


def test_a_declared_number_in_flight_holds(ours):
    one = ours(shapes.by_number, limits={"in_flight": 2})
    one.kiosk.items = [{"id": number} for number in range(40 * SIZE)]
    going, most = [], []

    def shape(kiosk, query, headers):
        going.append(1)
        most.append(len(going))
        time.sleep(0.002)
        going.pop()
        return shapes.by_number(kiosk, query, headers)

    one.kiosk.shape = shape
    one.land()
    assert max(most) == 2


# --- who we are
# ------------------------------------------------------------------------------------------------


def guarded(shape, allows):
    """`shape` for whoever `allows(query, headers)`."""

    def guard(kiosk, query, headers):
        if not allows(kiosk, query, headers):
            return 401, {}, {"error": "who are you?", "you sent": [query, dict(headers)]}
        return shape(kiosk, query, headers)

    return guard


def test_a_key_in_a_header_after_a_word(ours):
    one = ours(shapes.by_cursor, auth={"header": "Authorization", "prefix": "Bearer "})
    one.kiosk.shape = guarded(
        shapes.by_cursor, lambda k, q, headers: headers["Authorization"] == f"Bearer {KEY}"
    )
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_a_key_in_the_query_is_sent_with_each_page_and_written_down_nowhere(ours, bucket):
    """The address of the next page repeats it; what is kept of the address does not."""
    one = ours(shapes.by_address, auth={"query": "api_key"})
    one.kiosk.shape = guarded(shapes.by_address, lambda kiosk, query, headers: query.get("api_key") == KEY)
    one.kiosk.closed = {5 * SIZE}
    with pytest.raises(SourceUnavailable) as raised:
        one.land()
    assert "key/of" not in str(raised.value) and "of%3Dit" not in str(raised.value)
    assert "start=50" in str(raised.value)
    kept = str([metadata for _, _, metadata in bucket.objects.values()])
    assert "start=50" in kept and "api_key" not in kept
    one.kiosk.closed = set()
    one.land()
    assert one.ids() == list(range(10 * SIZE))


def test_a_refused_key_in_the_query_is_not_shown(ours):
    one = ours(shapes.by_address, auth={"query": "api_key"})
    one.kiosk.shape = guarded(shapes.by_address, lambda kiosk, query, headers: False)
    with pytest.raises(SourceRefused, match="answered 401") as raised:
        one.land()
    assert KEY not in str(raised.value) and "of%3D" not in str(raised.value)


CLIENT = '{"client_id": "us", "client_secret": "hush-hush"}'
OAUTH = {"token_url": "/oauth/token", "scope": "read"}


def knows_token(number):
    return lambda kiosk, query, headers: headers["Authorization"] == f"Bearer token-{number()}"


def test_a_token_is_fetched_once_for_all_pages(ours):
    one = ours(shapes.by_offset, auth=OAUTH, key=CLIENT)
    one.kiosk.shape = guarded(shapes.by_offset, knows_token(lambda: 1))
    one.land()
    assert one.ids() == list(range(10 * SIZE))
    [asked] = one.kiosk.tokens
    assert asked == {
        "Authorization": "Basic dXM6aHVzaC1odXNo",
        "grant_type": ["client_credentials"],
        "scope": ["read"],
    }


def test_a_token_that_is_refused_is_renewed_once_and_the_page_comes(ours):
    one = ours(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    valid = lambda: 1 if one.kiosk.asked[2 * SIZE] == 0 else 2  # noqa: E731 - from the third page on
    one.kiosk.shape = guarded(shapes.by_cursor, knows_token(valid))
    one.land()
    assert one.ids() == list(range(10 * SIZE))
    assert len(one.kiosk.tokens) == 2


def test_a_token_is_used_until_shortly_before_its_end(ours):
    now = [0.0]
    one = ours(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    with session(16) as http:
        tokens = Tokens(http, one.kiosk.url, ClientCredentials(token_url="/"), CLIENT, lambda: now[0])
        assert [tokens.current(), tokens.current()] == ["token-1", "token-1"]
        now[0] = 3600 - EARLY - 1
        assert tokens.current() == "token-1"
        now[0] += 1
        assert tokens.current() == "token-2"


def test_a_client_that_is_refused_says_so_without_its_secret(ours):
    one = ours(shapes.by_cursor, auth=OAUTH, key=CLIENT)
    one.kiosk.shape = guarded(shapes.by_cursor, lambda kiosk, query, headers: False)
    with pytest.raises(SourceRefused, match="answered 401") as raised:
        one.land()
    assert "token-2" not in str(raised.value) and "hush" not in str(raised.value)
    assert len(one.kiosk.tokens) == 2


def test_a_secret_that_is_no_client(ours):
    with pytest.raises(SettingsError, match="must be .*client_id.*client_secret"):
        ours(shapes.by_cursor, auth=OAUTH, key="just-a-key").land()


@pytest.mark.parametrize("answer", ["http://127.0.0.1:9/things", "https://api.example/v2/things"])
def test_the_key_goes_to_no_other_host(ours, answer):
    one = ours(shapes.by_address, auth={"header": "X-Key"})
    body = {"items": [{"id": 1}], "next": answer}
    one.kiosk.shape = lambda kiosk, query, headers: (200, {}, body)
    with pytest.raises(SourceRefused, match="the key is not sent there"):
        one.land()
