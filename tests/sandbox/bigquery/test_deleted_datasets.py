"""UNDROP SCHEMA: a deleted dataset is again as it was, or the answer states why not."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from sandbox.bigquery.patches.deleted_datasets import Deleted
from sandbox.bigquery.patches.undrop_schema import is_too_old
from sandbox.state import State
from tests.sandbox.iam.project import Project, binding

NO_RETRY: Any = None  # documented, but not in the type hints
HOUR_MS = 3600 * 1000
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def query(client: bigquery.Client) -> Query:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        result = client.query_and_wait(sql, retry=NO_RETRY, job_retry=NO_RETRY)
        return [tuple(row.values()) for row in result]

    return rows


@pytest.fixture
def name(client: bigquery.Client, query: Query) -> str:
    """A dataset with a partitioned table, a view of it, and a view of the view."""
    name = f"deleted_{uuid.uuid4().hex[:8]}"
    dataset = bigquery.Dataset(f"{client.project}.{name}")
    dataset.location, dataset.labels = "EU", {"layer": "marts"}
    dataset.access_entries = [bigquery.AccessEntry("READER", "userByEmail", "reader@example.com")]
    client.create_dataset(dataset)
    query(
        f"create table {name}.sales (d date not null, n int64) partition by d options(require_partition_filter = true)"
    )
    query(f"insert into {name}.sales values (date '2026-01-01', 1), (date '2026-01-02', 2)")
    query(f"create view {name}.positive as select d, n from {name}.sales where d > '2000-01-01' and n > 0")
    query(f"create view {name}.total as select sum(n) as n from {name}.positive")
    return name


@pytest.mark.parametrize("way", ["statement", "method"])
def test_a_deleted_dataset_has_everything_again(
    client: bigquery.Client, query: Query, name: str, way: str
) -> None:
    before = client.get_dataset(name).to_api_repr()
    if way == "statement":
        query(f"drop schema {name} cascade")
    else:
        client.delete_dataset(name, delete_contents=True)
    with pytest.raises(NotFound):
        client.get_dataset(name)
    query(f"UNDROP SCHEMA `{client.project}.{name}`")
    assert client.get_dataset(name).to_api_repr() == before
    assert query(f"select n from {name}.total") == [(3,)]
    table = client.get_table(f"{client.project}.{name}.sales")
    assert (table.time_partitioning.field, table.require_partition_filter) == ("d", True)
    assert [field.mode for field in table.schema] == ["REQUIRED", "NULLABLE"]
    assert {item.table_id for item in client.list_tables(name)} == {"sales", "positive", "total"}
    query(f"insert into {name}.sales values (date '2026-01-03', 4)")
    assert query(f"select n from {name}.total") == [(7,)]


def test_the_past_of_its_tables_is_readable_again(query: Query, name: str) -> None:
    [(moment,)] = query("select current_timestamp()")
    query(f"delete from {name}.sales where d = '2026-01-01'")
    query(f"drop schema {name} cascade")
    query(f"undrop schema {name}")
    past = f"for system_time as of timestamp '{moment.isoformat()}' where d > '2000-01-01'"
    assert query(f"select count(*) from {name}.sales {past}") == [(2,)]


def test_the_dataset_that_was_deleted_last_comes_back(query: Query, name: str) -> None:
    query(f"drop schema {name} cascade")
    query(f"create schema {name}; create table {name}.other as select 5 as n;")
    with pytest.raises(Conflict, match="Already Exists"):
        query(f"undrop schema {name}")
    assert query(f"select n from {name}.other") == [(5,)]
    query(f"undrop schema if not exists {name}")
    query(f"drop schema {name} cascade")
    query(f"undrop schema {name}")
    assert query(f"select n from {name}.other") == [(5,)]


@pytest.mark.parametrize("options", ["", "options(location = 'us')"])
def test_a_dataset_that_never_existed_or_elsewhere_is_not_found(
    client: bigquery.Client, query: Query, name: str, options: str
) -> None:
    """Of a deleted one with the location of another."""
    if options:
        client.delete_dataset(name, delete_contents=True)
    with pytest.raises(NotFound, match="Not found: Dataset"):
        query(f"undrop schema {name if options else 'deleted_never'} {options}")
    if options:
        query(f"undrop schema {name} options(location = 'EU')")


@pytest.mark.parametrize(
    ("properties", "hours", "is_old"),
    [("{}", 167, False), ("{}", 169, True), ('{"maxTimeTravelHours": "48"}', 49, True)],
)
def test_time_travel_limits_it(properties: str, hours: int, is_old: bool) -> None:
    deleted = Deleted("p", "d", 0, {"datasets": [["p", "d", properties]]}, {})
    assert is_too_old(deleted, hours * HOUR_MS) is is_old


def test_routines_and_models_are_there_again(client: bigquery.Client, query: Query, name: str) -> None:
    """Google restores all objects; functions of SQL and JavaScript, of tables, procedures, and a model's metadata."""
    query(f"create function {name}.twice(x int64) as (2 * x)")
    query(f"create function {name}.script(x float64) returns float64 language js as 'return x + 1'")
    query(f"create table function {name}.above(low int64) as select n from {name}.positive where n > low")
    query(f"create procedure {name}.add(d date, n int64) begin insert into {name}.sales values (d, n); end")
    query(f"create view {name}.doubled as select {name}.twice(n) as n from {name}.positive")
    query(f"create model {name}.trend options(model_type = 'linear_reg') as select 1.0 as x, 2.0 as label")
    before = [client.get_routine(item.reference).to_api_repr() for item in client.list_routines(name)]
    model = client.get_model(f"{client.project}.{name}.trend").to_api_repr()
    query(f"drop schema {name} cascade")
    query(f"undrop schema {name}")
    after = [client.get_routine(item.reference).to_api_repr() for item in client.list_routines(name)]
    assert after == before and len(after) == 4
    assert client.get_model(f"{client.project}.{name}.trend").to_api_repr() == model
    assert query(f"select {name}.twice(4), {name}.script(4)") == [(8, 5.0)]
    assert query(f"select n from {name}.above(1)") == [(2,)]
    query(f"call {name}.add('2026-01-03', 5)")
    assert query(f"select sum(n) from {name}.doubled") == [(16,)]


