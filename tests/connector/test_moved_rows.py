"""Rows that are deleted in front of a page while a list without totals is read: those behind them move past it."""

import pytest

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
