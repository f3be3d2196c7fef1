"""No run is silently incomplete: every input here lost rows with status success, or blocked all later runs."""

import json
from typing import Any

import pytest

from connector.errors import IncompleteRun, RequestRejected, SourceUnavailable
from connector.run.finish import create_gap_state
from tests.connector.project import sale, sales
from tests.fakes import paged_api as shapes
from tests.fakes.paged_api import SIZE
from tests.fakes.retail_api import Fault

ITEMS = [{"id": number} for number in range(37)]


def scripted(pages, page_of=lambda query: int(query.get("page", 1))):
    """An API that answers page n with `pages[n]`: (status, headers, body), or [] beyond the last."""

    def serve(api, query, headers):
        page = page_of(query)
        api.requests_by_start[page] += 1
        return pages.get(page, (200, {}, {"items": []}))

    return serve


def chain_of(count, name, value=lambda start: f"/v2/things?start={start}"):
    """Pages of SIZE items in a chain; the position of the next page is the member `name`."""

    def serve(api, query, headers):
        start = int(query.get("start", 0))
        following = {name: value(start + SIZE)} if start + SIZE < count else {}
        return 200, {}, {"items": ITEMS[start : min(start + SIZE, count)], **following}

    return serve


def run_shape(harness, serve, paging):
    api = harness(shapes.whole, paging=paging)
    api.api.shape = serve
    return api, api.land()


@pytest.mark.parametrize("name", ["@odata.nextLink", "next", "a.b.c"])
def test_a_key_with_dots_is_found(harness, name):
    api, state = run_shape(harness, chain_of(37, name), {"next": name, "items": "items"})
    assert (api.ids(), state.missing) == (list(range(37)), None)


def test_a_position_that_never_appears_is_incomplete(harness):
    _, state = run_shape(harness, chain_of(37, "next"), {"next": "nxt", "items": "items"})
    assert "no response contains 'nxt', so more pages may exist" in state.missing


def test_a_short_only_page_without_a_position_is_complete_where_the_limit_is_declared(harness):
    paging = {"next": "next", "items": "items", "limit": SIZE}
    _, state = run_shape(harness, chain_of(7, "next"), paging)
    assert state.missing is None


@pytest.mark.parametrize(
    "link",
    [
        '<{url}/things?start=10;v=2>; rel="next"',
        "<{url}/things?start=10&fields=a,b>; rel=next",
        '<{url}/things?start=0>; rel="first prev", <{url}/things?start=10>; title="a;b"; rel="next last"',
        '<{url}/things?start=10>; REL="NEXT"',
    ],
)
def test_link_headers_as_rfc_8288_allows_them(harness, link):
    def serve(api, query, headers):
        start = int(query.get("start", "0").partition(";")[0])
        header = {"Link": link.replace("{url}", api.url)} if start == 0 else {}
        return 200, header, ITEMS[:20][start : start + SIZE]

    api, state = run_shape(harness, serve, {"link": "next", "items": "$"})
    assert (api.ids(), state.missing) == (list(range(20)), None)


def test_the_statement_that_there_is_more_is_believed(harness):
    def serve(api, query, headers):
        return 200, {}, {"data": ITEMS[:SIZE], "has_more": True}

    _, state = run_shape(harness, serve, {"items": "data"})
    assert "page 1 states that there are more items" in state.missing


def test_keyset_paging_by_the_last_item(harness):
    def serve(api, query, headers):
        start = int(query.get("starting_after", -1)) + 1
        return 200, {}, {"data": ITEMS[start : start + SIZE], "has_more": start + SIZE < len(ITEMS)}

    paging = {"cursor": "starting_after", "next": "last_item.id", "more": "has_more", "items": "data"}
    api, state = run_shape(harness, serve, paging)
    assert (api.ids(), state.missing) == (list(range(37)), None)


