"""The documented pagination of public APIs: all rows, nothing reported as missing, and few further requests."""

import pytest

from tests.connector.landing_harness import THINGS
from tests.fakes.paged_api import SIZE

MOMENT = 1_793_494_800
# Pages beside those with items: the last one is requested again, a few at the end show whether rows moved.
MOST_REQUESTS = 5


def rows(count, per_second=1):
    return [{"id": number, "generated_timestamp": MOMENT + number // per_second} for number in range(count)]


def stripe(api, query, headers):
    """https://docs.stripe.com/api/pagination: `has_more`, and the id of the last item as position."""
    start = int(query.get("starting_after", -1)) + 1
    limit = int(query["limit"])
    page = api.items[start : start + limit]
    return 200, {}, {"object": "list", "has_more": start + limit < len(api.items), "data": page}


def github(api, query, headers):
    """https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api: relations."""
    size, page = int(query["per_page"]), int(query.get("page", 1))
    last = -(-len(api.items) // size)
    numbers = {"prev": page - 1, "first": 1} if page > 1 else {}
    numbers |= {"next": page + 1, "last": last} if page < last else {}
    links = [f'<{api.url}/things?per_page={size}&page={n}>; rel="{name}"' for name, n in numbers.items()]
    return 200, {"Link": ", ".join(links)} if links else {}, api.items[(page - 1) * size : page * size]


def shopify(api, query, headers):
    """https://shopify.dev/docs/api/admin-rest/usage/pagination: an opaque `page_info`, with no filter beside it."""
    size, start = int(query["limit"]), int(bytes.fromhex(query.get("page_info", "30")))
    if "page_info" in query and "status" in query:
        return 400, {}, {"errors": {"page_info": "Invalid value."}}
    position = str(start + size).encode().hex()
    link = f'<{api.url}/things?limit={size}&page_info={position}>; rel="next"'
    return (
        200,
        {"Link": link} if start + size < len(api.items) else {},
        {"orders": api.items[start : start + size]},
    )


def hubspot(api, query, headers):
    """https://developers.hubspot.com/docs/api/crm/understanding-the-crm: without `paging` on the last page."""
    size, start = int(query["limit"]), int(query.get("after", 0))
    more = start + size < len(api.items)
    paging = {"paging": {"next": {"after": str(start + size), "link": "https://x"}}} if more else {}
    return 200, {}, {"results": api.items[start : start + size]} | paging


def zendesk_by_cursor(api, query, headers):
    """https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/:
    `after_url` is there on the last page, too."""
    start = int(query.get("cursor", 0))
    following = min(start + SIZE, len(api.items))
    ends = {"end_of_stream": following == len(api.items), "before_url": None}
    after = {"after_url": f"{api.url}/things?cursor={following}"}
    return 200, {}, {"tickets": api.items[start : start + SIZE]} | after | ends


def zendesk_by_time(api, query, headers):
    """Of the same page: the next one begins at the time of the last row, which comes again."""
    start = int(query["start_time"])
    page = [row for row in api.items if row["generated_timestamp"] >= start]
    ends = {"end_of_stream": len(page) <= SIZE, "count": len(page[:SIZE])}
    after = [f"{api.url}/things?start_time={row['generated_timestamp']}" for row in page[:SIZE][-1:]]
    return 200, {}, {"tickets": page[:SIZE], "next_page": after[0] if after else None} | ends


LIMIT = {"size": "limit", "limit": SIZE}
APIS = [
    (
        stripe,
        LIMIT | {"items": "data", "cursor": "starting_after", "next": "last_item.id", "more": "has_more"},
    ),
    (github, {"size": "per_page", "limit": SIZE, "items": "$", "link": "next"}),
    (shopify, LIMIT | {"items": "orders", "link": "next"}),
    (hubspot, LIMIT | {"items": "results", "cursor": "after", "next": "paging.next.after"}),
    (zendesk_by_cursor, {"items": "tickets", "next": "after_url"}),
    (zendesk_by_time, {"items": "tickets", "next": "next_page"}),
]
PARAMS = {shopify: {"status": "any"}, zendesk_by_time: {"start_time": "0"}}


@pytest.mark.parametrize(("serve", "paging"), APIS)
@pytest.mark.parametrize("count", [0, 1, SIZE, SIZE + 1, 3 * SIZE, 3 * SIZE + 7])
def test_every_row_and_no_false_alarm(harness, serve, paging, count):
    process = harness(serve, paging=paging, endpoints={"things": THINGS | {"params": PARAMS.get(serve, {})}})
    process.api.items = rows(count)
    state = process.land()
    assert sorted({row["id"] for row in process.rows()}) == list(range(count))
    assert (state.missing, state.moved) == (None, False)
    assert len(process.api.seen) <= -(-count // SIZE) + MOST_REQUESTS


def test_rows_that_come_again_by_design_start_no_second_pass(harness):
    """Three rows have each time: the next page begins with up to three of the page before."""
    endpoint = THINGS | {"params": PARAMS[zendesk_by_time]}
    process = harness(zendesk_by_time, paging=APIS[-1][1], endpoints={"things": endpoint})
    process.api.items = rows(37, per_second=3)
    state = process.land()
    repeated = len(process.ids()) - len(set(process.ids()))
    assert (set(process.ids()), state.overlapping) == (set(range(37)), repeated)
    assert repeated > 0


@pytest.mark.parametrize("count", [2, 3])
def test_rows_of_one_second_are_an_end_and_not_a_page_that_repeats(harness, count):
    endpoint = THINGS | {"params": PARAMS[zendesk_by_time]}
    process = harness(zendesk_by_time, paging=APIS[-1][1], endpoints={"things": endpoint})
    process.api.items = rows(count, per_second=count)
    assert (process.land().missing, process.ids()) == (None, list(range(count)))


def test_a_full_page_that_leads_to_itself_is_incomplete(harness):
    """More rows of one second than a page has: those behind it never come."""
    endpoint = THINGS | {"params": PARAMS[zendesk_by_time]}
    process = harness(zendesk_by_time, paging=APIS[-1][1], endpoints={"things": endpoint})
    process.api.items = rows(SIZE + 5, per_second=100)
    assert "page 2 repeats page 1" in (process.land().missing or "")
