"""Tables that operations create and other tables fill: a release adds their new columns."""

import uuid

import pytest
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.release.schemas import add_columns, check_changes, compare_schemas
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
