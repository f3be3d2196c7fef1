"""Rows that are deleted in front of a page while a list without totals is read: those behind them move past it."""

import pytest

from connector.errors import IncompleteRun
from tests.fakes.paged_api import SIZE
from tests.fakes.retail_api import Fault

BY_PAGE = {"page": "n", "items": "items", "limit": SIZE}
MOVED = "has other rows than when it was read"


def changing(change, after):
    """47 rows; `change` is applied to them once, after page `after` was read."""
    rows = [{"id": number} for number in range(100, 147)]

    def serve(api, query, headers):
        page = int(query["n"])
        api.requests_by_start[page] += 1
        part = rows[max(page - 1, 0) * SIZE : page * SIZE]
        if page == after and api.requests_by_start[page] == 1:
            change(rows)
        return 200, {}, {"items": part}

    return serve


def delete(rows):
    del rows[:3]


def reverse(rows):
    rows.reverse()


def add_in_front(rows):
    rows[:0] = [{"id": 1}, {"id": 2}]


def append(rows):
    rows.append({"id": 999})


def update(rows):
    rows[1]["name"] = "new"


@pytest.mark.parametrize("change", [delete, reverse])
@pytest.mark.parametrize("after", [1, 2])
def test_rows_that_move_to_an_earlier_page_are_noted(land, change, after):
    process, state = land(changing(change, after), BY_PAGE)
    assert state.moved and any(MOVED in note for note in state.notes)
    assert len(set(process.ids())) < 47


CHAIN = {"next": "next", "items": "items", "limit": SIZE}
CURSOR = {"cursor": "n", "next": "number", "items": "items", "limit": SIZE}


def chained(change, after):
    """As above; a page names the next one by its number, and in an address."""
    serve = changing(change, after)

    def chain(api, query, headers):
        page = int(query.get("n", 1))
        status, more, body = serve(api, {"n": page}, headers)
        has_more = len(body["items"]) == SIZE
        return (
            status,
            more,
            body
            | {
                "next": f"{api.url}/things?n={page + 1}" if has_more else None,
                "number": page + 1 if has_more else None,
            },
        )

    return chain


@pytest.mark.parametrize("paging", [CHAIN, CURSOR])
@pytest.mark.parametrize("after", [1, 3])
def test_rows_that_move_in_a_chain_of_numbers_are_noted(land, paging, after):
    _, state = land(chained(delete, after), paging)
    assert state.moved and any(MOVED in note for note in state.notes)
    process, state = land(chained(append, after), paging)
    assert (state.moved, set(process.ids()) >= set(range(100, 147))) == (False, True)


def test_a_deleted_row_between_any_two_pages_of_a_short_list_is_noted(land):
    def delete_one(rows):
        del rows[25]

    for after in (3, 4):
        _, state = land(changing(delete_one, after), BY_PAGE)
        assert state.moved


def test_a_row_that_is_deleted_while_another_is_added_is_noted_beside_a_total(land):
    def replace(rows):
        del rows[3]
        rows.append({"id": 999})

    serve = changing(replace, 1)

    def with_total(api, query, headers):
        status, more, body = serve(api, query, headers)
        return status, more, body | {"total": 47}

    process, state = land(with_total, BY_PAGE | {"total_items": "total"})
    assert state.moved and state.missing is None
    assert 110 not in process.ids()


@pytest.mark.parametrize("change", [add_in_front, append, update])
def test_rows_that_are_added_or_updated_move_none_to_an_earlier_page(land, change):
    process, state = land(changing(change, 1), BY_PAGE)
    assert (state.moved, state.missing) == (False, None)
    assert set(process.ids()) >= set(range(100, 147))


def test_a_second_pass_reads_the_rows_that_moved(project, shop):
    shop.items["products"] = [{"product_sku": f"{number:04d}"} for number in range(600)]
    removed = shop.items["products"][:3]

    def delete_first():
        del shop.items["products"][:3]

    shop.after_page = {1: delete_first}
    shop.faults = [Fault(times=99, change={"total_pages": None, "total_items": None})]
    del project.source.paging["total_pages"], project.source.paging["total_items"]
    project.copy("products")
    present = {sku for (sku,) in project.rows("SELECT product_sku FROM raw.products")}
    assert present | {item["product_sku"] for item in removed} == {f"{number:04d}" for number in range(600)}
    assert len(project.log("notes")) == 2
    assert MOVED in project.log("notes")[0][0]


def test_rows_that_move_in_the_second_pass_too_make_the_run_incomplete(project, shop):
    shop.items["products"] = [{"product_sku": f"{number:04d}"} for number in range(600)]
    del project.source.paging["total_pages"], project.source.paging["total_items"]
    shop.faults = [Fault(times=99, change={"total_pages": None, "total_items": None})]

    def reverse_again():
        shop.items["products"].reverse()
        shop.after_page = {1: reverse_again}

    shop.after_page = {1: reverse_again}
    with pytest.raises(IncompleteRun, match="rows moved in two passes"):
        project.copy("products")
    assert sorted(project.log("status")) == [("incomplete",), ("success",)]