@pytest.mark.parametrize("first", [0, "0"])
def test_zero_is_a_cursor(harness, first):
    cursors = [None, first, 1, 2]

    def serve(api, query, headers):
        page = [None, "0", "1", "2"].index(query.get("cursor"))
        following = cursors[page + 1] if page < 3 else None
        return 200, {}, {"items": ITEMS[page * SIZE : page * SIZE + SIZE], "next": following}

    api, state = run_shape(harness, serve, {"cursor": "cursor", "next": "next", "items": "items"})
    assert (api.ids(), state.missing) == (list(range(37)), None)


@pytest.mark.parametrize("end", [None, "", False])
def test_every_spelling_of_no_next_page_is_the_end(harness, end):
    def serve(api, query, headers):
        return 200, {}, {"items": ITEMS[:5], "next": end}

    api, state = run_shape(harness, serve, {"cursor": "cursor", "next": "next", "items": "items"})
    assert (len(api.ids()), state.missing) == (5, None)


def test_a_position_that_is_always_present_does_not_hang(harness):
    def serve(api, query, headers):
        start = int(query.get("cursor", 0))
        return 200, {}, {"items": ITEMS[start : start + SIZE], "next": min(start + SIZE, 40)}

    api, state = run_shape(harness, serve, {"cursor": "cursor", "next": "next", "items": "items"})
    assert (api.ids(), state.missing) == (list(range(37)), None)


def test_a_chain_of_empty_pages_ends_and_is_incomplete(harness):
    def serve(api, query, headers):
        start = int(query.get("cursor", 0))
        return 200, {}, {"items": ITEMS[start : start + SIZE], "next": start + SIZE}

    api, state = run_shape(harness, serve, {"cursor": "cursor", "next": "next", "items": "items"})
    assert api.ids() == list(range(37))
    assert "empty pages in a row" in state.missing


@pytest.mark.parametrize(
    "body", [{"items": [], "error": "timeout, partial results"}, {"items": []}, {"items": None}]
)
def test_an_empty_page_before_a_full_one_is_requested_again(harness, body):
    pages: dict[int, Any]
    pages = {page: (200, {}, {"items": ITEMS[(page - 1) * SIZE : page * SIZE]}) for page in range(1, 5)}
    serve = scripted(pages)

    def fail_once(api, query, headers):
        if query["page"] == "3" and not api.requests_by_start[3]:
            api.requests_by_start[3] += 1
            return 200, {}, body
        return serve(api, query, headers)

    api, state = run_shape(harness, fail_once, {"page": "page", "items": "items"})
    assert (api.ids(), state.missing) == (list(range(37)), None)


def test_a_page_that_stays_empty_before_a_full_one_is_a_hole(harness):
    pages: dict[int, Any]
    pages = {page: (200, {}, {"items": ITEMS[(page - 1) * SIZE : page * SIZE]}) for page in (1, 2, 4)}
    _, state = run_shape(harness, scripted(pages), {"page": "page", "items": "items"})
    assert state.missing == "page 3 is empty, but page 4 has items"


@pytest.mark.parametrize("count", [SIZE, 4 * SIZE, 4 * SIZE - 1])
@pytest.mark.parametrize("limit", [SIZE, None])
def test_a_rejected_page_after_the_announced_total_is_the_end(harness, count, limit):
    """Django REST Framework answers 404 for the page after the last one, also at a multiple of the page size."""
    items = [{"id": number} for number in range(count)]

    def serve(api, query, headers):
        page = int(query["page"])
        rows = items[(page - 1) * SIZE : page * SIZE]
        return (
            (200, {}, {"results": rows, "count": count}) if rows else (404, {}, {"detail": "Invalid page."})
        )

    paging = {"page": "page", "items": "results", "total_items": "count"} | (
        {"limit": limit} if limit else {}
    )
    api, state = run_shape(harness, serve, paging)
    assert (api.ids(), state.missing) == (list(range(count)), None)


