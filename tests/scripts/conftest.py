"""A project with the warehouse in it, and the commands of scripts as an operator runs them."""

import os
import subprocess
import sys

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1 as dataform

from sandbox import environment
from sandbox.process import running
from tests.dataform.engines.project import SOURCE, lay_out
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES, files_by_table

REGION = "europe-west1"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A sandbox of its own, because Dataform works in its one project. The operator is the project's owner."""
    with running(tmp_path_factory.mktemp("refresh")) as state:
        yield state


@pytest.fixture(scope="module")
def command(state):
    client = dataform.DataformClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"{state.address}/dataform"},
    )
    parent = f"projects/{state.project}/locations/{REGION}"
    client.create_repository(parent=parent, repository=dataform.Repository(), repository_id="warehouse")
    bucket, project = {"name": f"{state.project}-landing"}, {"project": state.project}
    requests.post(f"{state.address}/storage/v1/b", params=project, json=bucket, timeout=10).raise_for_status()

    def run(module, *arguments):
        where = ["--project", state.project, "--region", REGION, "--location", "EU"]
        return subprocess.run(
            [sys.executable, "-m", module, *where, *arguments],
            capture_output=True,
            text=True,
            # HOME: the folder with the compiled analyzer, which would be compiled again by every command.
            env=environment.clients(state, state.identity("operator"))
            | {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]},
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def warehouse(state):
    connected = connect(state.address, state.project)
    for table, files in files_by_table(FILES).items():
        connected.load(table, files)
    return connected


@pytest.fixture(scope="module")
def released(state, command, warehouse, tmp_path_factory):
    """After the first hourly run."""
    result = command("scripts.release", "--folder", str(SOURCE))
    assert result.returncode == 0, result.stderr
    project = lay_out(tmp_path_factory.mktemp("dataform") / "project", state.project)
    project.run(state.address, "--tags", "hourly")
    return warehouse
