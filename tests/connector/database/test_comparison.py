"""The daily comparison of all keys: deleted rows are marked, missed rows are fetched, both are counted."""

import dataclasses
import json

import pytest

from connector.declaration_check import check_endpoint
from connector.errors import SourceUnavailable
from connector.run import run
from connector.run.context import now_milliseconds
from connector.settings import Settings
from connector.sources import registry
from connector.sources.database.config import DatabaseSource
from connector.sources.mysql.reader import create_reader as create_mysql_reader
from connector.sources.postgres.reader import create_reader as create_postgres_reader
from connector.sources.window import IdRange
from tests.connector.database.servers import ORDERS, PASSWORD, CreateReader

COLUMNS = [{"name": name, "type": "STRING"} for name in ("id", "name", "updated_at", "SYS_DATE_DELETE")]
COLUMNS += [{"name": "SYS_DATE_CREATE", "type": "TIMESTAMP"}, {"name": "SYS_FILE_NAME", "type": "STRING"}]
WINDOW = {"field": "updated_at", "look_back": "0s"}
DAY = 24 * 3600 * 1000


class Copies:
    """Runs of one endpoint, `day` days from now."""

    def __init__(self, project, server, folder):
        self.project, self.server, self.folder, self.last = project, server, folder, 0

    def copy(self, day=0, breaks=False, **others):
        endpoint = ORDERS | {"window": WINDOW, "deletes": {"compare": "daily"}} | others
        declared = {"kind": self.server.kind, "url": self.server.url(), "secret": "erp-password"}
        source = registry.parse_source(declared | {"endpoints": {"orders": endpoint}}, "erp.yaml")
        assert isinstance(source, DatabaseSource)
        settings = Settings("", "", "", {"URL": source.url, "API_KEY": PASSWORD})
        is_postgres = self.server.kind == "postgres"
        create: CreateReader = create_postgres_reader if is_postgres else create_mysql_reader
        columns = [column for column in COLUMNS if column["name"] != "SYS_DATE_CREATE"]
        reader = create(source, "orders", settings, columns)
        if breaks:
            reader.iter_keys = self.break_list  # type: ignore[method-assign]  # a list that breaks off
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
        try:
            run.copy(context, IdRange())
        finally:
            reader.sessions.close()

    def break_list(self, until):
        raise SourceUnavailable("the list was cut")

    def newest(self):
        """Key, name and whether it is deleted, of the newest version."""
        return self.project.rows(
            """SELECT CAST(id AS INT64), name, SYS_DATE_DELETE IS NOT NULL FROM raw.orders
            QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY SYS_FILE_NAME DESC) = 1 ORDER BY 1"""
        )

    def notes(self):
        return [notes for (notes,) in self.project.log("notes") if notes and "were compared" in notes]


@pytest.fixture
def copies(project, server, tmp_path):
    server.allow_everything()
    server.create_orders(250)
    (tmp_path / "orders.json").write_text(json.dumps(COLUMNS))
    project.create_table("raw.orders", COLUMNS)
    return Copies(project, server, tmp_path)


def test_everything_that_a_window_cannot_see(project, server, copies):
    copies.copy()
    assert copies.notes() == ["250 keys of the source were compared: 0 rows missed, 0 gone"]
    server.execute(
        "delete from shop.orders where id in (3, 5)",
        "insert into shop.orders values (900, 'back-dated', '2020-01-01 00:00:00')",
        "insert into shop.orders values (901, 'without a time', null), (902, 'future', '2037-12-31 00:00:00')",
        "update shop.orders set name = 'restored', updated_at = '2019-01-01 00:00:00' where id = 7",
    )
    copies.copy()
    assert len(copies.notes()) == 1  # once a day
    copies.copy(day=1)
    assert copies.notes()[1:] == ["251 keys of the source were compared: 4 rows missed, 2 gone"]
    rows = {row[0]: row[1:] for row in copies.newest()}
    assert {key for key, (_, is_deleted) in rows.items() if is_deleted} == {3, 5}
    assert (rows[7], rows[900], rows[901]) == (
        ("restored", False),
        ("back-dated", False),
        ("without a time", False),
    )
    assert len(rows) == 253
    server.execute("insert into shop.orders values (3, 'again', '2018-01-01 00:00:00')")
    copies.copy(day=1)
    assert copies.notes()[2:] == ["252 keys of the source were compared: 1 rows missed, 0 gone"]
    assert {row[0]: row[1:] for row in copies.newest()}[3] == ("again", False)
    assert {status for (status,) in project.log("status")} == {"success"}
    assert project.remaining() == [name for name in project.remaining() if name.endswith("compared.txt")]


def test_an_incomplete_list_marks_nothing(project, server, copies):
    copies.copy()
    server.execute("delete from shop.orders where id > 100")
    with pytest.raises(SourceUnavailable, match="the list was cut"):
        copies.copy(day=1, breaks=True)
    assert [row for row in copies.newest() if row[2]] == []
    copies.copy()
    assert len([row for row in copies.newest() if row[2]]) == 150


def test_a_table_without_the_column_for_deletions(server, tmp_path):
    (tmp_path / "orders.json").write_text(
        json.dumps([column for column in COLUMNS if column["name"] != "SYS_DATE_DELETE"])
    )
    declared = {"kind": server.kind, "url": server.url()}
    endpoint = ORDERS | {"window": WINDOW, "deletes": {"compare": "daily"}}
    source = registry.parse_source(declared | {"endpoints": {"orders": endpoint}}, "erp.yaml")
    [problem] = check_endpoint("orders", source.endpoints["orders"], tmp_path)
    assert "deletes: 'SYS_DATE_DELETE' is not a column of" in problem