@pytest.mark.parametrize(
    "answer", [(500, {}, {}), (400, {}, {}), (404, {}, {}), (200, {}, {"items": "no list"})]
)
def test_a_page_that_always_fails_is_a_gap_and_the_others_are_landed(harness, answer):
    pages: dict[int, Any]
    pages = {page: (200, {}, {"items": ITEMS[(page - 1) * SIZE : page * SIZE]}) for page in range(1, 5)}
    serve = scripted(pages | {2: answer})
    api, state = run_shape(harness, serve, {"page": "page", "items": "items"})
    assert api.ids() == [*range(10), *range(20, 37)]
    assert state.gaps == (2,)
    assert "page=2" in state.missing


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_gap_that_is_rejected_stays_a_gap(harness, status):
    """It is not the end of the list: the page was needed, and its rows would never be requested again."""
    pages: dict[int, tuple[int, dict[str, str], Any]] = {
        page: (200, {}, {"items": ITEMS[(page - 1) * SIZE : page * SIZE]}) for page in range(1, 5)
    }
    serve = scripted(pages | {2: (500, {}, {})})
    process, state = run_shape(harness, serve, {"page": "page", "items": "items"})
    process.state = create_gap_state(state)
    process.api.shape = scripted(pages | {2: (status, {}, {})})
    state = process.land()
    assert state.gaps == (2,)
    assert f"returned {status}" in state.missing


def test_rows_with_nan_a_surrogate_or_a_byte_order_mark_are_landed(harness):
    body = '\ufeff{"items": [{"id": 1, "price": NaN}, {"id": 2, "name": "a\\ud800b", "path": "C:\\\\ud800"}]}'
    api = harness(shapes.whole, paging={"items": "items"})
    api.api.shape = lambda api, query, headers: (200, {}, body.encode())
    state = api.land()
    assert state.missing is None
    rows = [json.loads(line) for _, content, _ in api.store.objects.values() for line in content.splitlines()]
    rows = [row for row in rows if "id" in row]
    assert rows[0]["price"] == "NaN"
    assert (rows[1]["name"], rows[1]["path"]) == ("a\ufffdb", "C:\\ud800")
    assert "repaired" in state.notes[0]


@pytest.mark.parametrize("total", ["37", 37])
def test_totals_as_text_and_in_a_header(harness, total):
    def serve(api, query, headers):
        page = int(query["page"])
        return (
            200,
            {"X-Total-Count": str(total)},
            {"items": ITEMS[(page - 1) * SIZE : page * SIZE], "n": total},
        )

    for place in ("header:X-Total-Count", "n"):
        paging = {"page": "page", "items": "items", "limit": SIZE, "total_items": place}
        api, state = run_shape(harness, serve, paging)
        assert state.missing is None
        assert state.rows == 37


def test_the_next_page_in_a_header_of_its_own(harness):
    def serve(api, query, headers):
        start = int(query.get("start", 0))
        following = {"Next-Page": f"{api.url}/things?start={start + SIZE}"} if start + SIZE < 37 else {}
        return 200, following, {"data": ITEMS[start : start + SIZE]}

    api, state = run_shape(harness, serve, {"next": "header:Next-Page", "items": "data"})
    assert (api.ids(), state.missing) == (list(range(37)), None)


def test_a_link_relation_in_a_list(harness):
    def serve(api, query, headers):
        start = int(query.get("start", 0))
        links = [{"relation": "self", "url": f"{api.url}/things?start={start}"}]
        if start + SIZE < 37:
            links.append({"relation": "next", "url": f"{api.url}/things?start={start + SIZE}"})
        return 200, {}, {"entry": ITEMS[start : start + SIZE], "link": links}

    paging = {"next": "link[relation=next].url", "items": "entry", "limit": SIZE}
    api, state = run_shape(harness, serve, paging)
    assert (api.ids(), state.missing) == (list(range(37)), None)


# From here on: whole runs, rows counted in raw.


def test_an_endless_last_does_not_move_the_window_past_all_rows(project, shop):
    shop.items["sales"] = sales(1, 100)
    shop.faults = [Fault(times=2, change={"last_sales_id": 9_999_999})]
    project.copy()
    shop.items["sales"] = sales(1, 150)
    project.copy()
    assert sorted(set(project.ids())) == list(range(1, 151))


def test_a_source_restored_from_a_backup_is_reported(project, shop):
    shop.items["sales"] = sales(1, 60)
    project.copy()
    shop.items["sales"] = sales(1, 30)
    with pytest.raises(IncompleteRun, match="largest id, but raw has ids up to 60: was it restored"):
        project.copy()


