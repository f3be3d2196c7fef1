"""scripts.images with a program `docker` that writes what buildx writes; there is no container engine here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.delivery.images import JOBS
from scripts.images import ImagesError
from scripts.images.__main__ import format_checksums, push

ROOT = Path(__file__).parents[2]
DOCKER = """#!{python}
import json, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(words) + "\\n")
if "--metadata-file" in words and {digest!r}:
    with open(words[words.index("--metadata-file") + 1], "w") as file:
        json.dump({{"containerimage.digest": {digest!r}}}, file)
sys.exit({code})
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Puts a `docker` on the PATH; the commands that it received."""

    def install(digest="sha256:abc", code=0):
        log = tmp_path / "log"
        program = tmp_path / "docker"
        program.write_text(DOCKER.format(python=sys.executable, log=str(log), digest=digest, code=code))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return lambda: [json.loads(line) for line in log.read_text().splitlines()]

    return install


def test_every_image_of_the_dockerfile_is_built_and_delivered():
    [recipe] = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if "--build-arg JOB=" in line]
    assert recipe.split("JOB=")[1].split()[0].split("|") == list(JOBS)


def test_an_image_is_known_by_its_digest_and_tagged_for_the_registry(docker):
    commands = docker()
    name = "europe-west1-docker.pkg.dev/p/jobs/sheets-sync"
    assert push("europe-west1-docker.pkg.dev/p/jobs", "sheets_sync", "release-1a2b") == f"{name}@sha256:abc"
    [command] = commands()
    assert command[:5] == ["buildx", "build", "--push", "--tag", f"{name}:release-1a2b"]
    assert command[-3:] == ["--build-arg", "JOB=sheets_sync", str(ROOT)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"digest": ""}, "docker returned no digest"), ({"code": 1}, "docker buildx failed")],
)
def test_a_failed_build_is_an_error(docker, settings, message):
    docker(**settings)
    with pytest.raises(ImagesError, match=message):
        push("registry/jobs", "pipeline", "release-1a2b")


def test_build_only_pushes_nothing(docker):
    commands = docker()
    ended = subprocess.run([sys.executable, "-m", "scripts.images", "--build-only"], cwd=ROOT, check=False)
    assert ended.returncode == 0
    assert [command[2] for command in commands()] == [f"JOB={package}" for package in JOBS]
    assert not [command for command in commands() if "--push" in command]


def test_an_image_is_of_a_commit(tmp_path):
    """Before a docker or a login is needed; the tag would name a commit that lacks the changed file."""
    for name in ("scripts", "runtime"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "runtime/mail.txt").touch()
    command = [sys.executable, "-m", "scripts.images", "--env", "dev"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "runtime/mail.txt" in ended.stderr
    assert "an image is deployed from a commit" in ended.stderr and "git worktree add" in ended.stderr


def test_checksums_are_lines_of_sha256sum():
    images = [f"host/p/jobs/{name}@sha256:{digest * 64}" for name, digest in (("a", "1"), ("b", "2"))]
    assert format_checksums(images) == f"{'1' * 64}  host/p/jobs/a\n{'2' * 64}  host/p/jobs/b\n"
