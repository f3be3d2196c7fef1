"""APIs with the usual kinds of paging, over HTTP: each is a function from a request to a response."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests import serving

SIZE = 10


class FakePagedApi(serving.Served):
    """Serves `items` with `shape`, a function (api, query, headers) → status, headers, body.

    A body of bytes is sent as it is. The responses for the start positions in `closed` have status 503.
    `token_answer`: instead of a new token."""

    path = "/v2"

    def __init__(self, shape):
        self.shape = shape
        self.items = []
        self.closed = set()
        self.requests_by_start: Counter[int] = Counter()
        self.tokens = []
        self.token_answer: tuple[int, dict[str, str], object] | None = None
        self.seen = []
        self.bodies = []
        super().__init__(Handler)

    def part(self, start):
        """The page of items from position `start`; None if that is closed."""
        self.requests_by_start[start] += 1
        return None if start in self.closed else self.items[start : start + SIZE]


class Handler(serving.Handler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.owner.seen.append((parts.path, query))
        self.answer(*self.owner.shape(self.owner, query, self.headers))

    def do_POST(self):
        """A JSON body is a search, whose members are part of the query; a form requests a token."""
        body = self.body().decode()
        if body.startswith("{"):
            self.owner.bodies.append(json.loads(body))
            self.answer(*self.owner.shape(self.owner, self.owner.bodies[-1], self.headers))
            return
        form, tokens = parse_qs(body), self.owner.tokens
        tokens.append({"Authorization": self.headers.get("Authorization"), **form})
        token = {"access_token": f"token-{len(tokens)}", "token_type": "Bearer", "expires_in": 3600}
        self.answer(*(self.owner.token_answer or (200, {}, token)))

    def answer(self, status, headers, body):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply(status, headers, content)


CLOSED: tuple[int, dict[str, str], object] = (503, {}, {"error": "closed"})


def by_number(api, query, headers):
    """Pages from 0, the list nested, without totals."""
    page = api.part(int(query["p"]) * SIZE)
    return CLOSED if page is None else (200, {}, {"data": {"rows": page}})


def by_number_with_an_end(api, query, headers):
    """As above; a page past the end is a 404, except the first one."""
    status, more, body = by_number(api, query, headers)
    past = query["p"] != "0" and body.get("data") == {"rows": []}
    return (404, {}, {"error": "no such page"}) if past else (status, more, body)


def by_offset(api, query, headers):
    page = api.part(int(query["offset"]))
    if page is None:
        return CLOSED
    return 200, {}, {"results": page[: int(query["limit"])], "meta": {"total": len(api.items)}}


def by_offset_bare(api, query, headers):
    """The whole body is the list."""
    page = api.part(int(query["offset"]))
    return CLOSED if page is None else (200, {}, page)


def by_cursor(api, query, headers):
    start = int(query.get("after", "at-0").removeprefix("at-"))
    page = api.part(start)
    more = start + SIZE < len(api.items)
    paging = {"next": {"after": f"at-{start + SIZE}"}} if more else {}
    return CLOSED if page is None else (200, {}, {"results": page, "paging": paging})


def by_address(api, query, headers):
    """The address of the next page is in the body, relative, and repeats the key."""
    start = int(query.get("start", 0))
    page = api.part(start)
    key = f"&api_key={query['api_key']}" if "api_key" in query else ""
    following = f"/v2/things?start={start + SIZE}{key}" if start + SIZE < len(api.items) else ""
    return CLOSED if page is None else (200, {}, {"items": page, "next": following})


def by_link(api, query, headers):
    start = int(query.get("start", 0))
    page = api.part(start)
    link = f'<{api.url}/things?start=0>; rel="first"'
    if start + SIZE < len(api.items):
        link += f', <{api.url}/things?start={start + SIZE}>; rel="next"'
    return CLOSED if page is None else (200, {"Link": link}, page)


def whole(api, query, headers):
    api.requests_by_start[0] += 1
    return CLOSED if api.closed else (200, {}, {"things": api.items})


# How a source declares each of them.
SHAPES: dict[Callable[..., Any], dict[str, Any]] = {
    by_number: {"page": "p", "first": 0, "size": "n", "limit": SIZE, "items": "data.rows"},
    by_number_with_an_end: {"page": "p", "first": 0, "limit": SIZE, "items": "data.rows", "end": 404},
    by_offset: {
        "offset": "offset",
        "size": "limit",
        "limit": SIZE,
        "items": "results",
        "total_items": "meta.total",
    },
    by_offset_bare: {"offset": "offset", "size": "limit", "limit": SIZE, "items": "$"},
    by_cursor: {"cursor": "after", "next": "paging.next.after", "items": "results", "limit": SIZE},
    by_address: {"next": "next", "items": "items"},
    by_link: {"link": "next", "items": "$"},
    whole: {"items": "things"},
}
CHAINED = (by_cursor, by_address, by_link)