def test_objects_deleted_during_a_run_are_requested_again(project, shop):
    shop.items["sales"] = sales(1, 250 * 6)

    def delete_first_object():
        item = next(iter(project.bucket.list("sales/in/")))
        project.bucket.delete(item.name)

    shop.after_page = {6: delete_first_object}
    project.copy()
    assert project.ids() == list(range(1, 1501))


def test_a_row_that_moves_while_pages_are_read_is_found_by_a_second_pass(project, shop):
    items = [{"product_sku": f"{number:04d}"} for number in range(600)]
    shop.items["products"] = items

    def touch():
        items.append(items.pop(0))  # the first row was updated and is now the last one: all others move up

    shop.after_page = {1: touch}
    shop.faults = [Fault(times=99, change={"total_pages": None})]
    project.copy("products")
    assert len(set(project.rows("SELECT product_sku FROM raw.products"))) == 600


def test_one_row_that_bigquery_rejects_does_not_keep_its_page_out(project, shop):
    rows = sales(1, 40)
    rows[17] = sale(18, items="no list")
    shop.items["sales"] = rows
    project.copy()
    assert project.ids() == [number for number in range(1, 41) if number != 18]
    [(status, notes)] = project.rows("SELECT status, notes FROM ops.run_log")
    assert status == "success" and "1 rows were rejected by BigQuery" in notes
    [name] = [item.name for item in project.bucket.list("sales/rejects/")]
    reject = json.loads(project.bucket.read(name, project.bucket.generation(name)))
    assert reject["number"] == 18 and '"id":18' in reject["line"].replace(" ", "")


def test_only_the_gap_is_requested_by_the_next_run(project, shop):
    shop.items["sales"] = sales(1, 250 * 4)
    shop.faults = [Fault(page=3, times=99, status=500)]
    with pytest.raises(IncompleteRun, match="the next run requests only these pages"):
        project.copy()
    assert len(project.ids()) == 750
    shop.faults = []
    shop.queries.clear()
    project.copy()
    assert project.ids()[:1000] != [] and sorted(set(project.ids())) == list(range(1, 1001))
    assert [query["page"] for query in shop.queries][0] == "3"
    assert [status for (status,) in project.log("status")] == ["partial", "success", "success"]


@pytest.fixture
def gap(project, shop):
    """Page 2 of 4 could not be read: ids 251 to 500 are not in raw, and the look-back begins at 501."""
    shop.items["sales"] = sales(1, 250 * 4)
    shop.faults = [Fault(page=2, times=99, status=500)]
    with pytest.raises(IncompleteRun):
        project.copy()
    assert sorted(project.ids()) == [*range(1, 251), *range(501, 1001)]
    return shop


def change_limit(project):
    project.source.paging["limit"] = 100


def replay(project):
    project.replay(day="20261121")


def copy_with_a_rejected_key(project):
    with pytest.raises(RequestRejected):
        project.copy(key="wrong")


def copy_days(project):
    project.copy(start="2026-11-01")


def outage(project):
    project.shop.faults = [Fault(times=999, status=503)]
    with pytest.raises(SourceUnavailable):
        project.copy()


EVENTS = [change_limit, replay, copy_with_a_rejected_key, copy_days, outage]


@pytest.mark.parametrize("event", EVENTS)
def test_a_gap_is_requested_until_it_is_read_whatever_happens_before(project, gap, event):
    event(project)
    gap.faults = []
    project.copy()
    assert sorted(set(project.ids())) == list(range(1, 1001))


def test_a_changed_limit_does_not_continue_with_the_old_page_numbers(project, shop):
    shop.items["sales"] = sales(1, 250 * 30)
    shop.faults = [Fault(page=page, times=99, status=503) for page in range(10, 31)]
    with pytest.raises(Exception, match="503"):
        project.copy()
    shop.faults = []
    project.source.paging["limit"] = 100
    project.copy()
    assert sorted(set(project.ids())) == list(range(1, 7501))
