"""How sources mark the next page and the end: every spelling gives all rows, or an incomplete run with the reason."""

from typing import Any

import pytest

from connector.errors import InvalidResponse
from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(37)]
ALL = list(range(37))
CURSOR = {"cursor": "cursor", "next": "next", "items": "items"}
ADDRESS = {"next": "next", "items": "items"}
PAGE = {"page": "page", "items": "items"}
OFFSET = {"offset": "start", "size": "n", "items": "items"}
MORE = "page 1 states that there are more items, but no paging is declared that leads there"


def page(start, size=SIZE):
    return ITEMS[start : start + size]


def by_page(**members):
    """Pages by number; a value may be a function of the page's number."""

    def serve(api, query, headers):
        number = int(query["page"])
        values = {name: value(number) if callable(value) else value for name, value in members.items()}
        return 200, {}, {"items": page((number - 1) * SIZE), **values}

    return serve


def chain(position, end=None, **members):
    """Pages in a chain; `position` makes the value of `next` from the start of the next page."""

    def serve(api, query, headers):
        start = int(query.get("cursor", query.get("start", 0)))
        following = position(start + SIZE) if start + SIZE < len(ITEMS) else end
        return 200, {}, {"items": page(start), "next": following, **members}

    return serve


@pytest.mark.parametrize("end", [None, "", " ", False, [], {}])
@pytest.mark.parametrize(
    ("paging", "position"), [(CURSOR, lambda start: start), (ADDRESS, lambda start: f"?start={start}")]
)
def test_every_empty_value_is_the_end(land, paging, position, end):
    process, state = land(chain(position, end), paging)
    assert (process.ids(), state.missing) == (ALL, None)


@pytest.mark.parametrize("end", [0, "0"])
def test_a_zero_that_leads_back_to_page_1_is_not_silent(land, end):
    process, state = land(chain(lambda start: start, end), CURSOR)
    assert set(process.ids()) == set(ALL)
    assert state.missing == "page 5 repeats page 1"


def test_a_last_page_that_points_to_itself_is_the_end(land):
    def serve(api, query, headers):
        start = int(query.get("start", 0))
        return 200, {}, {"items": page(start), "next": f"?start={min(start + SIZE, 30)}"}

    process, state = land(serve, ADDRESS)
    assert (process.ids(), state.missing) == (ALL, None)


def test_a_page_that_points_to_itself_and_states_that_there_is_more_is_incomplete(land):
    def serve(api, query, headers):
        start = int(query.get("start", 0))
        return 200, {}, {"items": page(start), "next": f"?start={min(start + SIZE, 20)}", "has_more": True}

    _, state = land(serve, ADDRESS)
    assert state.missing == "page 3 states that there are more items, but not where the next page is"


@pytest.mark.parametrize(
    "link",
    [
        '<?start={n}>; rel="next"',
        "</v2/things?start={n}>; rel=next",
        "<{url}?start={n}>; rel='next'",
        '<{url}?start={n}>; rel="next',
        '<{url}?start={n}>;; rel="next";',
        '< {url}?start={n} >;\trel = "next"',
        '<{url}?start={n}>; crossorigin; title="a \\"b\\"; rel=prev"; rel="next"',
        "<{url}?start={n}>; title*=UTF-8''x%2cy; rel=\"next\"",
        '<{url}?start={n}>; rel="prev"; rel="next"',
        '<{url}?start=0>;rel=prev,<{url}?start={n}>;rel="last next"',
        '<{url}?start=0>; anchor="#other"; rel="next", <{url}?start={n}>; rel="next"',
        '<{url}?start=0>; title="<x>, y"; rel="prev", <{url}?start={n}>; rel="next"',
    ],
)
def test_odd_link_headers_are_followed(land, link):
    def serve(api, query, headers):
        start = int(query.get("start", 0))
        text = link.replace("{url}", f"{api.url}/things").replace("{n}", str(start + SIZE))
        return 200, {"Link": text} if start + SIZE < len(ITEMS) else {}, page(start)

    process, state = land(serve, {"link": "next", "items": "$"})
    assert (process.ids(), state.missing) == (ALL, None)


