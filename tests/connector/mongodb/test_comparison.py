"""The daily comparison of all _id: deleted documents are marked, missed ones are fetched, whatever the type of _id."""

import dataclasses
import json

import pytest
from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from connector.declaration_check import check_endpoint
from connector.errors import DeclarationError, LoadError, SourceUnavailable
from connector.run import run
from connector.run.context import now_milliseconds
from connector.settings import Settings
from connector.sources import registry
from connector.sources.mongodb import ranges
from connector.sources.mongodb import reader as mongodb
from connector.sources.mongodb.config import MongoSource
from connector.sources.window import IdRange
from tests.connector.mongodb.conftest import ORDERS
from tests.connector.mongodb.test_reader import after

COLUMNS = [{"name": name, "type": "STRING"} for name in ("_id", "name", "updated_at", "SYS_DATE_DELETE")]
COLUMNS += [{"name": "SYS_DATE_CREATE", "type": "TIMESTAMP"}, {"name": "SYS_FILE_NAME", "type": "STRING"}]
DAY = 24 * 3600 * 1000
COMPARED = ORDERS | {"window": {"field": "updated_at", "look_back": "0s"}, "deletes": {"compare": "daily"}}


class Copies:
    """Runs of one endpoint, `day` days from now."""

    def __init__(self, project, server, folder):
        self.project, self.server, self.folder, self.last = project, server, folder, 0

    def copy(self, day=0, cuts=0, before_comparing=lambda: None):
        declared = {"kind": "mongodb", "url": f"mongodb://{self.server.address}/shop"}
        source = registry.parse_source(declared | {"endpoints": {"orders": COMPARED}}, "shop.yaml")
        assert isinstance(source, MongoSource)
        columns = [column for column in COLUMNS if column["name"] != "SYS_DATE_CREATE"]
        settings = Settings("", "", "", {"URL": source.url})
        reader = mongodb.create_reader(source, "orders", settings, columns)
        self.server.cuts = cuts
        self.last = max(self.last + 1, now_milliseconds()) + day * DAY
        moment = self.last
        context = dataclasses.replace(
            self.project.context("sales"),
            name="orders",
            endpoint=source.endpoints["orders"],
            reader=reader,
            schema_folder=self.folder,
            now=lambda: moment,
        )
        compare = context.warehouse.compare_keys

        def compare_keys(table, names):
            before_comparing()
            return compare(table, names)

        context.warehouse.compare_keys = compare_keys
        try:
            run.copy(context, IdRange())
        finally:
            reader.client.close()

    def newest(self):
        """Name and whether it is deleted, of the newest version of each _id."""
        rows = self.project.rows(
            """SELECT _id, name, SYS_DATE_DELETE IS NOT NULL FROM raw.orders
            QUALIFY ROW_NUMBER() OVER (PARTITION BY _id ORDER BY SYS_FILE_NAME DESC) = 1"""
        )
        return {key: (name, is_deleted) for key, name, is_deleted in rows}

    def notes(self):
        return [notes for (notes,) in self.project.log("notes") if notes and "were compared" in notes]


@pytest.fixture
def copies(project, server, tmp_path):
    (tmp_path / "orders.json").write_text(json.dumps(COLUMNS))
    project.create_table("raw.orders", COLUMNS)
    return Copies(project, server, tmp_path)


def test_everything_that_a_window_cannot_see(project, server, copies):
    gone, odd = ObjectId(), ObjectId()
    server.insert("orders", *({"_id": n, "name": f"order {n}", "updated_at": after(n)} for n in range(20)))
    server.insert("orders", {"_id": gone, "name": "gone", "updated_at": after(30)})
    server.now = after(100)
    copies.copy()
    assert copies.notes() == ["21 keys of the source were compared: 0 rows missed, 0 gone"]
    server.delete("orders", 3, gone)
    server.replace("orders", {"_id": 7, "name": "restored", "updated_at": after(-1000)})
    server.insert("orders", {"_id": odd, "name": "back-dated", "updated_at": after(-50)})
    server.insert("orders", {"_id": "text", "name": "without a date"})
    server.insert("orders", {"_id": {"a": 1}, "name": "future", "updated_at": DatetimeMS(253402300800000)})
    server.now = after(200)
    copies.copy()
    assert len(copies.notes()) == 1  # once a day
    copies.copy(day=1)
    assert copies.notes()[1:] == ["22 keys of the source were compared: 4 rows missed, 2 gone"]
    rows = copies.newest()
    assert {key for key, (_, is_deleted) in rows.items() if is_deleted} == {"3", str(gone)}
    assert (rows["7"], rows[str(odd)]) == (("restored", False), ("back-dated", False))
    assert (rows["text"], rows['{"a":1}']) == (("without a date", False), ("future", False))
    assert len(rows) == 24
    copies.copy(day=1)
    assert copies.notes()[2:] == ["22 keys of the source were compared: 0 rows missed, 0 gone"]
    assert {status for (status,) in project.log("status")} == {"success"}


