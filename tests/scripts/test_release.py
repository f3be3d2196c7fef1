"""scripts.release as a command: a folder becomes the live release, or nothing changes."""

import shutil
import subprocess
import sys
import uuid

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud import dataform_v1 as dataform

from sandbox import environment
from scripts.release.folder import Origin, read_origin
from tests.terraform.hcl_files import ROOT

SETTINGS = """dataformCoreVersion: 3.0.62
defaultProject: somewhere
defaultDataset: ods
"""


@pytest.fixture
def client(sandbox):
    return dataform.DataformClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"{sandbox.address}/dataform"},
    )


@pytest.fixture
def repository(client, sandbox):
    """Empty, as Terraform creates it."""
    repository = client.create_repository(
        parent=f"projects/{sandbox.project}/locations/europe-west1",
        repository=dataform.Repository(),
        repository_id=f"release-{uuid.uuid4().hex[:8]}",
    )
    return repository.name


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dataform"
    (folder / "definitions" / "ods").mkdir(parents=True)
    (folder / "workflow_settings.yaml").write_text(SETTINGS)
    (folder / "definitions" / "ods" / "a.sqlx").write_text('config { type: "view" }\nSELECT 1 AS é')
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "left.js").write_text("excluded")
    (folder / ".df-credentials.json").write_text("excluded")
    return folder


@pytest.fixture
def release(sandbox, repository, folder):
    def run(*arguments):
        target = ["--project", sandbox.project, "--region", "europe-west1", "--location", "EU"]
        return subprocess.run(
            [sys.executable, "-m", "scripts.release", "--repository", repository.rpartition("/")[2], *target]
            + ["--folder", str(folder), *arguments],
            capture_output=True,
            text=True,
            env=environment.clients(sandbox, sandbox.identity("operator")) | {"PATH": "/usr/bin:/bin"},
            timeout=120,
        )

    return run


def commit_messages(client, repository):
    """Newest first."""
    return [entry.commit_message for entry in client.fetch_repository_history({"name": repository})]


def live_result(client, repository):
    config = client.get_release_config(name=f"{repository}/releaseConfigs/live")
    return client.get_compilation_result(name=config.release_compilation_result)


def list_files(client, repository, path=""):
    entries = client.query_repository_directory_contents({"name": repository, "path": path})
    return [entry.file or f"{entry.directory}/" for entry in entries]


def test_a_folder_becomes_the_live_release(release, client, repository, folder, sandbox):
    command = release()
    assert (command.stderr, command.returncode) == ("", 0)
    result = live_result(client, repository)
    assert result.code_compilation_config.default_database == sandbox.project  # not `somewhere`
    assert result.code_compilation_config.default_location == "EU"
    short = result.resolved_git_commit_sha[:12]
    last = f"live    {result.name.rpartition('/')[2]} of commit {short}"
    assert command.stdout == f"commit  {short}: 2 written, 0 deleted\nbefore  nothing\n{last}\n"
    assert list_files(client, repository) == [
        "definitions/",
        "workflow_settings.yaml",
    ]  # nothing that is excluded

    repeated = release()
    assert repeated.stdout == f"commit  {short}: no changes since\n{last}, as before\n"
    assert commit_messages(client, repository) == ["Release of a folder outside Git"]

    shutil.move(folder / "definitions" / "ods" / "a.sqlx", folder / "definitions" / "b.sqlx")
    assert "1 written, 1 deleted\nbefore  " in release().stdout
    assert list_files(client, repository, "definitions") == ["definitions/b.sqlx"]
    assert live_result(client, repository).name != result.name


def test_a_table_that_no_model_writes_any_more_is_listed(release, client, folder, sandbox):
    """A view that was never created is not."""
    model = folder / "definitions" / "ods" / f"gone_{uuid.uuid4().hex[:8]}.sqlx"
    model.write_text('config { type: "view" }\nSELECT 1 AS n')
    release()
    warehouse = bigquery.Client(
        sandbox.project, AnonymousCredentials(), client_options={"api_endpoint": sandbox.address}
    )
    warehouse.create_dataset("ods", exists_ok=True)
    warehouse.query_and_wait(f"create view ods.{model.stem} as select 1 as n")
    model.unlink()
    (folder / "definitions" / "ods" / "a.sqlx").rename(folder / "definitions" / "ods" / "never.sqlx")
    line = f"left    ods.{model.stem}: no model writes it"
    assert line in release("--dry-run").stdout
    output = release().stdout
    assert line in output
    assert output.count("left    ") == 1


