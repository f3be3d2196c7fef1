"""A chain whose position of the next page vanishes although items remain, and chains that end so."""

import hashlib

import pytest

from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(47)]
LINK = {"link": "next", "items": "$", "limit": SIZE}
NEXT = {"next": "next", "items": "items", "limit": SIZE}
CURSOR = {"cursor": "n", "next": "next", "items": "items", "limit": SIZE}


def by_link(count, last_with_next, others="", step=1):
    """Pages with a Link header; only those up to `last_with_next` name the next page."""

    def serve(api, query, headers):
        page = int(query.get("n", step)) // step if step == 1 else int(query.get("n", 0)) // step + 1
        rows = ITEMS[:count][(page - 1) * SIZE : page * SIZE]
        following = page + 1 if step == 1 else page * step
        links = (
            [f'<{api.url}/things?n={following}&per_page=10>; rel="next"'] if page <= last_with_next else []
        )
        links += [others.replace("{url}", api.url)] if others else []
        return 200, {"Link": ", ".join(links)} if links else {}, rows

    return serve


def in_body(count, last_with_next, position, **others):
    """Pages in a chain by the value `position(page)` of the member `next`, absent after `last_with_next`."""

    def serve(api, query, headers):
        page = next((n for n in range(1, 9) if str(position(n - 1)) == query.get("n")), 1)
        rows = ITEMS[:count][(page - 1) * SIZE : page * SIZE]
        return (
            200,
            {},
            {"items": rows} | others | ({"next": position(page)} if page <= last_with_next else {}),
        )

    return serve


@pytest.mark.parametrize("others", ["", '<{url}/things?n=1>; rel="first"'])
@pytest.mark.parametrize("step", [1, SIZE])
def test_a_link_that_vanishes_before_the_last_page(land, others, step):
    _, state = land(by_link(47, 1, others, step), LINK)
    assert "names no next page, but n=" in state.missing


def test_a_link_to_a_last_page_that_was_not_reached(land):
    _, state = land(
        by_link(47, 1, '<{url}/things?n=5&per_page=10>; rel="last"'), {"link": "next", "items": "$"}
    )
    assert "page 2 states that there are more items" in state.missing


