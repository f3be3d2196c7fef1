"""Empty pages of a list without totals: the end, a failure of the server, or a hole with items behind it."""

import pytest

from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(60)]
BY_PAGE = {"page": "page", "items": "items"}
BY_OFFSET = {"offset": "start", "items": "items", "limit": SIZE}


def with_pages(parts, transient=()):
    """Page n has `parts[n]`, others have nothing; those in `transient` are empty at their first request."""

    def serve(api, query, headers):
        page = int(query.get("page", 0)) or int(query.get("start", 0)) // SIZE + 1
        api.requests_by_start[page] += 1
        is_empty = page in transient and api.requests_by_start[page] == 1
        return 200, {}, {"items": [] if is_empty else parts.get(page, [])}

    return serve


def part(number, size=SIZE):
    return ITEMS[number * SIZE : number * SIZE + size]


@pytest.mark.parametrize("paging", [BY_PAGE, BY_PAGE | {"limit": SIZE}, BY_OFFSET])
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("empty", [2, 3])
def test_items_behind_several_empty_pages_are_landed_and_the_hole_is_reported(land, paging, before, empty):
    parts = {number + 1: part(number) for number in range(before)} | {before + empty + 1: part(before)}
    process, state = land(with_pages(parts), paging)
    assert process.ids() == list(range((before + 1) * SIZE))
    assert f"is empty, but page {before + empty + 1} has items" in state.missing


@pytest.mark.parametrize("empty", [4, 9, 15])
def test_a_wide_hole_has_an_end(land, empty):
    parts = {1: part(0)} | {number: part(number % 2 + 1) for number in range(empty + 2, empty + 12)}
    _, state = land(with_pages(parts), BY_PAGE)
    assert "is empty, but page" in state.missing


@pytest.mark.parametrize("size", [SIZE, 7])
@pytest.mark.parametrize("transient", [{2}, {1}, {2, 3}, {1, 2, 3}])
def test_a_page_that_is_empty_once_is_requested_again(land, size, transient):
    process, state = land(with_pages({1: part(0), 2: part(1), 3: part(2, size)}, transient), BY_PAGE)
    assert (process.ids(), state.missing) == (list(range(2 * SIZE + size)), None)


@pytest.mark.parametrize(("size", "requests"), [(SIZE, 11), (7, 7)])
def test_the_end_of_a_list_costs_a_few_requests(land, size, requests):
    process, state = land(with_pages({1: part(0, size)}), BY_PAGE | {"limit": SIZE})
    assert (process.ids(), state.missing) == (list(range(size)), None)
    assert len(process.api.seen) == requests


@pytest.mark.parametrize("status", [202, 302, 403, 409, 418, 451, 501, 520, 524])
def test_a_login_page_or_a_proxy_confirms_no_end(land, status):
    """Page 4 is empty once; then a login page or a proxy answers for it and all pages after it."""

    def serve(api, query, headers):
        page = int(query["page"])
        api.requests_by_start[page] += 1
        if page > 3 and (page, api.requests_by_start[page]) != (4, 1):
            return status, {}, {}
        return 200, {}, {"items": part(page - 1) if page <= 3 else []}

    process, state = land(serve, BY_PAGE)
    assert process.ids() == list(range(3 * SIZE))
    assert f"page=4 returned {status}" in state.missing


@pytest.mark.parametrize("status", [404, 410, 422])
def test_a_page_that_does_not_exist_confirms_the_end(land, status):
    def serve(api, query, headers):
        page = int(query["page"])
        api.requests_by_start[page] += 1
        is_refused = page > 1 and (page, api.requests_by_start[page]) != (2, 1)
        return status if is_refused else 200, {}, {"items": part(0, 7) if page == 1 else []}

    process, state = land(serve, BY_PAGE | {"limit": SIZE})
    assert (process.ids(), state.missing) == (list(range(7)), None)
