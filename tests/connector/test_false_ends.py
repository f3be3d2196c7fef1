"""Responses of public APIs that look like the end of the data and are not, and ends that do not look like one."""

import pytest

from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(47)]
BY_PAGE = {"page": "page", "items": "items", "limit": SIZE}
CURSOR = {"cursor": "c", "next": "next", "items": "items"}
NODES = {"cursor": "c", "next": "data.pageInfo.endCursor", "items": "data.nodes"}


def by_page(change, size=SIZE, items=ITEMS):
    """`change(page, rows)` is the body, or the complete answer."""

    def serve(api, query, headers):
        page = int(query.get("page", 0)) or int(query.get("offset", 0)) // SIZE + 1
        body = change(page, items[(page - 1) * size : page * size])
        return body if isinstance(body, tuple) else (200, {}, body)

    return serve


def chain(change, following=lambda start: str(start + SIZE)):
    """Pages by a number as cursor; `change(start, attempt)` is another body of a page, or None."""

    def serve(api, query, headers):
        start = int(query.get("c", 0))
        api.requests_by_start[start] += 1
        body = {"items": ITEMS[start : start + SIZE], "next": following(start) if start + SIZE < 47 else None}
        answer = change(start, api.requests_by_start[start]) or body
        return answer if isinstance(answer, tuple) else (200, {}, answer)

    return serve


@pytest.mark.parametrize(
    "body", [{"items": []}, {"items": [], "next": None}, {"items": None}, (204, {}, b"")]
)
def test_an_empty_page_in_a_chain_is_requested_again(land, body):
    process, state = land(chain(lambda start, attempt: body if (start, attempt) == (20, 1) else None), CURSOR)
    assert (process.ids(), state.missing) == (list(range(47)), None)
    _, state = land(chain(lambda start, attempt: body if start == 20 else None), CURSOR)
    assert "page 3: it names no next page, but c=30 has items" in state.missing


def test_an_empty_page_that_names_a_next_one_is_requested_again(land):
    lost = {"items": [], "next": "30"}
    process, state = land(chain(lambda start, attempt: lost if (start, attempt) == (20, 1) else None), CURSOR)
    assert (process.ids(), state.missing) == (list(range(47)), None)


def test_keyset_paging_requests_an_empty_page_again_after_a_full_one(land):
    def serve(api, query, headers):
        start = int(query.get("c", -1)) + 1
        api.requests_by_start[start] += 1
        is_lost = (start, api.requests_by_start[start]) == (20, 1)
        return 200, {}, {"items": [] if is_lost else ITEMS[start : start + SIZE]}

    process, state = land(serve, CURSOR | {"next": "last_item.id"})
    assert (process.ids(), state.missing) == (list(range(47)), None)


@pytest.mark.parametrize("paging", [CURSOR, CURSOR | {"limit": SIZE}])
def test_a_full_page_that_names_itself(land, paging):
    _, state = land(chain(lambda start, _: None, lambda start: str(min(start + SIZE, 20))), paging)
    assert "page 3: it names no next page, but c=30 has items" in state.missing


@pytest.mark.parametrize("stop", ["false", False, 0])
@pytest.mark.parametrize("more", [{}, {"more": "data.pageInfo.hasNextPage"}])
def test_a_last_page_that_repeats_its_cursor(land, stop, more):
    """GraphQL connections: `endCursor` is the last edge's, also where nothing follows."""

    def serve(api, query, headers):
        start = int(query.get("c", 0))
        info = {"hasNextPage": True if start + SIZE < 47 else stop, "endCursor": str(start + SIZE)}
        return 200, {}, {"data": {"nodes": ITEMS[start : start + SIZE], "pageInfo": info}}

    process, state = land(serve, NODES | more)
    assert (process.ids(), state.missing) == (list(range(47)), None)
    assert len({query.get("c") for _, query in process.api.seen}) <= 6


@pytest.mark.parametrize("limit", [{}, {"limit": SIZE}, {"limit": 99}])
@pytest.mark.parametrize("lost", [0, 20])
def test_a_statement_that_is_false_once_beside_a_next_cursor(land, limit, lost):
    def serve(api, query, headers):
        start = int(query.get("c", 0))
        api.requests_by_start[start] += 1
        is_lost = start == lost and api.requests_by_start[start] == 1
        info = {"hasNextPage": start + SIZE < 47 and not is_lost, "endCursor": str(start + SIZE)}
        return 200, {}, {"data": {"nodes": ITEMS[start : start + SIZE], "pageInfo": info}}

    process, state = land(serve, NODES | {"more": "data.pageInfo.hasNextPage"} | limit)
    assert (process.ids(), state.missing) == (list(range(47)), None)


