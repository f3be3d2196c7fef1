"""scripts.refresh as an operator runs it, on a project with the released warehouse and a few raw rows."""

import shutil

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1 as api

from runtime.lease import PIPELINE, Lease
from runtime.object_store import open_bucket
from scripts.release.expired import count_lost
from scripts.release.keys import key_of
from tests.dataform.engines.project import SOURCE
from tests.dataform.retail import customer, file

pytestmark = pytest.mark.timeout(900)  # each command runs the warehouse or analyzes it


def test_without_a_release_the_command_states_the_remedy(command, warehouse):
    result = command("scripts.refresh", "--table", "ods.sales")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "refresh: nothing is released: run python -m scripts.release --env ENV first.\n"


def rows(warehouse):
    return warehouse.rows("dmt.daily_sales")


def test_a_full_refresh_writes_a_table_and_those_that_follow_it(command, released):
    expected = rows(released)
    assert len(expected) == 5
    released.query(f"delete from `{released.project}.ods.sales` where date(datetime) >= '1990-01-01'")
    result = command("scripts.refresh", "--table", "ods.sales")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("done     the table and those that follow it are complete\n")
    assert rows(released) == expected


def test_rows_that_have_expired_in_raw_are_not_lost_without_a_flag(command, released):
    """As after their partitions expired."""
    expected, project = rows(released), released.project
    [sales] = released.query("select count(*) as n from ods.sales where datetime > '1990-01-01'")
    released.query(f"create table ops.raw_sales as select * from `{project}.raw.sales`")
    released.query(f"delete from `{project}.raw.sales` where true")
    refused = command("scripts.refresh", "--table", "ods.sales")
    after = rows(released)
    released.query(f"insert into `{project}.raw.sales` select * from ops.raw_sales")
    assert refused.returncode == 1
    assert f"would lose them: ods.sales ({sales['n']} rows); nothing was changed" in refused.stderr
    assert "--lose-expired" in refused.stderr
    assert after == expected


def test_rows_are_lost_where_raw_expires_or_is_empty(released):
    raw = f"{released.project}.raw.customers"
    action = api.CompilationResultAction(
        target=target(released, "ods"),
        relation=api.CompilationResultAction.Relation(dependency_targets=[target(released, "raw")]),
    )
    released.query(f"create table ops.raw_customers as select * from `{raw}`")
    counted = [count_lost(released.client, action)]
    # By hand, as of a bad file.
    released.query(f"update `{raw}` set SYS_DATE_CREATE = timestamp '2030-01-01' where true")
    counted.append(count_lost(released.client, action))
    expire(released.client, raw, 400 * 86_400_000)
    counted.append(count_lost(released.client, action))
    expire(released.client, raw, None)
    released.query(f"delete from `{raw}` where true")
    counted.append(count_lost(released.client, action))
    released.query(f"insert into `{raw}` select * from ops.raw_customers")
    rows_of_list = len(released.rows("ods.customers"))
    assert counted == [0, 0, rows_of_list, rows_of_list]


def expire(client, name, milliseconds):
    table = client.get_table(name)
    table.time_partitioning.expiration_ms = milliseconds
    client.update_table(table, ["time_partitioning"])


def target(released, schema):
    return api.Target(database=released.project, schema=schema, name="customers")


def test_days_of_sales_are_written_again(command, released):
    expected = rows(released)
    items = f"`{released.project}.dmt.sales_items`"
    released.query(f"delete from {items} where date(sales_datetime) in ('2017-01-01', '2017-01-02')")
    result = command("scripts.refresh", "--table", "dmt.sales_items", "--days", "20170101..20170102")
    assert (result.returncode, result.stderr) == (0, "")
    assert "write the days 2017-01-01 to 2017-01-02 again" in result.stdout
    assert rows(released) == expected
    assert len(released.rows("dmt.sales_items")) == 14


