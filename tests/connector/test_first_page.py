"""Pages that are counted otherwise than declared: from another number, or as items where pages are meant."""

import pytest

from connector.landing.names import Run
from connector.run.state import RunState
from tests.fakes.paged_api import SIZE

BY_PAGE = {"page": "n", "items": "items", "limit": SIZE}
BY_OFFSET = {"offset": "n", "items": "items", "limit": SIZE}
Answer = tuple[int, dict[str, str], dict[str, list[object]]]
EMPTY: Answer = (200, {}, {"items": []})
REFUSED: Answer = (400, {}, {})
FAILED: Answer = (500, {}, {})


def counted(count, start_of, before=None, **members):
    """`count` items. `start_of`: from the parameter to a position; `before` answers negative positions."""
    items = [{"id": number} for number in range(count)]

    def serve(api, query, headers):
        start = start_of(int(query["n"]))
        if start < 0 and before is not None:
            return before
        start = max(start, 0)
        return (
            200,
            {},
            {"items": [item | {"at": len(api.seen)} for item in items[start : start + SIZE]]} | members,
        )

    return serve


def pages_from(first):
    return lambda number: (number - first) * SIZE


@pytest.mark.parametrize("count", [11, 37, 10 * SIZE, 457])
def test_an_offset_that_counts_pages_is_incomplete(land, count):
    """offset=20 is page 20: after the first page come rows far behind it, or none."""
    _, state = land(counted(count, pages_from(0)), BY_OFFSET)
    assert "counts pages, not items: declare `page: n` with `first: 0`" in state.missing


@pytest.mark.parametrize("count", [5, SIZE])
def test_one_page_is_complete_however_it_is_counted(land, count):
    process, state = land(counted(count, pages_from(0)), BY_OFFSET)
    assert (process.ids(), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize(
    "start_of", [lambda offset: offset, lambda offset: offset - 1, lambda offset: offset // 10 * 10]
)
def test_offsets_of_items_are_complete(land, start_of):
    """Also where the first item has the number 1, and where offsets are rounded to whole pages."""
    process, state = land(counted(37, start_of), BY_OFFSET)
    assert (sorted(set(process.ids())), state.missing) == (list(range(37)), None)


@pytest.mark.parametrize("count", [5, 15, 2 * SIZE, 37])
@pytest.mark.parametrize("members", [{}, {"pages": 4}])
def test_pages_that_begin_at_0_where_1_is_declared(land, count, members):
    paging = BY_PAGE | ({"total_pages": "pages"} if members else {})
    _, state = land(counted(count, pages_from(0), **members), paging)
    assert "n=0 has items that n=1 does not have: declare `first: 0`" in state.missing


@pytest.mark.parametrize("before", [None, EMPTY, REFUSED, FAILED])
@pytest.mark.parametrize("count", [0, 5, 37])
def test_pages_that_begin_at_1_are_complete(land, count, before):
    process, state = land(counted(count, pages_from(1), before), BY_PAGE)
    assert (process.ids(), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize("total", [1, SIZE, 27, 30, 37])
@pytest.mark.parametrize(("paging", "remedy"), [(BY_PAGE, "declare `first: 0`"), (BY_OFFSET, "`page: n`")])
def test_a_total_that_is_too_low_does_not_hide_how_pages_are_counted(land, total, paging, remedy):
    _, state = land(counted(47, pages_from(0), total=total), paging | {"total_items": "total"})
    assert remedy in state.missing


@pytest.mark.parametrize("before", [None, EMPTY, REFUSED])
@pytest.mark.parametrize("total", [{}, {"total": 37}])
def test_how_pages_are_counted_is_checked_once(land, before, total):
    paging = BY_PAGE | ({"total_items": "total"} if total else {})
    process, _ = land(counted(37, pages_from(1), before, **total), paging)
    assert [query["n"] for _, query in process.api.seen].count("0") == 1
    run = Run.create("things", process.state.began + 1000, "0a1b2c3e")
    process.state = RunState(id=run.id, endpoint="things", began=run.began)
    assert process.land().missing is None
    assert [query["n"] for _, query in process.api.seen].count("0") == 1


def test_totals_that_agree_need_no_check(land):
    paging = BY_PAGE | {"total_items": "total", "total_pages": "pages"}
    process, state = land(counted(37, pages_from(1), total=37, pages=4), paging)
    assert state.missing is None
    assert {query["n"] for _, query in process.api.seen} == {"1", "2", "3", "4"}


def test_a_page_parameter_that_counts_items_is_incomplete(land):
    """page=1 begins at the second item."""
    _, state = land(counted(37, lambda number: number), BY_PAGE)
    assert "n=0 has items that n=1 does not have" in state.missing


@pytest.mark.parametrize("pages", [{}, {"total_pages": "pages"}])
@pytest.mark.parametrize("before", [None, EMPTY])
def test_pages_that_begin_at_1_where_0_is_declared(land, before, pages):
    """Page 0 is page 1 again, which does no harm, or it is empty, which looks like the end."""
    process, state = land(counted(37, pages_from(1), before, pages=4), BY_PAGE | {"first": 0} | pages)
    if before is None:
        assert sorted(set(process.ids())) == list(range(37))
    else:
        assert "page 1 is empty" in state.missing


def test_rows_that_arrive_meanwhile_are_not_a_fault(land):
    """Newest first: between two requests for one page a row moves to the next one."""

    def serve(api, query, headers):
        newest, start = 37 + len(api.seen), (max(int(query["n"]), 1) - 1) * SIZE
        return 200, {}, {"items": [{"id": newest - position} for position in range(start, newest)[:SIZE]]}

    _, state = land(serve, BY_PAGE)
    assert state.missing is None


def test_a_list_that_announces_more_pages_than_it_has(land):
    """Some sources count one page too many; the request for it was repeated."""
    _, state = land(counted(37, pages_from(1), pages=6), BY_PAGE | {"total_pages": "pages"})
    assert (state.missing, state.notes) == (
        None,
        ("the source announced 6 pages, but page 5 is empty",),
    )