@pytest.mark.parametrize("stop", [{"hasNextPage": None}, {"hasNextPage": ""}, {}])
@pytest.mark.parametrize("more", [{}, {"more": "data.pageInfo.hasNextPage"}])
def test_a_last_page_without_the_statement_and_with_a_cursor_that_is_always_new(land, stop, more):
    def serve(api, query, headers):
        start = int(query.get("c", 0))
        info = {"hasNextPage": True} if start + SIZE < 47 else stop
        return (
            200,
            {},
            {
                "data": {
                    "nodes": ITEMS[start : start + SIZE],
                    "pageInfo": info | {"endCursor": f"{start + SIZE}"},
                }
            },
        )

    process, state = land(serve, NODES | more)
    assert (process.ids(), state.missing) == (list(range(47)), None)


@pytest.mark.parametrize("lost", [{}, {"hasNextPage": None}])
def test_an_empty_page_without_the_statement_is_not_the_end(land, lost):
    """It is so once, and the pages after it have items."""

    def serve(api, query, headers):
        start = int(query.get("c", 0))
        is_lost = start in (20, 30)
        info = lost if is_lost else {"hasNextPage": start + SIZE < 47}
        return (
            200,
            {},
            {
                "data": {
                    "nodes": [] if is_lost else ITEMS[start : start + SIZE],
                    "pageInfo": info | {"endCursor": f"{start + SIZE}"},
                }
            },
        )

    process, _ = land(serve, NODES)
    assert process.ids() == [*range(20), *range(40, 47)]


@pytest.mark.parametrize(
    ("paging", "members"),
    [
        (BY_PAGE | {"total_items": "count"}, lambda rows: {"count": len(rows)}),
        (BY_PAGE | {"total_pages": "pages"}, lambda rows: {"pages": 1}),
        ({"offset": "offset", "items": "items", "total_items": "count"}, lambda rows: {"count": len(rows)}),
    ],
)
def test_a_total_of_the_page_hides_that_the_server_lowers_the_limit(land, paging, members):
    serve = by_page(lambda page, rows: {"items": rows} | members(rows))
    _, state = land(serve, paging | {"limit": 100})
    assert "lower `limit`" in state.missing
    process, state = land(
        by_page(lambda page, rows: {"items": rows} | members(rows), items=ITEMS[:7]), paging | {"limit": 10}
    )
    assert (process.ids(), state.missing) == (list(range(7)), None)


@pytest.mark.parametrize(
    "error",
    [
        {"code": 50061, "msg": "Rate limit reached"},
        {"errorMessages": ["slow down"]},
        {"warnings": ["result window exceeded"]},
        {"messages": ["Your plan's request limit was used"]},
    ],
)
def test_an_empty_page_with_the_text_of_a_failure(land, error):
    _, state = land(
        by_page(lambda page, rows: {"items": rows if page < 3 else []} | (error if page >= 3 else {})),
        BY_PAGE,
    )
    assert "no items, but an error" in state.missing


@pytest.mark.parametrize("text", [{"message": "No results."}, {"warnings": []}, {"info": "end of list"}])
def test_an_empty_page_with_another_text_is_the_end(land, text):
    process, state = land(by_page(lambda page, rows: {"items": rows} | ({} if rows else text)), BY_PAGE)
    assert (process.ids(), state.missing) == (list(range(47)), None)


def test_a_list_that_ends_at_a_round_number_is_noted(land):
    many = [{"id": number} for number in range(1234)]
    serve = by_page(lambda page, rows: {"items": rows if page <= 10 else []}, 100, many)
    _, state = land(serve, BY_PAGE | {"limit": 100})
    assert any("ends after exactly 1000 items" in note for note in state.notes)


@pytest.mark.parametrize("total", [{}, {"total": 30}])
@pytest.mark.parametrize("after_end", [(200, {}, {"items": []}), (404, {}, {})])
def test_a_list_that_is_cut_at_another_round_number_is_noted(land, total, after_end):
    """Neither the total nor any page shows the other 17 items."""
    paging = BY_PAGE | {"end": 404} | ({"total_items": "total"} if total else {})
    serve = by_page(lambda page, rows: {"items": rows} | total if page <= 3 else after_end)
    _, state = land(serve, paging)
    assert state.missing is None
    assert any("ends after exactly 30 items" in note for note in state.notes)


@pytest.mark.parametrize("count", [7, 20, 37, 70])
def test_a_list_of_another_length_has_no_note(land, count):
    items = ITEMS[:count] if count <= 47 else [{"id": number} for number in range(count)]
    _, state = land(by_page(lambda page, rows: {"items": rows}, items=items), BY_PAGE)
    assert (state.missing, state.notes) == (None, ())


def test_a_lower_bound_does_not_count_as_a_total(land):
    """Elasticsearch counts up to 10,000, and refuses pages behind them."""
    total = {"total": {"value": 30, "relation": "gte"}}
    serve = by_page(lambda page, rows: {"items": rows} | total if page <= 3 else (400, {}, {}))
    _, state = land(serve, BY_PAGE | {"total_items": "total.value"})
    assert "returned 400" in state.missing