@pytest.mark.parametrize(
    ("relation", "link"),
    [
        ("nxt", '<{url}?start=10>; rel="next"'),
        ("next", '<{url}?start=10>; rel="https://api.example/rels/next"'),
        ("next", "<{url}/style.css>; rel=preload; as=style"),
    ],
)
def test_a_link_header_without_the_relation_proves_no_end(land, relation, link):
    def serve(api, query, headers):
        return 200, {"Link": link.replace("{url}", api.url)}, page(0)

    _, state = land(serve, {"link": relation, "items": "$"})
    assert f"no response contains a Link header with relation '{relation}'" in state.missing


def test_a_link_header_with_other_relations_of_pages_is_the_end(land):
    link = '<https://api.example/?page=1>; rel="first", <https://api.example/?page=1>; rel="last"'
    _, state = land(
        lambda api, query, headers: (200, {"Link": link}, page(0)), {"link": "next", "items": "$"}
    )
    assert state.missing is None


def test_a_link_header_that_cannot_be_read_is_an_error(land):
    link = 'https://api.example/?page=2; rel="next"'
    with pytest.raises(InvalidResponse, match="the Link header cannot be read from 'https://api.example"):
        land(lambda api, query, headers: (200, {"Link": link}, page(0)), {"link": "next", "items": "$"})


@pytest.mark.parametrize("yes", [True, 1, "true", "True", "yes", "Y", "1"])
def test_has_more_is_understood_in_every_spelling(land, yes):
    paging = {"cursor": "after", "next": "last_item.id", "more": "has_more", "items": "items"}
    no = "no" if isinstance(yes, str) else type(yes)(0)

    def serve(api, query, headers):
        start = int(query.get("after", -1)) + 1
        return 200, {}, {"items": page(start), "has_more": yes if start + SIZE < len(ITEMS) else no}

    process, state = land(serve, paging)
    assert (process.ids(), state.missing) == (ALL, None)
    assert len(process.api.seen) == 4
    _, state = land(lambda *_: (200, {}, {"items": page(0), "has_more": yes}), {"items": "items"})
    assert state.missing == MORE


@pytest.mark.parametrize("text", ["maybe", [1]])
def test_a_statement_that_cannot_be_understood_is_an_error(land, text):
    with pytest.raises(InvalidResponse, match="Expected a boolean at has_more"):
        land(by_page(has_more=text), PAGE | {"more": "has_more"})


@pytest.mark.parametrize("items", [[{"id": 1}], [{"id": 1, "seq": None}, {"id": 2}], [5, None]])
def test_items_without_the_position_are_an_error_and_not_the_end(land, items):
    paging = {"cursor": "after", "next": "last_item.seq", "items": "items"}
    with pytest.raises(InvalidResponse, match="the last item has no `seq`"):
        land(lambda api, query, headers: (200, {}, {"items": items}), paging)


@pytest.mark.parametrize(
    "wrong", [{"id": "x"}, {"id": "x", "seq": None}, {"id": "x", "seq": ""}, 5, None, [1]]
)
@pytest.mark.parametrize("place", [3, 9, 19, 29])
def test_one_item_without_the_position_keeps_no_page_out(land, wrong, place):
    """At the end of a page the run is incomplete too: nothing shows that the source sorts it there."""
    rows: list[Any] = [{"id": number, "seq": number} for number in range(40)]
    rows[place] = wrong

    def serve(api, query, headers):
        start = int(query.get("after", -1)) + 1
        return 200, {}, {"items": rows[start : start + 10]}

    process, state = land(serve, {"cursor": "after", "next": "last_item.seq", "items": "items", "limit": 10})
    ids = {row["id"] for row in process.rows() if "id" in row} - {"x"}
    assert ids == set(range(40)) - {place}
    assert "the last item has no `seq`" in (state.missing or "") if place != 3 else state.missing is None


