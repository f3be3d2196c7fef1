"""Kinds that plan their parts, through the real loader and run log of the sandbox."""

import datetime
import subprocess
import sys
from dataclasses import replace

import pytest

from connector.errors import IncompleteRun, SourceUnavailable
from connector.run import run
from connector.settings import Settings
from connector.sources import registry
from connector.sources.files.config import FilesSource
from connector.sources.files.ledger import Ledger
from connector.sources.files.obstore_files import open_obstore
from connector.sources.files.reader import FilesReader
from connector.sources.mongodb.config import MongoSource
from connector.sources.mongodb.reader import create_reader
from connector.sources.window import IdRange
from demo.servers.mongodb import MongoServer

CSV = {
    "kind": "files",
    "endpoints": {
        "products": {
            "glob": "*.csv",
            "format": {"csv": {}},
            "table": "products",
            "key": ["product_sku"],
            "schedule": "daily",
        }
    },
}
ORDERS = {
    "kind": "mongodb",
    "endpoints": {
        "sales": {
            "collection": "orders",
            "table": "sales",
            "key": ["id"],
            "schedule": "hourly",
            "window": {"field": "updated_at", "look_back": "0s"},
        }
    },
}
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def copy_files(project, tmp_path):
    """A function that runs the connector over the CSV files in `tmp_path`."""

    def copy():
        source = registry.parse_source(CSV | {"url": tmp_path.as_uri()}, "catalogue.yaml")
        assert isinstance(source, FilesSource)
        context = project.context("products")
        endpoint, store = source.endpoints["products"], open_obstore(source.url, "", "", "")
        reader = FilesReader(
            store, Ledger(context.store, "products"), endpoint, context.columns, part_bytes=200
        )
        run.copy(replace(context, endpoint=endpoint, reader=reader), IdRange())

    return copy


def test_files_arrive_in_raw_once(project, copy_files, tmp_path):
    rows = "".join(f'{n},"item {n}",{n}.50\n' for n in range(50))
    (tmp_path / "a.csv").write_text("product_sku,description,unit_amount\n" + rows)
    (tmp_path / "b.csv").write_text("product_sku,colour\n900,red\n901\n")
    (tmp_path / "c.csv").write_bytes(b"product_sku\n\xff\n")
    with pytest.raises(IncompleteRun, match=r"c.csv: line 2 has byte 0xff, which is not utf-8"):
        copy_files()
    assert project.rows(
        "SELECT COUNT(*), COUNT(DISTINCT product_sku), MAX(unit_amount) FROM raw.products"
    ) == [(51, 51, "9.50")]
    [(status, notes)] = project.log("status, notes")
    assert status == "incomplete"
    assert "1 rows of b.csv are in rejects/, the first is line 3: 1 fields instead of 2" in notes
    assert "without a column in raw, kept in the files: colour" in notes
    (tmp_path / "a.csv").write_text("product_sku,description\n0,new\n")
    copy_files()
    copy_files()
    assert project.rows("SELECT COUNT(*) FROM raw.products") == [(52,)]
    assert [status for (status,) in project.log("status")] == ["incomplete", "success", "success"]


@pytest.fixture
def server():
    server = MongoServer()
    items = [{"product_sku": "1", "quantity": 2, "amount": 0.5}]
    for n in range(48):
        at = START + datetime.timedelta(hours=n)
        server.insert("orders", {"_id": n, "id": n, "updated_at": at, "items": items})
    yield server
    server.close()


@pytest.fixture
def copy_orders(project, server):
    """A function that runs the connector over the documents; the part with document `failing` cannot be read."""
    source = registry.parse_source(ORDERS | {"url": f"mongodb://{server.address}/shop"}, "shop.yaml")
    assert isinstance(source, MongoSource)

    def copy(failing=None):
        context = project.context("sales")
        settings = Settings("", "", "", {"URL": source.url})
        reader = create_reader(source, "sales", settings, context.columns)
        reader.part_documents = 10
        context = replace(context, endpoint=source.endpoints["sales"], reader=reader)
        read = reader.read_part

        def read_part(position, file_name):
            part = read(position, file_name)
            if failing is not None and f'"id":"{failing}"'.encode() in part.lines:
                raise SourceUnavailable("time-out")
            return part

        reader.read_part = read_part  # type: ignore[method-assign]  # fails at one document
        try:
            run.copy(context, IdRange())
        finally:
            reader.client.close()

    return copy


