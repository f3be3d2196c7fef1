"""scripts.release as a person runs it: a folder becomes what Dataform runs, or nothing changes."""

import shutil
import subprocess
import sys
import uuid

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1 as dataform

from sandbox import environment
from scripts.release.folder import Origin, origin

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
    """As Terraform leaves it: empty."""
    made = client.create_repository(
        parent=f"projects/{sandbox.project}/locations/europe-west1",
        repository=dataform.Repository(),
        repository_id=f"release-{uuid.uuid4().hex[:8]}",
    )
    return made.name


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "dataform"
    (made / "definitions" / "ods").mkdir(parents=True)
    (made / "workflow_settings.yaml").write_text(SETTINGS)
    (made / "definitions" / "ods" / "a.sqlx").write_text('config { type: "view" }\nSELECT 1 AS é')
    (made / "node_modules").mkdir()
    (made / "node_modules" / "left.js").write_text("left out")
    (made / ".df-credentials.json").write_text("left out")
    return made


@pytest.fixture
def release(sandbox, repository, folder):
    def run(*arguments):
        where = ["--project", sandbox.project, "--region", "europe-west1", "--folder", str(folder)]
        return subprocess.run(
            [sys.executable, "-m", "scripts.release", "--repository", repository.rpartition("/")[2], *where]
            + list(arguments),
            capture_output=True,
            text=True,
            env=environment.clients(sandbox, sandbox.identity("operator")) | {"PATH": "/usr/bin:/bin"},
            timeout=120,
        )

    return run


def history(client, repository):
    """Newest first."""
    return [entry.commit_message for entry in client.fetch_repository_history({"name": repository})]


def live(client, repository):
    config = client.get_release_config(name=f"{repository}/releaseConfigs/live")
    return client.get_compilation_result(name=config.release_compilation_result)


def files(client, repository, path=""):
    found = client.query_repository_directory_contents({"name": repository, "path": path})
    return [entry.file or f"{entry.directory}/" for entry in found]


def test_a_folder_becomes_what_is_live(release, client, repository, folder, sandbox):
    done = release()
    assert (done.stderr, done.returncode) == ("", 0)
    result = live(client, repository)
    assert result.code_compilation_config.default_database == sandbox.project  # not `somewhere`
    assert result.code_compilation_config.default_location == "EU"
    short = result.resolved_git_commit_sha[:12]
    last = f"live    {result.name.rpartition('/')[2]} of commit {short}"
    assert done.stdout == f"commit  {short}: 2 written, 0 deleted\nbefore  nothing\n{last}\n"
    assert files(client, repository) == ["definitions/", "workflow_settings.yaml"]  # nothing left out

    again = release()
    assert again.stdout == f"commit  {short}: nothing has changed since\n{last}, as before\n"
    assert history(client, repository) == ["Release of a folder outside Git"]

    shutil.move(folder / "definitions" / "ods" / "a.sqlx", folder / "definitions" / "b.sqlx")
    assert "1 written, 1 deleted\nbefore  " in release().stdout
    assert files(client, repository, "definitions") == ["definitions/b.sqlx"]
    assert live(client, repository).name != result.name


def test_what_does_not_compile_leaves_live_as_it_is(release, client, repository, folder):
    release()
    before = client.get_release_config(name=f"{repository}/releaseConfigs/live")
    (folder / "definitions" / "broken.sqlx").write_text('config { type: "tabel" }\nSELECT 1')
    done = release()
    assert done.returncode == 1
    assert "definitions/broken.sqlx: Unrecognized action type: tabel" in done.stderr
    assert client.get_release_config(name=before.name) == before  # its commit too


def test_a_dry_run_changes_nothing(release, client, repository):
    done = release("--dry-run")
    assert done.stdout.splitlines() == [
        "write   definitions/ods/a.sqlx",
        "write   workflow_settings.yaml",
        "2 written, 0 deleted, if this were no dry run",
        "live    nothing",
    ]
    assert history(client, repository) == []
    assert list(client.list_release_configs(parent=repository)) == []


def test_the_commit_says_which_commit_of_ours_it_is(folder):
    def git(*words):
        done = subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    (folder / ".gitignore").write_text("node_modules\n.*\n")
    git("add", "workflow_settings.yaml", "definitions")
    git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "One.")
    sha = git("rev-parse", "HEAD")
    clean = origin(folder)
    assert clean == Origin(sha, dirty=False, author="Ada", email="ada@example.com")
    assert clean.message == f"Release of {sha}"
    (folder / "definitions" / "b.sqlx").write_text("SELECT 2 AS x")
    assert origin(folder).message == f"Release of {sha} (dirty)"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--repository", "absent"], "so deploy first"),
        (["--folder", "docs"], "docs is no Dataform project: it has no workflow_settings.yaml"),
    ],
)
def test_what_is_missing_is_named(release, arguments, says):
    done = release(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