def test_positions_keep_their_type_in_the_body_of_a_post(land):
    """`search_after` takes the list of sort values of the last item, as Elasticsearch returns it."""

    def serve(api, body, headers):
        after = body.get("search_after", [-1, "x"])
        hits = [item | {"sort": [item["id"], "x"]} for item in page(after[0] + 1, body["size"])]
        return 200, {}, {"hits": {"hits": hits, "total": {"value": 37, "relation": "eq"}}}

    paging: dict[str, str | int]
    paging = {"cursor": "search_after", "next": "last_item.sort", "items": "hits.hits", "within": "body"}
    paging |= {"size": "size", "limit": SIZE, "total_items": "hits.total.value"}
    process, state = land(serve, paging, method="POST", body={"query": {"match_all": {}}})
    assert (process.ids(), state.missing) == (ALL, None)
    assert process.api.bodies[1] == {"query": {"match_all": {}}, "size": SIZE, "search_after": [9, "x"]}


@pytest.mark.parametrize(
    ("total", "announced"),
    [
        ("37", 37),
        (" 37 ", 37),
        (37.0, 37),
        ("37.0", 37),
        ("items 0-9/37", 37),
        ("1,037", 1037),
        ("1.037", 1037),
        ("1 037", 1037),
        ("1\u00a0037", 1037),
        ("1'037", 1037),
        ("1e3", 1000),
        (None, None),
        ("", None),
        (-1, None),
        ("0-9/*", None),
    ],
)
def test_totals_in_every_spelling(land, total, announced):
    process, state = land(by_page(total=total), PAGE | {"limit": SIZE, "total_items": "total"})
    assert process.ids() == ALL
    expected = (
        f"the source announced {announced} items and returned 37" if announced not in (37, None) else None
    )
    assert state.missing == expected


@pytest.mark.parametrize("total", ["many", True, "0x25", "37+", [37], {"value": 37}])
def test_a_total_that_cannot_be_read_is_an_error(land, total):
    with pytest.raises(InvalidResponse, match="Expected an integer at total"):
        land(by_page(total=total), PAGE | {"total_items": "total"})


@pytest.mark.parametrize("name", ["total_items", "total_pages", "more"])
def test_a_declared_place_that_never_appears_is_incomplete(land, name):
    process, state = land(by_page(total=37), PAGE | {name: "totl"})
    assert process.ids() == ALL
    assert state.missing == f"no response contains 'totl', declared as `{name}`: check the name"


def test_a_place_that_appeared_in_an_earlier_run_may_be_absent(land):
    process, state = land(by_page(total=37), PAGE | {"total_items": "total"})
    assert state.missing is None
    for name in process.store.names("things/in/"):
        process.store.delete(name)
    process.state = type(state)(id="things-2", endpoint="things", began=state.began + 1)
    process.api.shape = by_page()
    assert process.land().missing is None


@pytest.mark.parametrize(
    ("headers", "members"),
    [
        ({}, {"next": "/v2/things?page=2"}),
        ({}, {"@odata.nextLink": "https://api.example/?$skip=10"}),
        ({}, {"_links": {"next": {"href": "/v2/things?page=2"}}}),
        ({}, {"meta": {"next_cursor": "abc"}}),
        ({}, {"total": 37}),
        ({}, {"pagination": {"totalItems": 37}}),
        ({"Link": '</v2/things?page=2>; rel="next"'}, {}),
        ({"Content-Range": "items 0-9/37"}, {}),
        ({}, {"total": "37"}),
        ({}, {"total": 37.0}),
        ({}, {"meta": {"total_pages": 4}}),
        ({}, {"last_page": "4"}),
        ({}, {"next_page": 2}),
        ({}, {"meta": {"next_cursor": 123}}),
        ({}, {"info": {"more_records": True}}),
        ({}, {"IsTruncated": "true"}),
        ({}, {"HasMore": 1}),
        ({"X-Total-Count": "37"}, {}),
        ({"x-wp-totalpages": "4"}, {}),
    ],
)
def test_a_body_that_should_be_everything_but_indicates_more_is_incomplete(land, headers, members):
    _, state = land(lambda api, query, _: (200, headers, {"items": page(0)} | members), {"items": "items"})
    assert state.missing == MORE


