"""Lists that end at the size of a page, and positions that several items share: rows are missing without a sign."""

import pytest

from connector.run.finish import describe_repeated
from connector.run.state import RunState

ITEMS = [{"id": number, "day": number // 15} for number in range(47)]
KEYSET = {"cursor": "after", "next": "last_item.day", "items": "items", "limit": 10}


def first(size, **members):
    return lambda api, query, headers: (200, {}, {"items": ITEMS[:size]} | members)


@pytest.mark.parametrize(
    ("paging", "params"),
    [({"limit": 10}, {}), ({"limit": 10, "size": "n"}, {}), ({}, {"per_page": "10"}), ({}, {"$top": "10"})],
)
def test_a_whole_list_of_as_many_items_as_were_requested(land, paging, params):
    _, state = land(first(10), {"items": "items"} | paging, params=params)
    assert "it has as many items as were requested, and no paging is declared" in state.missing
    for complete in (first(9), first(10, total=10), first(10, has_more=False)):
        declared = (
            {"items": "items", "total_items": "total"}
            if complete(0, 0, 0)[2].get("total")
            else {"items": "items"}
        )
        assert land(complete, declared | paging, params=params)[1].missing is None


def after(compare):
    def serve(api, query, headers):
        day = int(query.get("after", -1))
        return 200, {}, {"items": [item for item in ITEMS if compare(item["day"], day)][:10]}

    return serve


def test_a_position_that_several_items_share_loses_the_rest_of_them(land):
    """Days 0 to 3 with 15 items each and pages of 10: five items of each day are never sent."""
    _, state = land(after(lambda item, day: item > day), KEYSET)
    assert "several items have the same 'day', and those after the page are left out" in state.missing


def test_a_position_of_one_item_is_complete(land):
    def serve(api, query, headers):
        after_id = int(query.get("after", -1))
        return 200, {}, {"items": [item for item in ITEMS if item["id"] > after_id][:10]}

    process, state = land(serve, KEYSET | {"next": "last_item.id"})
    assert (process.ids(), state.missing, len(process.api.seen)) == (list(range(47)), None, 6)


def test_a_source_that_repeats_the_items_of_a_position_is_complete(land):
    rows = [{"id": number, "day": number // 3} for number in range(30)]

    def serve(api, query, headers):
        day = int(query.get("after", -1))
        page = [item for item in rows if item["day"] >= day][:10]
        return 200, {}, {"items": page, "has_more": page[-1] != rows[-1]}

    process, state = land(serve, KEYSET)
    assert (sorted(set(process.ids())), state.missing) == (list(range(30)), None)


@pytest.mark.parametrize(
    ("announced", "rows", "repeated", "is_lost"),
    [
        (47, 379, 333, True),
        (47, 47, 7, False),
        (47, 54, 7, False),
        (None, 379, 333, False),
        (47, 90, 40, False),
    ],
)
def test_overlapping_pages_that_satisfy_the_total(announced, rows, repeated, is_lost):
    """A `page` that counts items sends most rows ten times and the first one never."""
    state = RunState(id="r", endpoint="things", began=0, rows=rows, announced=announced)
    assert (describe_repeated(state, repeated) is not None) == is_lost


def test_the_announced_total_is_remembered(land):
    paging = {"page": "n", "items": "items", "limit": 10, "total_items": "total"}

    def serve(api, query, headers):
        return 200, {}, {"items": ITEMS[int(query["n"]) :][:10], "total": 47}

    _, state = land(serve, paging)
    assert (state.announced, state.missing) == (47, None) and state.rows > 300


def test_a_size_in_the_path_is_one_of_the_request(land):
    _, state = land(first(10), {"items": "items"}, path="/things?per_page=10")
    assert "it has as many items as were requested" in state.missing


@pytest.mark.parametrize("name", ["page", "offset"])
def test_a_whole_list_of_a_usual_size_of_which_a_second_page_exists(land, name):
    def serve(api, query, headers):
        start = int(query.get("offset", 0)) if name == "offset" else (int(query.get("page", 1)) - 1) * 10
        return 200, {}, {"items": ITEMS[start : start + 10]}

    _, state = land(serve, {"items": "items"})
    assert f"{name}={2 if name == 'page' else 10} has other items" in state.missing


@pytest.mark.parametrize(
    "unknown", [(400, {}, {}), (200, {}, {"items": []}), (200, {}, {"items": ITEMS[9::-1]})]
)
@pytest.mark.parametrize("count", [7, 10])
def test_a_whole_list_without_a_second_page_is_complete(land, unknown, count):
    def serve(api, query, headers):
        return unknown if query else (200, {}, {"items": ITEMS[:count]})

    process, state = land(serve, {"items": "items"})
    assert (process.ids(), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize(("count", "is_noted"), [(10, False), (19, False), (25, True), (47, False)])
def test_a_whole_list_of_a_usual_size_is_noted(land, count, is_noted):
    _, state = land(first(count), {"items": "items"})
    assert (state.missing, any("may be the limit of the source" in note for note in state.notes)) == (
        None,
        is_noted,
    )


@pytest.mark.parametrize("count", [7, 10, 47])
@pytest.mark.parametrize("counts_by", ["requested", "returned"])
def test_a_server_that_lowers_the_limit_and_counts_pages_by_the_requested_one(land, count, counts_by):
    def serve(api, query, headers):
        size = int(query["n"])
        start = (int(query["page"]) - 1) * (size if counts_by == "requested" else min(size, 10))
        return 200, {}, {"items": ITEMS[:count][max(start, 0) :][: min(size, 10)]}

    process, state = land(serve, {"page": "page", "size": "n", "limit": 20, "items": "items"})
    if counts_by == "requested" and count > 10:
        assert "page 2 does not continue after them: lower `limit`" in state.missing
    else:
        assert (sorted(set(process.ids())), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize("name", ["page", "p", "offset", "skip", "start", "pageNumber"])
@pytest.mark.parametrize("paging", [{"items": "items"}, {"items": "items", "cursor": "c", "next": "next"}])
def test_a_second_page_behind_another_parameter(land, name, paging):
    """`next` is null for ever, or nothing about pages is declared; 20 of 47 items are the first page."""

    def serve(api, query, headers):
        start = int(query.get(name, 0))
        start = start if name in ("offset", "skip", "start") else max(start - 1, 0) * 20
        return 200, {}, {"items": ITEMS[start : start + 20], "next": None}

    _, state = land(serve, paging)
    assert f"{name}={2 if name[0] == 'p' else 20}" in state.missing and "has other items" in state.missing


def test_a_list_of_a_usual_length_has_a_note_only(land):
    _, state = land(first(20, next=None), {"items": "items", "cursor": "c", "next": "next"})
    assert (state.missing, "exactly 20 items" in str(state.notes)) == (None, True)


@pytest.mark.parametrize("count", [40, 41, 47])
@pytest.mark.parametrize("totals", [{"pages": 2}, {"total": 20}, {"pages": 3, "total": 30}])
def test_a_server_that_lowers_the_limit_and_announces_too_few(land, count, totals):
    """20 are requested, 10 come: pages are counted by the requested size, and the total may be that of a cache."""

    def serve(api, query, headers):
        start = (int(query["page"]) - 1) * 10
        return 200, {}, {"items": ITEMS[:count][start : start + 10]} | totals

    places = {"total_pages": "pages", "total_items": "total"}
    declared = {name: place for name, place in places.items() if place in totals}
    process, state = land(serve, {"page": "page", "size": "n", "limit": 20, "items": "items"} | declared)
    assert (process.ids(), state.missing) == (list(range(count)), None)
