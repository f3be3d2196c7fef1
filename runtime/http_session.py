"""HTTP connections: a pooled session, and a function that sends one prepared request."""

from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

TIMEOUT = (10, 60)  # seconds to connect, and between two bytes of the response

Send = Callable[[requests.PreparedRequest], requests.Response]


def open_session(connections: int) -> requests.Session:
    """A session that keeps up to `connections` connections per host open."""
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=connections))
    return session


def make_sender(session: requests.Session, url: str) -> Send:
    """A function that sends requests to `url` or below it; the response body is still to be read.

    It bypasses `session.send`, which would follow redirects (and carry an API key to another host) and keep
    cookies.
    """
    # Proxy and certificate settings of the environment, resolved once instead of per request.
    options: dict[str, Any] = dict(session.merge_environment_settings(url, {}, True, None, None))

    def send(prepared: requests.PreparedRequest) -> requests.Response:
        adapter = session.get_adapter(str(prepared.url))
        return adapter.send(prepared, timeout=TIMEOUT, **options)

    return send
