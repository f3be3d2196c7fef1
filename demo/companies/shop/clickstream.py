"""The access logs of the web shop: requests of a month, and the text of their files."""

import gzip
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

SEED = 20260302
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS, REQUESTS_PER_DAY = 30, 100
SERVERS = ("fra", "ams")
LOCAL = timezone(timedelta(hours=1))  # the clock of the servers
PHONE, COMPUTER = "Mozilla/5.0 (Linux; Android 15) Mobile Safari", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"
# Not ASCII, with a plus sign and with quotes, which a URL escapes.
SEARCHES = ("wool socks", "Öfen", "50% off", 'tent "large"', "a+b")


@dataclass(frozen=True)
class PageRequest:
    """`page` and `search` as a person reads them; `url` is what the log contains."""

    number: str
    at: datetime
    page: str
    url: str
    sku: str | None = None
    search: str | None = None
    visitor: str | None = None
    is_phone: bool = False
    status: int = 200
    size: int = 0


def create_logs(skus: list[str]) -> dict[str, list[PageRequest]]:
    """By the name of the file."""
    draw = random.Random(SEED)
    logs: dict[str, list[PageRequest]] = {}
    for day in range(DAYS):
        for number in range(REQUESTS_PER_DAY):
            at = FIRST_DAY + timedelta(days=day, seconds=number * 86_400 // REQUESTS_PER_DAY)
            request = create_request(draw, f"r{day:02}-{number:05}", at, skus)
            logs.setdefault(log_of(draw.choice(SERVERS), at), []).append(request)
    return logs


def log_of(server: str, at: datetime) -> str:
    return f"{server}-{at:%Y-%m-%d}.log.gz"


def create_request(draw: random.Random, number: str, at: datetime, skus: list[str]) -> PageRequest:
    status = draw.choices((200, 304, 404, 500), (85, 5, 7, 3))[0]
    others: dict[str, Any] = {
        "visitor": f"v{draw.randrange(400):04}" if draw.random() < 0.9 else None,
        "is_phone": draw.random() < 0.6,
        "status": status,
        "size": 0 if status == 304 else draw.randrange(200, 90_000),
    }
    match draw.randrange(4):
        case 0:
            sku = draw.choice(skus)
            page = f"/product/{sku}"
            return PageRequest(number, at, page, f"{page}?ref=mail", sku=sku, **others)
        case 1:
            search = draw.choice(SEARCHES)
            return PageRequest(
                number, at, "/search", f"/search?q={quote(search)}&sort=price", search=search, **others
            )
        case 2:
            return PageRequest(number, at, "/maps/Köln", f"/maps/{quote('Köln')}", **others)
    # An invalid escape, as robots send it.
    return PageRequest(number, at, "/100%/offers", "/100%/offers", **others)


def render_log(requests: Iterable[PageRequest], broken: Iterable[str] = ()) -> bytes:
    """The same bytes for the same requests: the header of gzip has no time."""
    lines = [*map(render_line, requests), *broken, ""]
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def render_line(request: PageRequest) -> str:
    """httpd writes a minus sign for what is absent, also for a response without content."""
    at = request.at.astimezone(LOCAL).strftime("%d/%b/%Y:%H:%M:%S %z")
    agent = PHONE if request.is_phone else COMPUTER
    head = f'192.0.2.7 - - [{at}] "GET {request.url} HTTP/1.1" {request.status} {request.size or "-"}'
    return f'{head} "-" "{agent}" "{request.visitor or "-"}" {request.number}'
