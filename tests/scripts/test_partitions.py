"""More partitions than one statement of BigQuery may write are written in slices, and no row is left out."""

import uuid
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.erase import tables as erase
from scripts.erase.subject import Subject
from scripts.partitions import cut, filter_all, partition_of
from scripts.undrop.rows import insert_rows
from tests.dataform.engines.warehouse import connect

DAYS = "unnest(generate_date_array(date '2017-01-30', date '2017-02-05')) as day"
NO_DAY = "union all select cast(null as"
NUMBERS = "select id from unnest([-5, 0, 9, 10, 39, 99, null]) as id"
TABLES = {
    "days": ("day date", "day", f"select day from {DAYS} {NO_DAY} date)"),
    "months": ("day date", "date_trunc(day, month)", f"select day from {DAYS} {NO_DAY} date)"),
    "times": (
        "loaded timestamp",
        "date(loaded)",
        f"select timestamp(day) as loaded from {DAYS} {NO_DAY} timestamp)",
    ),
    "ranges": ("id int64", "range_bucket(id, generate_array(0, 40, 10))", NUMBERS),
    "whole": ("id int64", "", "select 1 as id"),
}


@pytest.fixture(scope="module")
def client(sandbox):
    client = connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}").client
    client.create_dataset("dmt")
    for name, (column, partition, rows) in TABLES.items():
        by = f"partition by {partition}" if partition else ""
        client.query_and_wait(f"create table dmt.{name} ({column}) {by}")
        client.query_and_wait(f"create table dmt.{name}_undropped as {rows}")
    return client


class Recorder:
    """A client that remembers the statements that write."""

    def __init__(self, client):
        self.client, self.written = client, []

    def __getattr__(self, name):
        return getattr(self.client, name)

    def query_and_wait(self, sql, **options):
        if not sql.startswith("select"):
            self.written.append(sql)
        return self.client.query_and_wait(sql, **options)


@pytest.mark.parametrize(
    ("name", "statements"),
    [("days", 5), ("months", 1), ("times", 5), ("ranges", 4), ("whole", 1)],
)
def test_a_copy_is_inserted_two_partitions_at_a_time(client, name, statements):
    recorder: Any = Recorder(client)
    insert_rows(recorder, f"dmt.{name}", f"dmt.{name}_undropped", size=2)
    assert len(recorder.written) == statements

    def rows(table):
        column = TABLES[name][0].split()[0]
        return [row[0] for row in client.query_and_wait(f"select {column} from {table} order by 1")]

    assert rows(f"dmt.{name}") == rows(f"dmt.{name}_undropped")


def test_an_erasure_changes_two_partitions_at_a_time(client, monkeypatch):
    monkeypatch.setattr(erase, "PER_STATEMENT", 2)
    client.create_dataset("ods_ada")
    client.query_and_wait(
        "create table ods_ada.customers (id string, name string, loaded timestamp) partition by date(loaded)"
    )
    client.query_and_wait(f"insert into ods_ada.customers select '17', 'Zelda', timestamp(day) from {DAYS}")
    client.query_and_wait("insert into ods_ada.customers values ('17', 'Zelda', null), ('18', 'Ada', null)")
    recorder: Any = Recorder(client)
    subject = Subject("customers", "customers", "id", "17", ("name",), ("name",))
    tables = erase.Tables(recorder, subject)
    [place] = [each for each in tables.erase({"Zelda"}, dry_run=False) if each.rows]
    assert (place.name, place.rows, len(recorder.written)) == ("ods_ada.customers", 8, 5)
    remaining = [
        tuple(row)
        for row in client.query_and_wait("select id, name from ods_ada.customers where name is not null")
    ]
    assert remaining == [("18", "Ada")]


def test_each_value_is_in_one_slice():
    moments = [datetime(2017, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    assert list(cut("p", moments, 2)) == [
        "p between timestamp '2017-01-01T00:00:00+00:00' and timestamp '2017-01-02T00:00:00+00:00'",
        "p between timestamp '2017-01-03T00:00:00+00:00' and timestamp '2017-01-03T00:00:00+00:00'",
        "p is null",
    ]
    assert next(cut("p", [date(2017, 1, 1)])) == "p between date '2017-01-01' and date '2017-01-01'"
    assert next(cut("p", [0, 4])) == "p between 0 and 4"


def test_the_partitions_of_the_time_of_loading_have_no_column():
    table: Any = SimpleNamespace(range_partitioning=None, time_partitioning=SimpleNamespace(field=None))
    assert partition_of(table) == "_PARTITIONTIME"


def test_a_filter_of_all_partitions_encloses_reserved_names():
    field = SimpleNamespace(name="at", field_type="TIMESTAMP")
    by_time = SimpleNamespace(field="at", type_="DAY")
    table: Any = SimpleNamespace(range_partitioning=None, time_partitioning=by_time, schema=[field])
    assert filter_all(table) == "(`at` >= timestamp '0001-01-01' or `at` is null)"
    ranges: Any = SimpleNamespace(range_partitioning=SimpleNamespace(field="group"))
    assert filter_all(ranges) == "(`group` >= -9223372036854775808 or `group` is null)"
