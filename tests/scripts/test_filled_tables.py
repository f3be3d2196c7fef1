"""Tables that operations create and other tables fill: a release adds their new columns. Tables that become views."""

import uuid

import pytest
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.release.schemas import add_columns, check_changes, compare_schemas, drop_recreated
from tests.dataform.engines.warehouse import connect


@pytest.fixture
def client(sandbox):
    client = connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}").client
    client.create_dataset("ods")
    return client


def operations(client, columns):
    target = api.Target(database=client.project, schema="ods", name="rejects")
    query = f"create table if not exists `{client.project}.ods.rejects` ({columns})"
    created = api.CompilationResultAction.Operations(queries=[query], has_output=True)
    return [api.CompilationResultAction(target=target, operations=created)]


def columns_of(client):
    return [(field.name, field.field_type) for field in client.get_table("ods.rejects").schema]


def relation(client, kind, **compiled):
    target = api.Target(database=client.project, schema="ods", name="daily")
    compiled = {"select_query": "select 1 as n, date '2026-01-31' as day", **compiled}
    return [
        api.CompilationResultAction(
            target=target,
            relation=api.CompilationResultAction.Relation(relation_type=kind, **compiled),
        )
    ]


def test_a_table_whose_model_became_a_view_is_dropped_only_with_a_refresh(client):
    """The next run would drop it, with all of its rows and without a message."""
    assert compare_schemas(client, relation(client, "VIEW")) == []
    client.query_and_wait("create table ods.daily as select 1 as n, date '2026-01-31' as day")
    changes = compare_schemas(client, relation(client, "VIEW"))
    assert [str(change) for change in changes] == ["ods.daily: table → view"]
    with pytest.raises(ReleaseError, match=r"Pass --refresh to replace these tables"):
        check_changes(changes, may_refresh=False)
    drop_recreated(client, changes)
    assert compare_schemas(client, relation(client, "VIEW")) == []


@pytest.mark.parametrize("kind", ["TABLE", "INCREMENTAL_TABLE"])
def test_a_view_whose_model_became_a_table_needs_nothing(client, kind):
    """It has no rows, and Dataform drops it before it creates the table."""
    client.query_and_wait("create view ods.daily as select 1 as n")
    assert compare_schemas(client, relation(client, kind, partition_expression="day")) == []


def test_a_table_that_does_not_exist_is_not_compared(client):
    assert compare_schemas(client, operations(client, "reason string")) == []


def test_new_columns_are_added_without_a_refresh(client):
    client.query_and_wait("create table ods.rejects (reason string, gone int64)")
    client.query_and_wait("insert into ods.rejects values ('id is missing', 1)")
    changes = compare_schemas(
        client, operations(client, "reason string, weight float64, tags array<float64>")
    )
    assert [str(change).partition(": ")[2] for change in changes] == [
        "new tags ARRAY<FLOAT64>, weight FLOAT64"
    ]
    check_changes(changes, may_refresh=False)
    add_columns(client, changes)
    assert columns_of(client)[:2] == [("reason", "STRING"), ("gone", "INTEGER")]
    assert sorted(columns_of(client)[2:]) == [("tags", "FLOAT"), ("weight", "FLOAT")]
    [row] = client.query_and_wait("select reason, gone, weight from ods.rejects")
    assert tuple(row) == ("id is missing", 1, None)
    assert compare_schemas(client, operations(client, "reason string, weight float64")) == []


def test_another_type_is_refused_with_the_remedy(client):
    client.query_and_wait("create table ods.rejects (reason string, file_day string)")
    changes = compare_schemas(client, operations(client, "reason string, file_day date"))
    with pytest.raises(ReleaseError, match="Drop these tables, release again") as error:
        check_changes(changes, may_refresh=True)
    assert "ods.rejects: file_day STRING → DATE" in str(error.value)
