"""Fixtures only."""

import pytest

from connector.settings import Settings
from connector.sources import registry
from connector.sources.mongodb.config import MongoSource
from connector.sources.mongodb.reader import MongoReader, create_reader
from demo.servers.mongodb import MongoServer
from runtime.retry import RetryPolicy

ORDERS = {
    "collection": "orders",
    "table": "orders",
    "key": ["_id"],
    "schedule": "hourly",
    "window": {"field": "updated_at", "look_back": "1h"},
}


@pytest.fixture
def server():
    server = MongoServer()
    yield server
    server.close()


@pytest.fixture
def create(server):
    """A function that creates a reader of the server."""
    readers: list[MongoReader] = []

    def create(window=True, part_documents=None, url=None, secret=None, columns=("_id", "name")):
        endpoint = ORDERS if window else {name: value for name, value in ORDERS.items() if name != "window"}
        declared = {"kind": "mongodb", "url": url or f"mongodb://{server.address}/shop"}
        declared |= {"endpoints": {"orders": endpoint}} | ({"secret": "shop-password"} if secret else {})
        source = registry.parse_source(declared, "shop.yaml")
        assert isinstance(source, MongoSource)
        settings = Settings("", "", "", {"URL": source.url, "API_KEY": secret or ""})
        reader = create_reader(
            source, "orders", settings, [{"name": name, "type": "STRING"} for name in columns]
        )
        reader.retry = lambda: RetryPolicy(sleep=lambda seconds: None)
        reader.part_documents = part_documents
        readers.append(reader)
        return reader

    yield create
    for reader in readers:
        reader.client.close()
