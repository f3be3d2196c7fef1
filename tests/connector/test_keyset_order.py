"""Keyset pages whose ids are sorted in one order and compared in another: rows are in none of the pages."""

import pytest

from tests.fakes.paged_api import SIZE

KEYSET = {"cursor": "after", "next": "last_item.id", "items": "items", "size": "n", "limit": SIZE}


def serve_sorted(sort, compare, ids, form=str, cap=10**6):
    """`sort` is the order of the list; an item follows a position if `compare` of both grows."""
    ordered = sorted(ids, key=sort)

    def serve(api, query, headers):
        size, after = min(int(query["n"]), cap), query.get("after")
        rows = [number for number in ordered if after is None or compare(number) > compare(int(after))]
        return 200, {}, {"items": [{"id": form(number)} for number in rows[:size]]}

    return serve


LISTS = [range(1, 48), range(1, 300), range(1, 4000, 7), range(997, 1100)]


@pytest.mark.parametrize("form", [str, int])
@pytest.mark.parametrize("ids", LISTS[:3])
@pytest.mark.parametrize(("sort", "compare"), [(str, int), (int, str)])
def test_another_order_than_comparison_is_incomplete_or_complete(land, ids, sort, compare, form):
    process, state = land(serve_sorted(sort, compare, ids, form), KEYSET)
    is_complete = {int(number) for number in process.ids()} == set(ids)
    assert is_complete or state.missing


@pytest.mark.parametrize("form", [str, int])
@pytest.mark.parametrize("ids", [*LISTS, [*range(1, 20), 10**7, 10**9]])
@pytest.mark.parametrize("order", [str, int])
def test_one_order_is_complete(land, ids, order, form):
    process, state = land(serve_sorted(order, order, ids, form), KEYSET)
    assert (sorted(map(int, process.ids())), state.missing) == (list(ids), None)
    pages = -(-len(ids) // SIZE)
    # The last page twice, and for an order that looks like that of texts one longer page and one more.
    assert len(process.api.seen) <= pages + 4


def test_a_source_that_looks_the_position_up_needs_no_order(land):
    """Stripe: the list is sorted by time; the position is an item, and not a value to compare with."""
    ids = [number * 7919 % 1009 for number in range(1, 47)]

    def serve(api, query, headers):
        start = ids.index(int(query["after"])) + 1 if "after" in query else 0
        return 200, {}, {"items": [{"id": number} for number in ids[start : start + int(query["n"])]]}

    process, state = land(serve, KEYSET)
    assert (process.ids(), state.missing) == (sorted(ids), None)
    assert len(process.api.seen) <= 5 + 3


def test_the_proof_is_remembered(land):
    process, _ = land(serve_sorted(str, str, range(1, 48)), KEYSET)
    before = len(process.api.seen)
    process.store.objects = {name: each for name, each in process.store.objects.items() if "/in/" not in name}
    process.land()
    assert len(process.api.seen) == 2 * before - 2
