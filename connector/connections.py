"""Connections that are kept open, as many to a host as ask it at once."""

import requests
from requests.adapters import HTTPAdapter


def session(at_once: int) -> requests.Session:
    http = requests.Session()
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=at_once))
    return http
