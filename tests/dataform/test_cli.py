"""The real CLI against the sandbox: it runs the project, and sends the scripts that the other tests run."""

import re
import uuid

import pytest

from tests.dataform.engines.project import lay_out
from tests.dataform.engines.scripts import waves
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES, files_by_table


@pytest.fixture(scope="module")
def target(sandbox, tmp_path_factory):
    """The address of BigQuery, a project with raw rows in it, and the Dataform project that names it."""
    warehouse = connect(sandbox.address, f"cli{uuid.uuid4().hex[:8]}")
    for table, files in files_by_table(FILES).items():
        warehouse.load(table, files)
    return sandbox.address, warehouse, lay_out(tmp_path_factory.mktemp("cli") / "project", warehouse.project)


def sent_by(warehouse, run):
    """The texts of the queries that BigQuery received while `run` ran."""
    before = {job.job_id for job in warehouse.client.list_jobs()}
    run()
    jobs = [job for job in warehouse.client.list_jobs() if job.job_id not in before]
    return {normalize(job.query) for job in jobs if job.job_type == "query"}


def normalize(script):
    return re.sub(r"\s+", " ", script.replace(";", " ; ")).strip(" ;").replace("; ;", ";")


def scripts(warehouse, actions):
    """What a later run sends, by action; the columns are those that the tables have now."""
    address = f"{warehouse.project}."
    return {
        action.name: action.increment(
            [field.name for field in warehouse.client.get_table(address + action.name).schema]
        )
        if action.type == "incremental"
        else action.create()
        for action in actions
    }


def assert_sent(sent, expected):
    """Each script, and besides them only what the CLI itself needs."""
    missing = [name for name, script in expected.items() if normalize(script) not in sent]
    others = sent - {normalize(script) for script in expected.values()}
    internal = ("create schema if not exists", "select sum(1) as row_count from")
    assert (missing, [script for script in others if not script.startswith(internal)]) == ([], [])


def test_the_cli_runs_the_project_twice_and_sends_these_scripts(target):
    address, warehouse, project = target
    actions = [action for wave in waves(project.compile()) for action in wave]
    sent = sent_by(warehouse, lambda: project.run(address))
    assert_sent(sent, {action.name: action.create() for action in actions})
    first = warehouse.rows("dmt.sales_items")
    assert len(first) == 14
    hourly = scripts(warehouse, [action for action in actions if "hourly" in action.compiled["tags"]])
    assert_sent(sent_by(warehouse, lambda: project.run(address, "--tags", "hourly")), hourly)
    assert warehouse.rows("dmt.sales_items") == first


def test_the_tables_are_described_in_bigquery(target):
    _, warehouse, _ = target
    table = warehouse.client.get_table(f"{warehouse.project}.dmt.sales_items")
    assert table.description.startswith("A sale line whose product and customer are known.")
    assert table.labels == {"layer": "dmt"}
    assert all(field.description for field in table.schema)
    assert table.time_partitioning.field == "sales_datetime"
    assert warehouse.client.get_table(f"{warehouse.project}.ods.sales").require_partition_filter


def test_a_misspelt_upstream_fails_when_the_project_is_compiled(target):
    """It would match no checkpoint: the table would never be updated again, in runs that succeed."""
    _, _, project = target
    model = project.folder / "definitions/dmt/daily_sales.sqlx"
    text = model.read_text()
    model.write_text(text.replace('follows: ref("dmt", "sales_items")', 'follows: ref("dmt", "sale_items")'))
    with pytest.raises(AssertionError, match="sale_items"):
        project.compile()
    model.write_text(text)
