"""Tables of both servers through the real loader and run log of the sandbox."""

import dataclasses

import pytest

from connector.run import run
from connector.run.context import now_milliseconds as now
from connector.settings import Settings
from connector.sources import registry
from connector.sources.database.config import DatabaseSource
from connector.sources.mysql.reader import create_reader as create_mysql_reader
from connector.sources.postgres.reader import create_reader as create_postgres_reader
from connector.sources.window import IdRange
from tests.connector.database.servers import PASSWORD, CreateReader
from tests.connector.database.servers import run as run_sql

ENDPOINT = {"relation": "shop.sales", "table": "sales", "key": ["id"], "schedule": "hourly"}
WINDOW = {"field": "datetime", "look_back": "0s"}


@pytest.fixture
def copy(project, server):
    """A function that runs the connector once, as the command does."""
    server.allow_everything()
    kind = "varchar(40)"
    server.execute(
        f"create table shop.sales "
        f"(id bigint primary key, datetime {server.moment}, customer_id {kind}, store_id {kind})"
    )

    def copy(window=True, **others):
        endpoint = ENDPOINT | ({"window": WINDOW} if window else {}) | others
        declared = {
            "kind": server.kind,
            "url": server.url(),
            "secret": "erp-password",
            "limits": {"page_rows": 100},
        }
        source = registry.parse_source(declared | {"endpoints": {"sales": endpoint}}, "erp.yaml")
        assert isinstance(source, DatabaseSource)
        context = project.context("sales")
        settings = Settings("", "", "", {"URL": source.url, "API_KEY": PASSWORD})
        create: CreateReader = create_postgres_reader if server.kind == "postgres" else create_mysql_reader
        reader = create(source, "sales", settings, context.columns)
        context = dataclasses.replace(
            context, endpoint=source.endpoints["sales"], reader=reader, now=lambda: next_moment(project)
        )
        try:
            run.copy(context, IdRange())
        finally:
            reader.sessions.close()

    return copy


def next_moment(project):
    """The real clock, because the bound is that of the server; distinct for each run."""
    project.clock = max(project.clock + 1, now())
    return project.clock


def add(server, first, last):
    values = ", ".join(f"({n}, {server.now}, 'c{n}', 's')" for n in range(first, last + 1))
    server.execute(f"insert into shop.sales values {values}")


def test_a_whole_table_arrives_in_raw(project, server, copy):
    add(server, 1, 250)
    copy(window=False)
    assert project.ids() == list(range(1, 251))
    assert project.log("status, pages, rows_loaded, window_until") == [("success", 3, 250, None)]
    assert project.remaining() == []


def test_an_hour_with_a_late_commit_arrives_in_raw(project, server, copy):
    add(server, 1, 250)
    copy()
    late = server.connect()
    run_sql(late, "begin")
    run_sql(late, f"insert into shop.sales values (900, {server.now}, 'late', 's')")
    add(server, 251, 260)
    server.execute(f"update shop.sales set customer_id = 'changed', datetime = {server.now} where id <= 3")
    copy()
    run_sql(late, "commit")
    late.close()
    copy()
    copy()
    assert sorted(project.ids()) == sorted([*range(1, 251), 1, 2, 3, *range(251, 261), 900])
    assert project.rows("SELECT customer_id FROM raw.sales WHERE id IN ('900', '1') ORDER BY 1") == [
        ("c1",),
        ("changed",),
        ("late",),
    ]
    assert {status for (status,) in project.log("status")} == {"success"}
    windows = sorted(project.log("window_from, window_until"))
    pairs = zip(windows, windows[1:], strict=False)
    assert [pair for pair in pairs if pair[1][0] != pair[0][1] + 1] == []


def test_a_column_without_a_place_in_raw_is_kept_in_the_file(project, server, copy):
    add(server, 1, 3)
    server.execute("alter table shop.sales add column colour varchar(9) default 'red'")
    copy()
    [(notes,)] = project.log("notes")
    assert "columns of raw that the source does not have: items" in notes
    assert "fields without a column in raw, kept in the files: colour" in notes