def test_documents_arrive_in_raw_once(project, server, copy_orders):
    server.now = START + datetime.timedelta(hours=24)
    copy_orders()
    assert project.ids() == list(range(24))
    assert project.rows("SELECT items[0].amount, datetime FROM raw.sales LIMIT 1") == [("0.5", None)]
    server.now = START + datetime.timedelta(days=9)
    copy_orders()
    copy_orders()
    assert project.ids() == list(range(48))
    log = project.log("status, rows_loaded, window_from, window_until")
    assert [row[:2] for row in log] == [("success", 24), ("success", 24), ("success", 0)]
    assert log[1][2] == log[0][3] + 1


def test_a_part_that_fails_twice_is_not_forgotten(project, server, copy_orders):
    """The watermark is after the gap, so the run that replaces it requests its range too; ods removes duplicates."""
    server.now = START + datetime.timedelta(hours=40)
    with pytest.raises(IncompleteRun, match="the next run requests only these pages"):
        copy_orders(failing=15)
    assert len(project.ids()) == 30
    server.now = START + datetime.timedelta(hours=48)
    with pytest.raises(IncompleteRun, match="part 2 of 5"):
        copy_orders(failing=15)
    assert set(project.ids()) == {*range(10), *range(20, 48)}
    copy_orders()
    assert set(project.ids()) == set(range(48))


def test_an_absent_list_of_a_document_is_marked_and_an_empty_one_is_kept(project, server, copy_orders):
    """An empty list means that a sale is void; ods rejects the mark, so a dropped field voids nothing."""
    at = START + datetime.timedelta(hours=1)
    server.insert("orders", {"_id": 100, "id": 100, "updated_at": at})
    server.insert("orders", {"_id": 101, "id": 101, "updated_at": at, "items": []})
    server.now = START + datetime.timedelta(days=9)
    copy_orders()
    assert project.rows(LENGTHS.format("in (1, 100, 101)")) == [
        ("1", 1, "1"),
        ("100", 1, None),
        ("101", 0, None),
    ]


LENGTHS = """SELECT id, ARRAY_LENGTH(items), items[SAFE_OFFSET(0)].product_sku FROM raw.sales
WHERE CAST(id AS INT64) {} ORDER BY CAST(id AS INT64)"""


@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_an_absent_list_of_a_file_is_marked(project, tmp_path, form):
    rows = ['{"id": 1, "items": [{"product_sku": "7"}]}', '{"id": 2}', '{"id": 3, "items": []}']
    text = "\n".join(rows) if form == "ndjson" else f"[{', '.join(rows)}]"
    (tmp_path / f"a.{form}").write_text(text)
    endpoint = {"glob": "*", "format": {form: {}}, "table": "sales", "key": ["id"], "schedule": "daily"}
    declared = {"kind": "files", "url": tmp_path.as_uri(), "endpoints": {"sales": endpoint}}
    source = registry.parse_source(declared, "files.yaml")
    assert isinstance(source, FilesSource)
    context = project.context("sales")
    reader = FilesReader(
        open_obstore(source.url, "", "", ""),
        Ledger(context.store, "sales"),
        source.endpoints["sales"],
        context.columns,
    )
    run.copy(replace(context, endpoint=source.endpoints["sales"], reader=reader), IdRange())
    assert project.rows(LENGTHS.format("> 0")) == [("1", 1, "7"), ("2", 1, None), ("3", 0, None)]


@pytest.mark.parametrize("library", ["obstore", "pymongo", "bson", "psycopg", "pymysql"])
def test_a_library_is_imported_by_its_kind_only(library):
    code = f"import sys, connector.run.assembly; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