@pytest.mark.parametrize("count", [2 * SIZE, 4 * SIZE, 37])
@pytest.mark.parametrize("step", [1, SIZE])
def test_a_link_that_vanishes_on_the_last_page(land, count, step):
    pages = -(-count // SIZE)
    last = f'<{{url}}/things?per_page=10&n={pages if step == 1 else (pages - 1) * step}>; rel="last"'
    for others in ("", last, '<{url}/things?n=1>; rel="first"'):
        process, state = land(by_link(count, pages - 1, others, step), LINK)
        assert (process.ids(), state.missing) == (list(range(count)), None)


def test_one_page_with_a_last_link(land):
    for last in ("<{url}/things?page=1>", "<{url}/things>", "<{url}/things?page=0&per_page=10>"):
        process, state = land(by_link(7, 0, f'{last}; rel="last"'), LINK)
        assert (len(process.ids()), state.missing) == (7, None)
    _, state = land(by_link(7, 0, '<{url}/things?page=2&per_page=7>; rel="last"'), LINK)
    assert "page 1 states that there are more items" in state.missing


@pytest.mark.parametrize("position", [lambda page: page + 1, lambda page: str(page * SIZE)])
def test_a_numeric_cursor_that_vanishes(land, position):
    _, state = land(in_body(47, 2, position), CURSOR)
    assert "page 3: it names no next page, but n=" in state.missing


@pytest.mark.parametrize("others", [{"total_pages": 5}, {"meta": {"last_page": 5}}])
def test_pages_that_are_announced_and_not_reached(land, others):
    _, state = land(in_body(47, 1, lambda page: f"token-{page}", **others), CURSOR)
    assert "the source announced 5 pages, but page 2 names no next one" in state.missing


def test_a_position_that_is_left_out_once_is_read_by_a_second_request(land):
    serve = in_body(47, 4, lambda page: f"token-{page}")

    def lose_one(api, query, headers):
        status, more, body = serve(api, query, headers)
        is_first = [seen.get("n") for _, seen in api.seen].count("token-1") == 1
        return status, more, {"items": body["items"]} if query.get("n") == "token-1" and is_first else body

    process, state = land(lose_one, CURSOR)
    assert (process.ids(), state.missing) == (list(range(47)), None)


def test_a_stated_end_costs_three_requests(land):
    """For the page itself, the position after it, and the first page, from which rows may have moved."""

    def serve(api, query, headers):
        return (
            200,
            {},
            {"items": ITEMS[:SIZE] if "n" not in query else ITEMS[SIZE : 2 * SIZE]}
            | {"next": 2 if "n" not in query else None},
        )

    process, state = land(serve, CURSOR)
    assert (len(process.api.seen), state.rows, state.missing) == (5, 20, None)


FIRST_AGAIN, NOTHING, REJECTED = "the first page", "no items", "an error"


def ending_with(end, answer, count):
    """Pages in a chain, the last one with the cursor `end`, which leads to `answer`."""

    def serve(api, query, headers):
        value = query.get("n", "10")
        is_end = value == str(end)
        if is_end and answer == REJECTED:
            return 400, {}, {"error": "invalid cursor"}
        page = 1 if is_end else int(value) // SIZE
        rows = ITEMS[:count][(page - 1) * SIZE : page * SIZE] if not is_end or answer == FIRST_AGAIN else []
        following = end if page * SIZE >= count else (page + 1) * SIZE
        return 200, {}, {"items": rows, "next": None if is_end and not rows else following}

    return serve


def test_a_word_may_be_the_end(land):
    paging = {"cursor": "n", "next": "next", "items": "items", "end_cursor": "LAST"}
    process, state = land(ending_with("LAST", NOTHING, 37), paging)
    assert (process.ids(), state.missing) == (list(range(37)), None)


@pytest.mark.parametrize("end", [0, "0", -1, "-1"])
@pytest.mark.parametrize("count", [7, 37])
@pytest.mark.parametrize(
    ("answer", "missing"),
    [(FIRST_AGAIN, "repeats page 1"), (NOTHING, None), (REJECTED, "declare `end_cursor: ")],
)
def test_a_cursor_of_0_or_minus_1_is_an_end_where_it_is_declared(land, count, end, answer, missing):
    paging = {"cursor": "n", "next": "next", "items": "items"}
    for declared in (int(end), str(end)):
        process, state = land(ending_with(end, answer, count), paging | {"end_cursor": declared})
        assert (process.ids(), state.missing) == (list(range(count)), None)
        assert str(end) not in [query.get("n") for _, query in process.api.seen]
    # A server that lost the position sends the same: without the declaration it is not silent.
    process, state = land(ending_with(end, answer, count), paging)
    assert set(process.ids()) == set(range(count))
    assert state.missing is None if missing is None else missing in state.missing


def test_0_may_be_the_position_of_the_last_page(land):
    """From the newest to the oldest: the positions fall."""

    def serve(api, query, headers):
        start = int(query.get("n", 30))
        return 200, {}, {"items": ITEMS[start : start + SIZE]} | {"next": start - SIZE if start else None}

    process, state = land(serve, {"cursor": "n", "next": "next", "items": "items"})
    assert (process.ids(), state.missing) == (list(range(40)), None)


def opaque(count, lost=None, sizes=True):
    """Pages in a chain by an opaque cursor, which the last page omits, and the one with the item `lost` too."""

    def token(start):
        return hashlib.sha1(f"{start}".encode()).hexdigest()

    def serve(api, query, headers):
        start = next((n for n in range(1, count) if token(n) == query.get("n")), 0)
        size = min(int(query.get("size", SIZE)), SIZE) if sizes else SIZE
        is_lost = lost is not None and start <= lost < start + size
        following = {} if is_lost or start + size >= count else {"next": token(start + size)}
        return 200, {}, {"items": ITEMS[:count][start : start + size]} | following

    return serve


@pytest.mark.parametrize(
    "paging", [CURSOR | {"size": "size"}, CURSOR | {"size": "size", "limit": 99}, CURSOR]
)
@pytest.mark.parametrize("lost", [25, 29])
def test_an_opaque_cursor_that_is_absent_from_a_full_page(land, paging, lost):
    _, state = land(opaque(47, lost), paging)
    assert "page 3: it" in state.missing and "names no next page" in state.missing


def test_a_size_in_the_parameters_shows_the_end_too(land):
    paging = {"cursor": "n", "next": "next", "items": "items"}
    process, state = land(opaque(40), paging, params={"size": "10"})
    assert (process.ids(), state.missing) == (list(range(40)), None)
    _, state = land(opaque(40, lost=29), paging, params={"size": "10"})
    assert "page 3: it names no next page, but items follow it" in state.missing


@pytest.mark.parametrize("count", [7, SIZE, 4 * SIZE, 37])
def test_an_opaque_cursor_that_is_absent_from_the_last_page(land, count):
    """Where a page with one item less shows that nothing but its last item follows."""
    process, state = land(opaque(count), CURSOR | {"size": "size"})
    assert (process.ids(), state.missing) == (list(range(count)), None)


def test_an_end_that_nothing_shows_is_reported(land):
    _, state = land(opaque(40, sizes=False), CURSOR)
    assert "page 4: it is full and names no next page, and nothing shows that the list ends" in state.missing


def test_a_time_as_cursor_has_no_successor(land):
    """1,600,000,000 is a multiple of everything: the number after it proves nothing."""
    _, state = land(in_body(47, 2, lambda page: page * 800_000_000), CURSOR)
    assert "page 3: it is full and names no next page" in state.missing


def losing(serve, lost, times, **end):
    """`serve`, but the first `times` responses with the item `lost` on their page name no next one."""

    def lose(api, query, headers):
        status, more, body = serve(api, query, headers)
        if any(row["id"] == lost for row in body["items"]):
            api.requests_by_start[lost] += 1
            if api.requests_by_start[lost] <= times:
                return status, more, body | {"next": None} | end
        return status, more, body

    return lose


@pytest.mark.parametrize("paging", [CURSOR, CURSOR | {"limit": 100}, CURSOR | {"limit": None}])
@pytest.mark.parametrize("lost", [5, 25])
@pytest.mark.parametrize("end", [{}, {"has_more": False}, {"total": 47}])
def test_a_position_that_is_null_once_is_read_by_a_second_request(land, paging, lost, end):
    serve = losing(opaque(47, sizes=False), lost, times=1, **end)
    process, state = land(serve, {name: value for name, value in paging.items() if value})
    assert (process.ids(), state.missing) == (list(range(47)), None)


def test_a_position_that_is_null_once_on_a_short_page(land):
    """Several sources filter a page after they have read it."""

    def serve(api, query, headers):
        status, more, body = in_body(47, 4, lambda page: f"token-{page}")(api, query, headers)
        rows = [row for row in body["items"] if row["id"] not in (12, 13)]
        return status, more, body | {"items": rows}

    process, state = land(losing(serve, 15, times=1), CURSOR)
    assert (len(process.ids()), state.missing) == (45, None)


@pytest.mark.parametrize("end", [{}, {"has_more": False}, {"total": 30}])
def test_a_list_that_is_cut_at_a_number_of_items_although_a_later_position_has_items(land, end):
    serve = losing(in_body(47, 4, lambda page: page * SIZE), 25, times=99, **end)
    _, state = land(serve, CURSOR | ({"total_items": "total"} if "total" in end else {}))
    assert "page 3: it names no next page, but n=30 has items" in state.missing


def test_a_null_position_whose_page_is_followed_by_items(land):
    """A page with one item less shows it where positions are opaque."""
    _, state = land(losing(opaque(47), 29, times=99), CURSOR | {"size": "size"})
    assert "page 3: it names no next page, but items follow it" in state.missing


LOWERED = CURSOR | {"limit": 100}


def test_an_empty_first_page_is_requested_again(land):
    def serve(api, query, headers):
        return (200, {}, {"items": []}) if len(api.seen) == 1 else opaque(47)(api, query, headers)

    process, state = land(serve, LOWERED)
    assert (process.ids(), state.missing) == (list(range(47)), None)


@pytest.mark.parametrize("paging", [LOWERED, LOWERED | {"size": "size"}])
@pytest.mark.parametrize("name", ["next", "nxt"])
@pytest.mark.parametrize("sizes", [True, False])
def test_a_limit_that_is_lowered_beside_a_position_that_is_never_there(land, paging, name, sizes):
    _, state = land(opaque(47, lost=5, sizes=sizes), paging | {"next": name})
    assert "page 1: it" in state.missing and "no next page" in state.missing


@pytest.mark.parametrize("count", [1, 7, SIZE])
def test_a_list_shorter_than_the_limit_is_complete(land, count):
    process, state = land(opaque(count), LOWERED | {"size": "size"})
    assert (process.ids(), state.missing) == (list(range(count)), None)


def test_a_short_list_of_a_server_that_knows_no_sizes_is_complete(land):
    process, state = land(opaque(7, sizes=False), LOWERED)
    assert (process.ids(), state.missing) == (list(range(7)), None)