@pytest.mark.parametrize(
    ("statement", "granted", "missing"),
    [
        ("UNDROP SCHEMA {name}", ("datasets.create", "datasets.get"), "datasets.get"),
        ("UNDROP SCHEMA {name}", ("datasets.create", "datasets.get"), "datasets.create"),
        ("DROP SCHEMA {name} CASCADE", ("datasets.delete",), "datasets.delete"),
        (
            "ALTER SCHEMA {name} SET OPTIONS(description = 'd')",
            ("datasets.get", "datasets.update"),
            "datasets.get",
        ),
        (
            "ALTER SCHEMA {name} SET OPTIONS(description = 'd')",
            ("datasets.get", "datasets.update"),
            "datasets.update",
        ),
        ("CREATE SCHEMA {name}_more", ("datasets.create",), "datasets.create"),
    ],
)
def test_statements_need_the_permissions_of_the_methods(
    sandbox: State, query: Query, name: str, statement: str, granted: tuple[str, ...], missing: str
) -> None:
    """https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets: insert, undelete, delete, patch."""
    if statement.startswith("UNDROP"):
        query(f"drop schema {name} cascade")
    project = Project(sandbox)
    person, role = f"{name}@example.com", f"{name}_{len(missing)}"
    sql = statement.format(name=name)

    def allow(*permissions: str) -> None:
        body = {
            "roleId": role,
            "role": {
                "includedPermissions": ["bigquery.jobs.create", *map("bigquery.{}".format, permissions)]
            },
        }
        answer = project.send("POST", f"iam/v1/{project.name}/roles", body)
        if answer.status_code == 409:
            answer = project.send("PATCH", f"iam/v1/{project.name}/roles/{role}", body["role"])
        assert answer.ok, answer.text
        project.grant_on_project(binding(f"{project.name}/roles/{role}", f"user:{person}"))

    allow(*(permission for permission in granted if permission != missing))
    denied = project.query(sql, person)
    assert denied.status_code == 403 and f"bigquery.{missing}" in denied.text
    allow(*granted)
    allowed = project.query(sql, person)
    assert allowed.ok, allowed.text