@pytest.mark.parametrize(
    "members",
    [
        {"next": None, "total": 10},
        {"links": {"next": ""}},
        {"page": 1},
        {"count": 10},
        {"more": []},
        {"total": "10", "total_pages": 1, "next_page": 0},
        {"next_cursor": "0", "isTruncated": False},
        {"total": "about ten", "last_page": None},
    ],
)
def test_a_body_that_is_everything_is_complete(land, members):
    _, state = land(lambda api, query, _: (200, {}, {"items": page(0)} | members), {"items": "items"})
    assert state.missing is None


def test_a_declared_total_overrides_the_indications(land):
    body = {"items": page(0), "count": 500, "all": 10}
    _, state = land(lambda api, query, _: (200, {}, body), {"items": "items", "total_items": "all"})
    assert state.missing is None


def test_pages_with_status_206_are_read(land):
    """As PostgREST answers: the total is in Content-Range."""

    def serve(api, query, headers):
        start = int(query["start"])
        return 206, {"Content-Range": f"{start}-{start + SIZE - 1}/37"}, {"items": page(start)}

    process, state = land(serve, OFFSET | {"limit": SIZE, "total_items": "header:Content-Range"})
    assert (process.ids(), state.missing) == (ALL, None)
    _, state = land(lambda api, query, _: (206, {}, {"items": page(0)}), {"items": "items"})
    assert state.missing == MORE


def capped(count, total=False):
    """A server that returns at most SIZE items, whatever the limit is."""

    def serve(api, query, headers):
        start = int(query["start"]) if "start" in query else (int(query["page"]) - 1) * SIZE
        rows = ITEMS[:count][start : start + SIZE]
        return 200, {}, {"items": rows} | ({"total": count} if total else {})

    return serve


@pytest.mark.parametrize("count", [15, 20, 37])
def test_a_limit_that_the_server_lowers_without_a_sign_is_noticed(land, count):
    _, state = land(capped(count), OFFSET | {"limit": 2 * SIZE})
    assert "lower `limit`" in state.missing
    process, state = land(capped(count, True), PAGE | {"limit": 2 * SIZE, "total_items": "total"})
    assert (process.ids(), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize("count", [0, 5, SIZE, SIZE + 5])
def test_a_server_that_obeys_the_limit_is_complete(land, count):
    process, state = land(capped(count), OFFSET | {"limit": SIZE})
    assert (process.ids(), state.missing) == (list(range(count)), None)


def windowed(status, count, window):
    """A search engine that refuses offsets from `window` on."""

    def serve(api, query, headers):
        start = int(query["start"])
        rows = [{"id": number} for number in range(count)][start : start + 100]
        return (200, {}, {"items": rows}) if start < window and rows else (status, {}, {"error": "offset"})

    return serve


@pytest.mark.parametrize(("status", "count"), [(400, 2500), (404, 2500), (422, 1300)])
def test_a_result_window_is_not_taken_for_the_end(land, status, count):
    window = 1000 if status != 422 else 1200
    process, state = land(windowed(status, count, window), OFFSET | {"limit": 100, "end": status})
    assert len(process.ids()) == window
    assert f"the source answered {status} after {window} items" in state.missing


def test_an_end_by_404_is_complete(land):
    process, state = land(windowed(404, 700, 9999), OFFSET | {"limit": 100, "end": 404})
    assert (len(process.ids()), state.missing) == (700, None)