def test_a_project_with_errors_leaves_the_live_release(release, client, repository, folder):
    release()
    before = client.get_release_config(name=f"{repository}/releaseConfigs/live")
    (folder / "definitions" / "broken.sqlx").write_text('config { type: "tabel" }\nSELECT 1')
    command = release()
    assert command.returncode == 1
    assert "definitions/broken.sqlx: Unrecognized action type: tabel" in command.stderr
    assert client.get_release_config(name=before.name) == before  # its commit too


def test_a_dry_run_changes_nothing(release, client, repository):
    command = release("--dry-run")
    assert command.stdout.splitlines() == [
        "write   definitions/ods/a.sqlx",
        "write   workflow_settings.yaml",
        "dry run: 2 written, 0 deleted",
        "live    nothing",
    ]
    assert commit_messages(client, repository) == []
    assert list(client.list_release_configs(parent=repository)) == []
    assert list(client.list_workspaces(parent=repository)) == []


def test_a_dry_run_reports_the_errors_of_a_project(release, client, repository, folder):
    (folder / "definitions" / "broken.sqlx").write_text('config { type: "tabel" }\nSELECT 1')
    command = release("--dry-run")
    assert command.returncode == 1
    assert "definitions/broken.sqlx: Unrecognized action type: tabel" in command.stderr
    assert list(client.list_workspaces(parent=repository)) == []


def test_the_message_names_the_git_commit(folder):
    def git(*arguments):
        command = subprocess.run(
            ["git", "-C", folder, *arguments], check=True, capture_output=True, text=True
        )
        return command.stdout.strip()

    git("init", "-q")
    (folder / ".gitignore").write_text("node_modules\n.*\n")
    git("add", "workflow_settings.yaml", "definitions")
    git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "One.")
    sha = git("rev-parse", "HEAD")
    clean = read_origin(folder)
    assert clean == Origin(sha, is_dirty=False, author="Ada", email="ada@example.com")
    assert clean.message == f"Release of {sha}"
    (folder / "definitions" / "b.sqlx").write_text("SELECT 2 AS x")
    assert read_origin(folder).message == f"Release of {sha} (dirty)"


def test_prod_gets_only_the_files_of_a_commit(tmp_path):
    """Before a login or Terraform is needed; a preview may be of any files."""
    for name in ("scripts", "runtime", "environments"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform*")
        )
    command = [sys.executable, "-m", "scripts.release", "--env", "prod"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (
        ended.returncode == 1
        and "so prod could not be traced to a commit; nothing was changed" in ended.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repository", "absent"], "so deploy first"),
        (["--folder", "docs"], "docs is not a Dataform project: workflow_settings.yaml is missing"),
    ],
)
def test_a_missing_repository_or_project_is_named(release, arguments, message):
    command = release(*arguments)
    assert (command.returncode, command.stdout) == (1, "")
    assert message in command.stderr


def test_an_earlier_commit_becomes_live_again(release, client, repository, folder):
    release()
    first = live_result(client, repository).resolved_git_commit_sha
    (folder / "definitions" / "b.sqlx").write_text('config { type: "view" }\nSELECT 2 AS x')
    release()
    second = live_result(client, repository).resolved_git_commit_sha
    assert first != second
    dry = release("--commit", first, "--dry-run")
    assert dry.stdout.endswith("compiles; nothing was changed\n")
    assert live_result(client, repository).resolved_git_commit_sha == second
    command = release("--commit", first)
    assert (command.returncode, command.stderr) == (0, "")
    assert live_result(client, repository).resolved_git_commit_sha == first
    assert release("--commit", first[:12]).returncode == 0
    for unknown in ("0" * 40, "", "main"):
        refused = release("--commit", unknown)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "commits of the Dataform repository begin with" in refused.stderr
        assert "nothing was changed" in refused.stderr and second[:12] in refused.stderr
    assert live_result(client, repository).resolved_git_commit_sha == first
