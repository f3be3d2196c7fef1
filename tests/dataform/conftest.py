"""The compiled project, its analysis, and a warehouse to run it in."""

import uuid

import pytest

from scripts.sql_analysis.analyzer import GoogleSql, type_from_field
from tests.dataform.engines.project import lay_out
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.scripts import waves
from tests.dataform.engines.warehouse import LOGS, RAW, connect, log_fields, raw_fields


@pytest.fixture(scope="session")
def graph(tmp_path_factory):
    """The compiled project, for the Google project `p`."""
    return lay_out(tmp_path_factory.mktemp("dataform") / "project", "p").compile()


@pytest.fixture(scope="session")
def by_name(graph):
    """Every action by its name, in the order of a run."""
    return {action.name: action for wave in waves(graph) for action in wave}


@pytest.fixture(scope="session")
def analyzed(by_name):
    """The catalog after Google's analyzer has resolved every script, in both forms."""
    google = GoogleSql(
        {f"p.raw.{name}": {f["name"]: type_from_field(f) for f in raw_fields(name)} for name in RAW}
        | {f"p.ops.{name}": {f["name"]: type_from_field(f) for f in log_fields(name)} for name in LOGS}
    )
    for action in by_name.values():
        google.script(action.create())
        if action.type == "incremental":
            google.script(action.increment(list(google.tables[f"p.{action.name}"])))
    return google


@pytest.fixture
def runner(sandbox, graph):
    """Runs the compiled scripts in a new BigQuery project with empty raw tables."""
    warehouse = connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}")
    return Runner(warehouse, graph)