def test_an_incomplete_list_marks_nothing(server, copies, monkeypatch):
    monkeypatch.setattr(ranges, "BATCH_DOCUMENTS", 10)
    server.insert("orders", *({"_id": n, "name": "n", "updated_at": after(n)} for n in range(50)))
    server.now = after(100)
    copies.copy()
    server.delete("orders", *range(30))
    with pytest.raises(SourceUnavailable):
        copies.copy(day=1, cuts=99)
    assert [name for name, (_, is_deleted) in copies.newest().items() if is_deleted] == []
    copies.copy()
    assert len([name for name, (_, is_deleted) in copies.newest().items() if is_deleted]) == 30


def test_a_collection_that_is_empty_once_marks_nothing(project, server, copies):
    """It may be reloaded just now. A key that is null cannot be compared, and stops nothing."""
    server.insert("orders", *({"_id": n, "name": "n", "updated_at": after(n)} for n in range(3)))
    server.insert("orders", {"_id": None, "name": "null", "updated_at": after(4)})
    server.now = after(100)
    copies.copy()
    assert copies.notes() == ["4 keys of the source were compared: 0 rows missed, 0 gone"]
    server.delete("orders", 0, 1, 2, None)
    copies.copy(day=1)
    assert "0 keys of the source were compared: 0 rows missed, 3 gone" in copies.notes()[-1]
    assert (
        "the source lists no key, as a table that is being reloaded: nothing is marked" in copies.notes()[-1]
    )
    assert [name for name, (_, is_deleted) in copies.newest().items() if is_deleted] == []
    copies.copy()  # the next run of the same day
    assert {name for name, (_, is_deleted) in copies.newest().items() if is_deleted} == {"0", "1", "2"}
    copies.copy()
    assert len(copies.notes()) == 3


def test_a_list_of_keys_that_is_changed_before_it_is_compared_marks_nothing(project, server, copies):
    """The number of its rows stays the same: without the checksum, document 3 would count as gone."""
    server.insert("orders", *({"_id": n, "name": "n", "updated_at": after(n)} for n in range(9)))
    server.now = after(100)
    copies.copy()

    def alter():
        [item] = project.bucket.list("sales/keys/")
        content = project.bucket.read(item.name, item.generation).replace(b'"_id":"3"', b'"_id":"9"')
        project.bucket.replace(item.name, content, item.generation, item.metadata)

    with pytest.raises(LoadError, match=r"keys/[^ ]* was changed or deleted while the keys were compared"):
        copies.copy(day=1, before_comparing=alter)
    copies.copy(day=1)
    assert [name for name, (_, is_deleted) in copies.newest().items() if is_deleted] == []


def test_pages_have_every_key_once(server, create, monkeypatch):
    monkeypatch.setattr(mongodb, "KEY_ROWS", 3)
    ids = [1, 2.5, "a", "b", ObjectId(), True, {"a": 1}]
    server.insert("orders", *({"_id": value, "updated_at": after(1)} for value in ids))
    pages = list(create().iter_keys(None))
    assert [page.rows for page in pages] == [3, 3, 1]
    lines = [json.loads(line) for page in pages for line in page.lines.splitlines()]
    assert len({line["_id"] for line in lines}) == len(ids)
    assert {line["SYS_IS_DUE"] for line in lines} == {"true"}


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"key": ["number"]}, r"`deletes` needs `key: \[_id\]`"),
        ({"window": {}}, "remove `deletes`: without `window`"),
    ],
)
def test_declarations_that_cannot_be_compared(others, text):
    endpoint = {name: value for name, value in (COMPARED | others).items() if value}
    declared = {"kind": "mongodb", "url": "mongodb://h/shop", "endpoints": {"orders": endpoint}}
    with pytest.raises(DeclarationError, match=text):
        registry.parse_source(declared, "shop.yaml")


def test_a_table_without_the_column_for_deletions(tmp_path):
    columns = [column for column in COLUMNS if column["name"] != "SYS_DATE_DELETE"]
    (tmp_path / "orders.json").write_text(json.dumps(columns))
    declared = {"kind": "mongodb", "url": "mongodb://h/shop", "endpoints": {"orders": COMPARED}}
    endpoint = registry.parse_source(declared, "shop.yaml").endpoints["orders"]
    [problem] = check_endpoint("orders", endpoint, tmp_path)
    assert "deletes: 'SYS_DATE_DELETE' is not a column of" in problem
