"""Fixtures only."""

from datetime import UTC, datetime

import bson
import pyarrow as pa
import pyarrow.parquet
import pytest

from demo.servers.mongodb import MongoServer
from tests.connector.sheet.conftest import person
from tests.fakes.paged_api import FakePagedApi, by_offset

__all__ = ["person"]


@pytest.fixture
def documents():
    """A MongoDB server with two orders."""
    server = MongoServer()
    server.insert(
        "Orders",
        {
            "_id": bson.ObjectId("650000000000000000000001"),
            "order": 1,
            "Größe": "L",
            "total": bson.Decimal128("1.50"),
            "lines": [{"sku": "a"}],
            "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
        },
        {"_id": bson.ObjectId("650000000000000000000002"), "order": 2, "total": None, "late": True},
    )
    yield server
    server.close()


@pytest.fixture
def exports(tmp_path_factory):
    """A folder with a file of each format."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "stock.csv").write_bytes("sku;Größe;zip;from\na;1,5;01000;x\nb;;75001;y\n".encode("cp1252"))
    (folder / "events.jsonl").write_text(
        '{"id": 12345678901234567890, "at": "2026-01-01T10:00:00Z"}\n{"id": "b", "tags": ["x"]}\n'
    )
    (folder / "visits.json").write_text('[{"id": 1, "day": "2026-01-31", "ok": true}]')
    table = pa.table({"code": ["a", "b"], "price": pa.array([None, 2.5])})
    pyarrow.parquet.write_table(table, folder / "prices.parquet")
    return folder


@pytest.fixture
def api():
    """An API with 25 things, ten a page."""
    api = FakePagedApi(by_offset)
    api.items = [
        {"id": number, "name": f"n{number}", "by": {"user": 1}, "window": None} for number in range(25)
    ]
    yield api
    api.close()
