"""Signs of missing items at places that are not declared, and sources that never come to an end."""

import pytest

from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(37)]
CURSOR = {"cursor": "c", "next": "next", "items": "items"}
WHOLE = {"items": "items"}
KEYSET = {"cursor": "c", "next": "last_item.id", "items": "items"}


def run(land, serve, paging):
    """Requests, items and what is missing."""
    process, state = land(serve, paging)
    return len(process.api.seen), state.rows, state.missing


def chain(members):
    """Pages in a chain; `members(following)` are those of a page beside its items."""

    def serve(api, query, headers):
        start = int(query.get("c") or 0)
        following = start + SIZE if start + SIZE < len(ITEMS) else None
        return 200, {}, {"items": ITEMS[start : start + SIZE]} | members(following)

    return serve


@pytest.mark.parametrize(
    "members",
    [
        lambda following: {"next": None, "next_cursor": following},
        lambda following: {"next": following} if following == SIZE else {"nextCursor": following},
        lambda following: {"next": None, "paging": {"next": {"after": following and str(following)}}},
        lambda following: {"next": None, "links": [{"rel": "next", "href": f"?c={following}"}]},
    ],
)
def test_a_next_page_at_another_place_than_declared(land, members):
    _, _, missing = run(land, chain(members), CURSOR)
    assert "states that there are more items, but not where the next page is" in missing


@pytest.mark.parametrize("header", [{}, {"X-Total-Count": "37"}])
def test_a_total_that_is_not_declared_in_a_chain(land, header):
    def serve(api, query, headers):
        total = {} if header else {"meta": {"pagination": {"total": 37}}}
        return 200, header, {"items": ITEMS[:SIZE], "next": None} | total

    assert run(land, serve, CURSOR) == (2, 10, "the source announced 37 items and returned 10")


def test_a_complete_chain_has_no_such_sign(land):
    serve = chain(lambda following: {"next": following, "total": 37, "count": 50, "links": [{"rel": "self"}]})
    # Two of them show whether rows moved.
    assert run(land, serve, CURSOR) == (6, 37, None)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-Next-Page": "2"}, ITEMS[:SIZE]),
        ({"X-Has-More": "true"}, ITEMS[:SIZE]),
        ({}, {"data": {"items": ITEMS[:SIZE], "pageInfo": {"hasNextPage": True}}}),
        ({}, {"data": {"items": ITEMS[:SIZE], "next_cursor": "abc"}}),
        ({}, {"items": ITEMS[:SIZE], "meta": {"pagination": {"total": 37}}}),
        ({}, {"items": ITEMS[:SIZE], "links": [{"rel": "next", "href": "?page=2"}]}),
        ({}, {"items": ITEMS[:SIZE], "paging": {"next": {"after": "x"}}}),
    ],
)
def test_a_whole_list_with_a_second_page(land, headers, body):
    items = "$" if isinstance(body, list) else "data.items" if "data" in body else "items"
    _, _, missing = run(land, lambda api, query, _: (200, headers, body), {"items": items})
    assert missing == "page 1 states that there are more items, but no paging is declared that leads there"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-Next-Page": ""}, {"items": ITEMS}),
        ({"X-Has-More": "false"}, {"items": ITEMS, "meta": {"pagination": {"total": 37}}}),
        ({}, {"items": ITEMS, "links": [{"rel": "self", "href": "?"}], "paging": {"next": {"after": None}}}),
    ],
)
def test_a_whole_list_without_one(land, headers, body):
    assert run(land, lambda api, query, _: (200, headers, body), WHOLE) == (1, 37, None)


@pytest.mark.parametrize("answer", [{"items": [], "message": "token expired"}, {"items": "?"}])
def test_answers_that_cannot_be_read_do_not_continue_for_ever(land, answer):
    def serve(api, query, headers):
        page = int(query["page"])
        return 200, {}, {"items": ITEMS[(page - 1) * SIZE : page * SIZE]} if page < 3 else answer

    requests, rows, missing = run(land, serve, {"page": "page", "items": "items"})
    assert rows == 20 and requests < 20
    assert "page=3: no items" in missing


def test_no_results_is_an_end(land):
    def serve(api, query, headers):
        page = int(query["page"])
        items = ITEMS[(page - 1) * SIZE : page * SIZE]
        return 200, {}, {"items": items} | ({} if items else {"message": "No results on this page"})

    _, rows, missing = run(land, serve, {"page": "page", "items": "items"})
    assert (rows, missing) == (37, None)


def test_the_same_rows_with_a_new_cursor_and_a_new_time_end(land):
    """No two pages are equal, so only the key shows that the chain makes no progress."""

    def serve(api, query, headers):
        at = len(api.seen)
        return 200, {}, {"items": [item | {"at": at} for item in ITEMS[:SIZE]], "next": f"t{at}"}

    process, state = land(serve, CURSOR, key=["id"])
    assert len(process.api.seen) == 21
    assert "20 pages in a row begin with the key of an earlier page" in state.missing


def test_a_keyset_in_the_wrong_order_is_incomplete(land):
    """The source sorts from the largest id: after the last item come the same ones again, and never the rest."""

    def serve(api, query, headers):
        after = int(query.get("c", -1))
        return 200, {}, {"items": [item for item in ITEMS[::-1] if item["id"] > after][:SIZE]}

    _, _, missing = run(land, serve, KEYSET)
    assert "begin with the key of an earlier page: the source repeats items, check its order" in missing


def test_an_end_that_is_not_declared_is_proposed(land):
    def serve(api, query, headers):
        page = int(query["page"])
        items = ITEMS[(page - 1) * SIZE : page * SIZE]
        return (200, {}, {"items": items}) if items else (404, {}, {})

    _, _, missing = run(land, serve, {"page": "page", "items": "items"})
    assert "If this is the end, declare `end: 404`" in missing