def test_rows_that_were_restored_with_an_old_load_time_are_read(command, released):
    released.query(
        f"insert into `{released.project}.raw.customers` (id, SYS_FILE_NAME, SYS_DATE_CREATE) values "
        "('4', 'customers_20260102_0900_x.json', timestamp '2026-01-02 09:00:00')"
    )
    result = command("scripts.refresh", "--table", "ods.customers", "--days", "20260102")
    assert (result.returncode, result.stderr) == (0, "")
    assert 4 in {row["id"] for row in released.rows("ods.customers", "id")}


def test_a_later_day_than_the_last_read_skips_no_row(command, released):
    """A watermark in the future would end all reading without an error."""
    released.load("customers", {file("customers", 20): [customer(5)]})
    result = command("scripts.refresh", "--table", "ods.customers", "--days", "20990101")
    assert (result.returncode, result.stderr) == (0, "")
    assert 5 in {row["id"] for row in released.rows("ods.customers", "id")}


def test_a_refresh_beside_another_writer_is_refused(state, command, released):
    """A run of the pipeline, or another refresh. A release that replaces tables is refused, too."""
    bucket = f"{state.project}-landing"
    store = open_bucket(AnonymousCredentials(), state.address, bucket, connections=2)
    assert store.generation(PIPELINE) == 0  # those before have left none
    with Lease(store, PIPELINE, dict[str, str], holder="hourly", renew_seconds=0.5):
        refused = command("scripts.refresh", "--table", "ods.customers")
        release = command("scripts.release", "--folder", str(SOURCE), "--refresh")
    message = f"hourly holds the lease gs://{bucket}/{PIPELINE}. Nothing was done; retry later. Wait until"
    assert refused.returncode == release.returncode == 1
    assert refused.stderr.startswith(f"refresh: {message}")
    assert release.stderr.startswith(f"release: {message}")
    assert release.stdout == ""


def test_a_dry_run_changes_nothing(command, released):
    result = command("scripts.refresh", "--table", "ods.sales", "--dry-run")
    assert result.stdout == (
        "refresh  ods.sales: a full refresh, then the tables that follow it\ndry run: nothing was changed\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--table", "dmt.sales"],
            "invalid --table 'dmt.sales': expected an incremental table: dmt.daily_sales, ",
        ),
        (["--table", "ods.sales", "--days", "2026"], "argument --days: '2026': expected YYYYMMDD"),
        (["--table", "ods.sales", "--days", "20260102..20260101"], "2026-01-02 is after 2026-01-01"),
        *(
            (["--table", "ods.sales", "--days", days], f"argument --days: '{days}': expected ")
            for days in ("", "20260101..", "20260101..20260102..20260103", "202611", "20260230", "00010101")
        ),
    ],
)
def test_invalid_arguments_are_rejected(command, released, arguments, message):
    result = command("scripts.refresh", *arguments)
    assert result.returncode != 0
    assert message in result.stderr


def test_a_release_that_was_stopped_before_it_wrote_its_tables_is_not_accepted(command, released):
    """It is live already, and a later run would ignore the new column."""
    table = f"`{released.project}.dmt.daily_sales`"
    released.query(f"create table ops.kept_days as select * from {table}")
    released.query(f"create or replace table {table} as select * except (revenue) from {table}")
    refused = command("scripts.release", "--folder", str(SOURCE))
    released.query(f"create or replace table {table} as select * from ops.kept_days")
    assert refused.returncode == 1
    assert ", as before\n" in refused.stdout
    assert "Pass --refresh" in refused.stderr
    assert "\n  dmt.daily_sales: new revenue\n" in refused.stderr


def test_a_release_declares_a_key_that_a_stopped_full_refresh_has_left_out(command, released):
    """Its script declares the key at its end, and no later run does."""
    # An earlier test may have dropped it.
    released.query(f"alter table `{released.project}.dmt.daily_sales` drop primary key if exists")
    result = command("scripts.release", "--folder", str(SOURCE))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith(", as before\nkey     dmt.daily_sales: day\n")
    assert key_of(released.client.get_table(f"{released.project}.dmt.daily_sales")) == ["day"]


