"""The user's project: the sourced environment, spreadsheets of new exports, queries, and its folder."""

import io
import subprocess
import sys

import pytest
import requests

from demo import provision
from demo.cloud import Cloud
from demo.commands import REPOSITORY, Shell
from demo.environment_file import write_environment
from demo.errors import NoProject
from demo.project import serve_project
from demo.project_folder import mark_complete
from demo.recorded_apply.replay import replay
from demo.screen import Screen
from demo.server import running
from demo.spreadsheets import create_missing, job_variables, read_declarations
from demo.sql import print_query
from sandbox.serving import claimed

EXPORT = (
    "table: raw.customers\ntab: Households\nmode: mirror\nkey: [id]\ncolumns:\n  id: {header: Household}\n"
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A project with all resources and the API key, but without data."""
    with running(tmp_path_factory.mktemp("project")) as state:
        replay(state)
        provision.add_secrets(Shell(state))
        yield Cloud(state)


def run_sourced(cloud, command):
    """Runs a command as a person does, in a shell that has nothing but the sourced file."""
    script = f"set -a; . {cloud.state.root / 'env'}; set +a; {command}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=REPOSITORY,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def query(root, sql):
    out = io.StringIO()
    print_query(root, sql, Screen(out))
    return out.getvalue().splitlines()


def test_a_job_runs_as_a_command_with_the_sourced_environment(cloud):
    write_environment(cloud)
    copied = run_sourced(cloud, f"{sys.executable} -m connector --endpoint customers")
    assert copied.returncode == 0, copied.stderr
    assert query(cloud.state.root, "select count(*) as items from raw.customers") == ["items", "2469 "]


def test_the_environment_has_the_settings_of_every_job(cloud):
    write_environment(cloud)
    lines = run_sourced(cloud, "env").stdout.splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    settings = {"PROJECT_ID", "LOCATION", "REGION", "BUCKET", "CONNECTOR_JOB", "SHEETS_SYNC_JOB"}
    assert variables.keys() >= settings | {"DATAFORM_REPOSITORY", "DATAFORM_SERVICE_ACCOUNT"}
    assert variables["DAILY_SALES_SPREADSHEET"] == "sandbox-daily-sales"
    assert variables["RETAIL_URL"] == f"{cloud.state.address}/retail/v1"
    assert variables["RETAIL_API_KEY"] == (cloud.state.root / "retail-api-key").read_text()
    assert (cloud.state.root / "env").stat().st_mode & 0o077 == 0  # only the user may read the key


def test_the_developer_may_start_jobs(cloud):
    """The pipeline as a command starts jobs under the developer's identity."""
    write_environment(cloud)
    token = {"Authorization": f"Bearer sandbox.{cloud.state.identity('developer')}"}
    job = f"{cloud.state.address}{cloud.location('run/v2')}/jobs/key-rotation"
    override = {"overrides": {"containerOverrides": [{"args": ["--help"]}]}}
    assert requests.post(f"{job}:run", json=override, headers=token, timeout=30).ok


def test_a_new_export_has_its_spreadsheet_at_once(cloud, tmp_path):
    exports = tmp_path / "sheets_sync" / "exports"
    exports.mkdir(parents=True)
    (exports / "households.yaml").write_text(EXPORT)
    (exports / "customers_file.yaml").write_text(f"{EXPORT}destination: {{kind: file}}\n")
    (exports / "unfinished.yaml").write_text("columns: [")
    declarations = read_declarations(tmp_path)
    assert create_missing(cloud, declarations) == ["HOUSEHOLDS_SPREADSHEET"]
    spreadsheet = job_variables(cloud, "sheets-sync")["HOUSEHOLDS_SPREADSHEET"]
    permissions = cloud.call("GET", f"/drive/v3/files/{spreadsheet}/permissions")["permissions"]
    roles = {permission["emailAddress"]: permission["role"] for permission in permissions}
    assert roles[cloud.state.identity("sheets-sync")] == "writer"
    assert create_missing(cloud, declarations) == []


def test_a_new_sheet_source_has_its_spreadsheet_at_once(cloud, tmp_path):
    (tmp_path / "connector" / "sources").mkdir(parents=True)
    (tmp_path / "connector" / "sources" / "planning.yaml").write_text("kind: sheet\n")
    assert create_missing(cloud, read_declarations(tmp_path)) == ["PLANNING_SPREADSHEET"]
    assert job_variables(cloud, "connector")["PLANNING_SPREADSHEET"]


def test_a_query_starts_the_sandbox_of_a_complete_project(tmp_path):
    mark_complete(tmp_path)
    assert query(tmp_path, "select 1 as a, null as b") == ["a     b", "1  NULL"]
    assert query(tmp_path, "select 1 as a limit 0") == ["no rows"]


def test_a_query_without_a_project_names_the_commands(tmp_path):
    with pytest.raises(NoProject, match="make sandbox"):
        query(tmp_path / "missing", "select 1")


def test_an_incomplete_project_is_not_removed(tmp_path):
    (tmp_path / "file").write_text("from an interrupted run")
    with pytest.raises(NoProject, match="make clean"):
        serve_project(tmp_path, Screen(io.StringIO()))
    assert (tmp_path / "file").exists()


def test_a_company_whose_sandbox_runs_is_not_replaced(tmp_path):
    folder = tmp_path / ".companies" / "paris"
    with claimed(folder / "project"):
        process = subprocess.run(
            [sys.executable, "-m", "demo", "run", "--source", "paris"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert process.returncode == 1
    assert f"demo: a sandbox already runs in {folder / 'project'}" in process.stderr
    assert not (folder / "repository").exists()
