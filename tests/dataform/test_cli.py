"""The real CLI against the sandbox: it runs the project, and sends what the other tests send."""

import json
import re
import uuid

import pytest

from tests.dataform.engines.project import lay_out
from tests.dataform.engines.scripts import waves
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES


@pytest.fixture(scope="module")
def place(sandbox, tmp_path_factory):
    """The address of BigQuery, a project with raw rows in it, and the Dataform project that names it."""
    warehouse = connect(sandbox.address, f"cli{uuid.uuid4().hex[:8]}")
    for table, name, rows in FILES:
        warehouse.load(table, {name: rows})
    return sandbox.address, warehouse, lay_out(tmp_path_factory.mktemp("cli") / "project", warehouse.project)


def sent(address, project, *arguments):
    """The text of each script that the CLI would send, by the action's name."""
    said = project.run(address, "--dry-run", "--json", *arguments)
    planned = json.loads(said[said.index("{") :])
    return {
        f"{action['target']['schema']}.{action['target']['name']}": plain(action["tasks"][0]["statement"])
        for action in planned["actions"]
    }


def plain(script):
    return re.sub(r"\s+", " ", script.replace(";", " ; ")).strip(" ;").replace("; ;", ";")


def test_the_cli_runs_the_project_twice_and_sends_these_scripts(place):
    address, warehouse, project = place
    actions = [action for wave in waves(project.compile()) for action in wave]
    assert sent(address, project) == {action.name: plain(action.create()) for action in actions}
    project.run(address)
    first = warehouse.rows("dmt.sales_items")
    columns = {
        action.name: [
            field.name for field in warehouse.client.get_table(f"{warehouse.project}.{action.name}").schema
        ]
        for action in actions
    }
    later = {
        action.name: action.increment(columns[action.name])
        if action.type == "incremental"
        else action.create()
        for action in actions
    }
    assert sent(address, project) == {name: plain(script) for name, script in later.items()}
    project.run(address, "--tags", "hourly")
    assert warehouse.rows("dmt.sales_items") == first
    assert len(first) == 9


def test_the_tables_are_described_in_bigquery(place):
    _, warehouse, _ = place
    table = warehouse.client.get_table(f"{warehouse.project}.dmt.sales_items")
    assert table.description.startswith("A sale line whose product and customer are known.")
    assert table.labels == {"layer": "dmt"}
    assert all(field.description for field in table.schema)
    assert table.time_partitioning.field == "sales_datetime"
    assert warehouse.client.get_table(f"{warehouse.project}.ods.sales").require_partition_filter