@pytest.fixture
def wider(tmp_path):
    """The warehouse with another column in an incremental table."""
    folder = tmp_path / "dataform"
    shutil.copytree(SOURCE, folder)
    model = folder / "definitions/dmt/daily_sales.sqlx"
    text = model.read_text()
    described = text.replace(
        '    units: "Units sold.",', '    units: "Units sold.",\n    lines: "Lines sold.",'
    )
    model.write_text(
        described.replace(" as revenue,\n", " as revenue,\n  count(*) as lines,\n").replace(
            "  sum(item.item_amount)", "  sum(item.item_amount)"
        )
    )
    return folder


def test_a_release_with_another_column_is_refused_or_refreshes_the_table(command, released, wider):
    expected = rows(released)
    preview = command("scripts.release", "--folder", str(wider), "--dry-run")
    assert (preview.returncode, preview.stderr) == (0, "")
    assert "\ncolumns dmt.daily_sales: new lines\nlive    " in preview.stdout
    refused = command("scripts.release", "--folder", str(wider))
    assert refused.returncode == 1
    assert "the live release is unchanged. Pass --refresh" in refused.stderr
    assert "\n  dmt.daily_sales: new lines\n" in refused.stderr
    assert rows(released) == expected

    done = command("scripts.release", "--folder", str(wider), "--refresh")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("refresh dmt.daily_sales: new lines\n")
    assert [{**row, "lines": None} for row in rows(released)] == [{**row, "lines": None} for row in expected]
    assert sum(row["lines"] for row in rows(released)) == len(released.rows("dmt.sales_items"))

    preview = command("scripts.release", "--folder", str(SOURCE), "--dry-run")
    assert "\ncolumns dmt.daily_sales: removed lines\nlive    " in preview.stdout
    removed = command("scripts.release", "--folder", str(SOURCE))
    assert "\n  dmt.daily_sales: removed lines\n" in removed.stderr


@pytest.fixture
def relaid(tmp_path):
    """Another type of a column, other partitions and other clusters; the names of columns are the same."""
    folder = tmp_path / "relaid"
    shutil.copytree(SOURCE, folder)
    daily = folder / "definitions/dmt/daily_sales.sqlx"
    text = daily.read_text()
    assert "sum(item.item_quantity) as units" in text and "bigquery: { labels" in text
    text = text.replace(
        "sum(item.item_quantity) as units", "cast(sum(item.item_quantity) as float64) as units"
    )
    daily.write_text(text.replace("bigquery: { labels", 'bigquery: { partitionBy: "day", labels'))
    items = folder / "definitions/dmt/sales_items.sqlx"
    text = items.read_text()
    assert '["product_sku", "customer_id"]' in text
    items.write_text(text.replace('["product_sku", "customer_id"]', '["customer_id"]'))
    return folder


CHANGES = (
    "dmt.daily_sales: units NUMERIC → DOUBLE; partitions none → DAY of day",
    "dmt.sales_items: clusters product_sku, customer_id → customer_id",
)


def test_another_type_or_layout_is_refused_or_writes_the_tables_again(command, released, relaid):
    """Columns of equal names: a later run would fail on the type, and ignore the layout."""
    assert command("scripts.release", "--folder", str(SOURCE), "--refresh").returncode == 0
    expected = rows(released)
    preview = command("scripts.release", "--folder", str(relaid), "--dry-run")
    assert preview.stderr == ""
    assert [line[8:] for line in preview.stdout.splitlines() if line.startswith("columns ")] == list(CHANGES)
    refused = command("scripts.release", "--folder", str(relaid))
    assert refused.returncode == 1
    assert "columns or layout changed; the live release is unchanged. Pass --refresh" in refused.stderr
    assert [line.strip() for line in refused.stderr.splitlines()[1:]] == list(CHANGES)
    assert rows(released) == expected

    done = command("scripts.release", "--folder", str(relaid), "--refresh")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line.startswith("drop")] == [
        f"drop    {change}" for change in CHANGES
    ]
    assert [{**row, "units": int(row["units"])} for row in rows(released)] == [
        {**row, "units": int(row["units"])} for row in expected
    ]
    assert all(isinstance(row["units"], float) for row in rows(released))
