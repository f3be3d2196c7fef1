"""APIs of other shapes than the shop's, over HTTP: each is a function from a request to an answer."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.connector.shop import Server

SIZE = 10


class Kiosk:
    """Serves `items` as `shape` says: a function (kiosk, query, headers) → status, headers, body.

    `closed` are the places (as `place` tells them) that are answered with 503."""

    def __init__(self, shape):
        self.shape = shape
        self.items = []
        self.closed = set()
        self.asked = Counter()
        self.tokens = []
        self.seen = []
        self.server = Server(("127.0.0.1", 0), handler(self))
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.host}/v2"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def part(self, start):
        """Items from `start`, as one page; None if that place is closed for now."""
        self.asked[start] += 1
        return None if start in self.closed else self.items[start : start + SIZE]


def handler(kiosk):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            kiosk.seen.append((parts.path, query))
            self.answer(*kiosk.shape(kiosk, query, self.headers))

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            kiosk.tokens.append({"Authorization": self.headers.get("Authorization"), **form})
            token = {"access_token": f"token-{len(kiosk.tokens)}", "token_type": "Bearer", "expires_in": 3600}
            self.answer(200, {}, token)

        def answer(self, status, headers, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return Handler


CLOSED = (503, {}, {"error": "closed"})


def by_number(kiosk, query, headers):
    """Pages from 0, the list inside, nobody says how many there are."""
    found = kiosk.part(int(query["p"]) * SIZE)
    return CLOSED if found is None else (200, {}, {"data": {"rows": found}})


def by_number_with_an_end(kiosk, query, headers):
    """As above, and a page past the end is a 404, but for the first one."""
    status, more, body = by_number(kiosk, query, headers)
    past = query["p"] != "0" and body.get("data") == {"rows": []}
    return (404, {}, {"error": "no such page"}) if past else (status, more, body)


def by_offset(kiosk, query, headers):
    found = kiosk.part(int(query["offset"]))
    if found is None:
        return CLOSED
    return 200, {}, {"results": found[: int(query["limit"])], "meta": {"total": len(kiosk.items)}}


def by_offset_bare(kiosk, query, headers):
    """The whole answer is the list."""
    found = kiosk.part(int(query["offset"]))
    return CLOSED if found is None else (200, {}, found)


def by_cursor(kiosk, query, headers):
    start = int(query.get("after", "at-0").removeprefix("at-"))
    found = kiosk.part(start)
    more = start + SIZE < len(kiosk.items)
    paging = {"next": {"after": f"at-{start + SIZE}"}} if more else {}
    return CLOSED if found is None else (200, {}, {"results": found, "paging": paging})


def by_address(kiosk, query, headers):
    """The address of the next page is in the body, relative, and repeats the key."""
    start = int(query.get("start", 0))
    found = kiosk.part(start)
    key = f"&api_key={query['api_key']}" if "api_key" in query else ""
    following = f"/v2/things?start={start + SIZE}{key}" if start + SIZE < len(kiosk.items) else ""
    return CLOSED if found is None else (200, {}, {"items": found, "next": following})


def by_link(kiosk, query, headers):
    start = int(query.get("start", 0))
    found = kiosk.part(start)
    link = f'<{kiosk.url}/things?start=0>; rel="first"'
    if start + SIZE < len(kiosk.items):
        link += f', <{kiosk.url}/things?start={start + SIZE}>; rel="next"'
    return CLOSED if found is None else (200, {"Link": link}, found)


def whole(kiosk, query, headers):
    kiosk.asked[0] += 1
    return CLOSED if kiosk.closed else (200, {}, {"things": kiosk.items})
