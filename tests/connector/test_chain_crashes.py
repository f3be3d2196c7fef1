"""A process that reads a chain is killed after any of its writes: the next one continues, every row is landed once."""

import itertools

import pytest

from tests.connector.crash_injection import Killed
from tests.connector.landing_harness import THINGS
from tests.fakes.memory_store import MemoryStore
from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number, "sort": [number, "x"]} for number in range(57)]


class CrashingStore(MemoryStore):
    """Kills its process after write number `last`."""

    last = 0

    def replace(self, name, content, generation, metadata=None):
        written = super().replace(name, content, generation, metadata)
        if self.writes == self.last:
            raise Killed
        return written


def keyset(api, query, headers):
    start = int(query.get("after", -1)) + 1
    return page(api, start, has_more="yes" if start + SIZE < len(ITEMS) else "no")


def search_after(api, query, headers):
    return page(api, query.get("search_after", [-1])[0] + 1, total=str(len(ITEMS)))


def header(api, query, headers):
    start = int(query.get("start", 0))
    status, _, body = page(api, start)
    return status, {"Next-Page": f"?start={start + SIZE}"} if start + SIZE < len(ITEMS) else {}, body


def self_link(api, query, headers):
    start = int(query.get("start", 0))
    return page(api, start, next=f"?start={min(start + SIZE, 50)}")


def list_of_links(api, query, headers):
    start = int(query.get("start", 0))
    links = [{"rel": "self", "href": f"?start={start}"}, {"rel": "next", "href": f"?start={start + SIZE}"}]
    return page(api, start, links=links if start + SIZE < len(ITEMS) else links[:1])


def page(api, start, **members):
    api.requests_by_start[start] += 1
    return 200, {}, {"items": ITEMS[start : start + SIZE], **members}


KINDS = [
    (keyset, {"cursor": "after", "next": "last_item.id", "more": "has_more"}, {}),
    (
        search_after,
        {"cursor": "search_after", "next": "last_item.sort", "within": "body"},
        {"method": "POST"},
    ),
    (header, {"next": "header:Next-Page"}, {}),
    (self_link, {"next": "next"}, {}),
    (list_of_links, {"next": "links[rel=next].href", "limit": SIZE}, {}),
]


@pytest.mark.parametrize(
    ("serve", "paging", "endpoint"), KINDS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_chain_that_was_killed_anywhere_is_continued(harness, serve, paging, endpoint):
    for last in itertools.count(1):
        process = harness(serve, paging=paging | {"items": "items"}, endpoints={"things": THINGS | endpoint})
        process.store = CrashingStore()
        process.store.last = last
        try:
            state = process.land()
        except Killed:
            state = process.land()
            # The second time for the killed process, the third to see whether rows moved.
            assert max(process.api.requests_by_start.values()) <= 3, last
        assert (process.ids(), state.missing) == (list(range(len(ITEMS))), None), last
        if process.store.writes < last:
            break
    assert last > 6
