"""scripts.develop: models of a person in datasets of their own, beside the released warehouse."""

import shutil

import pytest
from google.cloud import bigquery

from tests.dataform.engines.project import SOURCE
from tests.dataform.retail import file, sale

SUFFIX = ("--schema-suffix", "ada")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The warehouse with another column and other partitions, which the person tries."""
    folder = tmp_path_factory.mktemp("ada") / "dataform"
    shutil.copytree(SOURCE, folder)
    model = folder / "definitions/dmt/daily_sales.sqlx"
    text = model.read_text()
    text = text.replace('    units: "Units sold.",', '    units: "Units sold.",\n    lines: "Lines sold.",')
    text = text.replace("bigquery: { labels", 'bigquery: { partitionBy: "day", labels')
    model.write_text(text.replace(" as revenue,\n", " as revenue,\n  count(*) as lines,\n"))
    return folder


def all_rows(warehouse, datasets=("ods", "dmt")):
    client = warehouse.client
    return {
        f"{dataset}.{item.table_id}": client.get_table(item.reference).modified
        for dataset in datasets
        for item in client.list_tables(f"{warehouse.project}.{dataset}")
        if item.table_type == "TABLE"
    }


def test_run_needs_the_datasets(command, released):
    """Dataform would create them without a label and an expiration, and read all of raw."""
    refused = command("scripts.develop", "run", "--schema-suffix", "eve")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith(
        "do not exist: python -m scripts.develop start --env ENV --schema-suffix eve\n"
    )
    assert "ods_eve" not in {dataset.dataset_id for dataset in released.client.list_datasets()}


def test_the_datasets_of_a_colleague_are_not_replaced(command, released):
    dataset = bigquery.Dataset(f"{released.project}.ods_kim")
    dataset.labels = {"developer": "kim"}
    dataset.description = "Created by scripts.develop for kim@example.com"
    released.client.create_dataset(dataset)
    for task in ("start", "run"):
        refused = command("scripts.develop", task, "--schema-suffix", "kim")
        assert refused.returncode == 1
        assert "dataset ods_kim was created by kim@example.com" in refused.stderr
    assert command("scripts.develop", "drop", "--schema-suffix", "kim").stdout == "deleted ods_kim\n"


def test_start_clones_every_table(command, released):
    result = command("scripts.develop", "start", *SUFFIX)
    assert (result.returncode, result.stderr) == (0, "")
    assert "clone   ods_ada.sales\n" in result.stdout
    assert released.rows("dmt_ada.daily_sales") == released.rows("dmt.daily_sales")
    dataset = released.client.get_dataset(f"{released.project}.ods_ada")
    assert (dataset.labels, dataset.default_table_expiration_ms) == ({"developer": "ada"}, 14 * 86400000)


def test_run_writes_only_the_datasets_of_the_person_and_continues_from_their_checkpoints(
    command, released, folder
):
    before, results = all_rows(released), sorted(map(repr, released.rows("ops.quality_results")))
    released.load("sales", {file("sales", 9): [sale(70, "2017-01-02", ("a", 1, 1))]})
    result = command("scripts.develop", "run", *SUFFIX, "--folder", str(folder))
    assert (result.returncode, result.stderr) == (0, "")
    change = "dmt_ada.daily_sales: new lines; partitions none → DAY of day\n"
    assert f"refresh {change}drop    {change}" in result.stdout
    table = released.client.get_table(f"{released.project}.dmt_ada.daily_sales")
    assert table.time_partitioning.field == "day"
    assert all_rows(released) == before
    assert sorted(map(repr, released.rows("ops.quality_results"))) == results
    assert sum(row["lines"] for row in released.rows("dmt_ada.daily_sales", "day, lines")) == 15
    # Only the new sale was read: clones have the checkpoints of the released tables.
    [newest, *_] = released.query(
        "select touched_days from ods_ada.checkpoints where table_name = 'ods.sales' and written_at > '2000-01-01' "
        "order by written_at desc"
    )
    assert [str(day) for day in newest["touched_days"]] == ["2017-01-02"]


def test_start_replaces_what_the_person_changed(command, released):
    """BigQuery replaces neither a table by one with other partitions nor a view by a table."""
    released.client.delete_table(f"{released.project}.dmt_ada.sales_items")
    released.query("create view dmt_ada.sales_items as select 1 as id")
    result = command("scripts.develop", "start", *SUFFIX)
    assert (result.returncode, result.stderr) == (0, "")
    assert released.rows("dmt_ada.sales_items") == released.rows("dmt.sales_items")
    assert released.client.get_table(f"{released.project}.dmt_ada.daily_sales").time_partitioning is None


def test_drop_deletes_the_datasets_of_the_person_only(command, released):
    released.client.create_dataset(bigquery.Dataset(f"{released.project}.dmt_bob"))
    for task in ("drop", "start"):  # start would leave ods_bob, which drop then refuses to delete
        refused = command("scripts.develop", task, "--schema-suffix", "bob")
        assert refused.returncode == 1
        assert "develop: dataset dmt_bob exists without the label developer=bob" in refused.stderr
    dropped = command("scripts.develop", "drop", *SUFFIX)
    assert (dropped.returncode, dropped.stdout) == (0, "deleted ods_ada, dmt_ada, assertions_ada\n")
    remaining = {dataset.dataset_id for dataset in released.client.list_datasets()}
    assert {"ods", "dmt", "dmt_bob"} <= remaining
    assert not {"ods_ada", "dmt_ada", "assertions_ada", "ods_bob"} & remaining
    assert command("scripts.develop", "drop", *SUFFIX).stdout == "deleted nothing\n"


@pytest.mark.parametrize("suffix", ["", "Ada", "a", "ada_lovelace", "a-b", "x" * 21])
def test_an_invalid_suffix_is_rejected(command, released, suffix):
    result = command("scripts.develop", "start", "--schema-suffix", suffix)
    assert result.returncode == 2
    assert "expected 2 to 20 lower-case letters and digits" in result.stderr
