"""scripts.undrop: deleted tables come back with their rows and partitions; the tests run in order."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import Forbidden, NotFound

from scripts.release.keys import key_of
from scripts.undrop import UndropError
from scripts.undrop.__main__ import Plan, undrop

pytestmark = pytest.mark.timeout(600)


def now(warehouse):
    return warehouse.query("select current_timestamp() as moment")[0]["moment"]


def table_of(warehouse, name):
    return warehouse.client.get_table(f"{warehouse.project}.{name}")


@pytest.mark.parametrize(
    ("name", "where", "partition"),
    [
        ("dmt.sales_items", "true", "sales_datetime"),
        ("dmt.daily_sales", "true", None),
        ("ods.sales", "date(datetime) is not null", "datetime"),
        ("ods.sales_rejects", "file_day is not null", "file_day"),
    ],
)
def test_a_dropped_table_has_its_rows_and_its_partitions_again(command, released, name, where, partition):
    before, moment, key = released.rows(name, where=where), now(released), key_of(table_of(released, name))
    released.client.delete_table(f"{released.project}.{name}")
    ended = command("scripts.undrop", "--table", name, "--at", moment.isoformat())
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert (
        f"undrop    {name} as of " in ended.stdout
        and f"done      {name} has {len(before)} rows" in ended.stdout
    )
    assert released.rows(name, where=where) == before
    restored = table_of(released, name).time_partitioning
    assert (restored.field if restored else None) == partition
    assert key_of(table_of(released, name)) == key
    with pytest.raises(NotFound):
        table_of(released, f"{name}_undropped")


def test_a_dry_run_changes_nothing(command, released):
    moment = now(released)
    released.client.delete_table(f"{released.project}.dmt.sales_items")
    arguments = ("--table", "dmt.sales_items", "--at", moment.isoformat())
    ended = command("scripts.undrop", *arguments, "--dry-run")
    assert ended.returncode == 0
    assert "create  dmt.sales_items from it, partition by date(sales_datetime)" in ended.stdout
    assert "dry run: nothing was changed" in ended.stdout
    with pytest.raises(NotFound):
        table_of(released, "dmt.sales_items")
    assert command("scripts.undrop", *arguments).returncode == 0


def test_a_table_of_terraform_is_copied_and_left_to_it(command, released):
    before, moment = released.rows("raw.products"), now(released)
    released.client.delete_table(f"{released.project}.raw.products")
    ended = command("scripts.undrop", "--table", "raw.products", "--at", moment.isoformat())
    assert (
        ended.returncode == 0
        and "create the table with python -m scripts.deploy apply --env ENV" in ended.stdout
    )
    assert released.rows("raw.products_undropped") == before
    repeated = command("scripts.undrop", "--table", "raw.products", "--at", moment.isoformat())
    assert (
        repeated.returncode == 1 and "raw.products_undropped exists; nothing was changed" in repeated.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--table", "dmt.daily_sales"], 1, "undrop: dmt.daily_sales exists; nothing was changed"),
        (
            ["--table", "dmt.never"],
            1,
            "ops.table_log does not name dmt.never in the last week; nothing was changed",
        ),
        (["--table", "gone.table"], 1, "undrop --env ENV --dataset gone"),
        (["--table", "daily_sales"], 2, "'daily_sales': expected DATASET.TABLE"),
        (["--table", "dmt.never", "--at", "yesterday"], 2, "'yesterday': expected a time such as"),
        (["--table", "dmt.never", "--at", "2026-01-31T09:30:00"], 2, "an offset such as +00:00 is missing"),
        (["--dataset", "a b"], 2, "'a b': expected the name of a dataset"),
        (["--dataset", "dmt"], 1, "dataset dmt exists; nothing was changed"),
        ([], 2, "one of the arguments --table --dataset is required"),
    ],
)
def test_what_cannot_be_undropped_is_refused(command, released, arguments, code, message):
    ended = command("scripts.undrop", *arguments)
    assert (ended.returncode, ended.stdout) == (code, "") and message in ended.stderr


@pytest.mark.parametrize("shift", [timedelta(hours=-169), timedelta(hours=1)])
def test_a_moment_outside_time_travel_is_refused(command, released, shift):
    at = (datetime.now(UTC) + shift).isoformat()
    ended = command("scripts.undrop", "--table", "dmt.never", "--at", at)
    assert ended.returncode == 1 and "is outside time travel, which reaches from" in ended.stderr
    assert "python -m scripts.refresh --env ENV --table dmt.never" in ended.stderr


def test_a_moment_before_the_table_existed_is_refused(command, released):
    at = (datetime.now(UTC) - timedelta(hours=10)).isoformat()
    ended = command("scripts.undrop", "--table", "dmt.never", "--at", at)
    assert ended.returncode == 1 and "dmt.never cannot be read as of" in ended.stderr
    assert "Nothing was changed; pass another" in ended.stderr


def test_the_last_run_states_when_a_table_existed(command, released):
    """Without --at; the log is written by the pipeline after each run."""
    rows = released.rows("dmt.daily_sales")
    released.query(
        "create table ops.table_log as select 'dmt.daily_sales' as table_name, current_timestamp() as logged_at"
    )
    released.client.delete_table(f"{released.project}.dmt.daily_sales")
    ended = command("scripts.undrop", "--table", "dmt.daily_sales")
    assert ended.returncode == 0, ended.stderr
    assert released.rows("dmt.daily_sales") == rows


def test_a_dropped_dataset_has_its_tables_and_views_again(command, released):
    client = released.client
    tables = {"daily_sales", "sales_final", "sales_items"}
    rows = released.rows("dmt.daily_sales")
    client.delete_dataset("dmt", delete_contents=True)
    refused = command("scripts.undrop", "--table", "dmt.daily_sales", "--at", now(released).isoformat())
    assert refused.returncode == 1 and "undrop --env ENV --dataset dmt" in refused.stderr
    dry_run = command("scripts.undrop", "--dataset", "dmt", "--dry-run")
    assert (dry_run.returncode, "undrop schema dmt" in dry_run.stdout) == (0, True)
    with pytest.raises(NotFound):
        client.get_dataset("dmt")
    ended = command("scripts.undrop", "--dataset", "dmt")
    assert ended.returncode == 0, ended.stderr
    assert {item.table_id for item in client.list_tables("dmt")} == tables
    assert released.rows("dmt.daily_sales") == rows
    partitioned = table_of(released, "dmt.sales_items")
    assert partitioned.time_partitioning.field == "sales_datetime"


def test_a_dataset_that_never_existed_is_refused(command, released):
    ended = command("scripts.undrop", "--dataset", "never")
    assert ended.returncode == 1 and "no dataset never was deleted within time travel" in ended.stderr


def test_a_table_that_cannot_be_written_leaves_its_rows_in_the_copy():
    """Only the copy was made: the message names it, and does not state that nothing was changed."""

    def refuse(sql):
        raise Forbidden("quotaExceeded")

    client: Any = SimpleNamespace(query_and_wait=refuse)
    history: Any = SimpleNamespace(
        client=client, table="dmt.t", copy="dmt.t_undropped", copy_rows=lambda at: 3
    )
    layout: Any = SimpleNamespace(owner="model", clauses="")
    target: Any = None
    plan = Plan(history, datetime(2026, 1, 31, tzinfo=UTC), layout, None)
    with pytest.raises(
        UndropError, match=r"quotaExceeded\nAll rows of dmt\.t are in dmt\.t_undropped"
    ) as raised:
        undrop(target, plan)
    assert "run this again with --at 2026-01-31T00:00:00+00:00" in str(raised.value)
