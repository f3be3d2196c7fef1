"""Connections that are kept open, as many to a host as ask it at once, and how a request goes over them."""

from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

TIMEOUT = (10, 60)  # seconds to connect, and of silence while reading

Send = Callable[[requests.PreparedRequest], requests.Response]


def session(at_once: int) -> requests.Session:
    http = requests.Session()
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=at_once))
    return http


def sender(http: requests.Session, url: str) -> Send:
    """Sends a request to `url`, or below it; the body of the answer is still to be read.

    The session itself would follow a redirect, which carries a key to another host, and keep cookies."""
    # Proxies and certificates of the environment, looked up once instead of once a request.
    options: dict[str, Any] = dict(http.merge_environment_settings(url, {}, True, None, None))

    def send(prepared: requests.PreparedRequest) -> requests.Response:
        adapter = http.get_adapter(str(prepared.url))
        return adapter.send(prepared, timeout=TIMEOUT, **options)

    return send
