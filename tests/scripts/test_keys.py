"""Keys of tables are declared again where a stopped full refresh, an undrop or another release left none."""

import uuid

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.release.keys import declare_keys, key_of


@pytest.fixture
def client(sandbox):
    client = bigquery.Client(
        f"keys-{uuid.uuid4().hex[:8]}",
        AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.address},
    )
    client.create_dataset("ods")
    return client


def models(client, key):
    """As the compiled graph has them; `absent` was never created."""
    for name in ("sales", "absent"):
        table = f"`{client.project}.ods.{name}`"
        script = (
            f"if false then raise using message = 'no'; end if;\nalter table {table} drop primary key if exists;\n"
            f"alter table {table} add primary key ({key}) not enforced;\nselect 1"
        )
        yield api.CompilationResultAction(
            target=api.Target(database=client.project, schema="ods", name=name),
            relation=api.CompilationResultAction.Relation(post_operations=[script]),
        )


def declared(client):
    return key_of(client.get_table("ods.sales"))


def test_a_missing_key_is_declared_once(client, capsys):
    client.query_and_wait(
        "create table ods.sales (id int64, line int64, day date) partition by day "
        "options(require_partition_filter = true)"
    )
    client.query_and_wait("insert into ods.sales values (1, 1, '2026-01-31'), (1, 2, null)")
    declare_keys(client, models(client, "id, line"))
    assert declared(client) == ["id", "line"]
    assert capsys.readouterr().out == "key     ods.sales: id, line\n"
    declare_keys(client, models(client, "id, line"))
    assert capsys.readouterr().out == ""


def test_another_key_of_the_model_replaces_the_declared_one(client):
    client.query_and_wait("create table ods.sales as select 1 as id, 2 as line")
    client.query_and_wait("alter table ods.sales add primary key (id) not enforced")
    declare_keys(client, models(client, "id, line"))
    assert declared(client) == ["id", "line"]


@pytest.mark.parametrize("rows", ["select 1 as id union all select 1", "select cast(null as int64) as id"])
def test_rows_without_the_key_leave_no_key_and_are_an_error(client, rows):
    """BigQuery relies on a declared key and would remove joins."""
    client.query_and_wait(f"create table ods.sales as select id, 1 as line from ({rows})")
    client.query_and_wait("alter table ods.sales add primary key (line) not enforced")
    with pytest.raises(ReleaseError, match=r"two rows have one key, or none: ods\.sales \(id\)"):
        declare_keys(client, models(client, "id"))
    assert declared(client) == []
