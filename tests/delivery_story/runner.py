"""act runs the workflow files as they are, in the place of GitHub's runners: https://github.com/nektos/act

In host mode, so without containers. It has no approvals, no concurrency and no permissions: tests/test_workflows.py
asserts those on the files. The actions are small local ones in `actions/`, by the names and commits of the workflows.
"""

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.github_api import FakeGitHub
from tests.terraform.hcl_files import ROOT
from tests.terraform.tree import TERRAFORM_HOME

VERSION = re.compile(r"^ACT := (\S+)$", re.MULTILINE)
USES = re.compile(r"uses: ([\w.-]+/[\w.-]+@[0-9a-f]{40})")
STAND_INS = {
    "actions/attest": "attest",
    "actions/checkout": "checkout",
    "actions/setup-python": "nothing",
    "hashicorp/setup-terraform": "nothing",
    "google-github-actions/auth": "auth",
    "actions/upload-artifact": "upload",
    "actions/download-artifact": "download",
}
CHECKOUT = "checkout "
# Without the tests and checks, of which this test is a part.
MAKE = """#!/bin/sh
case "$1" in
  check|test-part|lint-terraform|lint-workflows) echo "make $1 is left out of the story" ;;
  *) exec {make} "$@" ;;
esac
"""
# Builds no image: what a job of the sandbox runs by this digest are the files of the commit.
DOCKER = """#!{python}
import sys
sys.path.append({root!r})
from tests.delivery_story.runner import docker
docker(sys.argv[1:])
"""


def docker(arguments: list[str]) -> None:
    """docker login, build and buildx build --push, in a checkout."""
    if arguments[0] == "login":
        sys.stdin.read()
    if "--metadata-file" not in arguments:
        return
    values = dict(itertools.pairwise(arguments))
    checkout, digest = Path.cwd(), digest_of(Path.cwd(), values["--build-arg"].removeprefix("JOB="))
    folder = Path(os.environ["STORY_IMAGES"], digest.removeprefix("sha256:"))
    folder.mkdir(parents=True, exist_ok=True)
    files = subprocess.run(["git", "-C", checkout, "archive", "HEAD"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=files, check=True)
    Path(values["--metadata-file"]).write_text(json.dumps({"containerimage.digest": digest}))


def digest_of(checkout: Path, package: str) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD^{tree}"]
    tree = subprocess.run(command, check=True, capture_output=True).stdout
    return f"sha256:{hashlib.sha256(tree + package.encode()).hexdigest()}"


NO_ACT = "act is not installed; it is built by Go: make story"


def find_act() -> str | None:
    """Of the version in the Makefile."""
    match = VERSION.search((ROOT / "Makefile").read_text())
    assert match
    path = os.pathsep.join([str(ROOT / ".venv/bin"), os.environ["PATH"]])
    return shutil.which(f"act-{match[1]}", path=path)


@dataclass(frozen=True)
class Run:
    """What a run of a workflow printed: act's lines as JSON, with `jobID` and `time`."""

    code: int
    lines: list[dict[str, Any]]
    artifacts: Path

    def results(self) -> dict[str, str]:
        """success or failure of each job that ran, by its id; of a matrix the worse."""
        results: dict[str, str] = {}
        for line in self.lines:
            if result := line.get("jobResult"):
                job = line["jobID"]
                results[job] = "failure" if "failure" in (result, results.get(job)) else result
        return results

    def text(self, job: str) -> str:
        """What its commands printed."""
        printed = [line for line in self.lines if line.get("jobID") == job and line.get("raw_output")]
        return "\n".join(str(line["msg"]).rstrip() for line in printed)

    def checkout(self, job: str) -> str:
        """The folder of the job, which the stand-in for actions/checkout prints."""
        [line] = [line for line in self.text(job).splitlines() if line.startswith(CHECKOUT)]
        return line.removeprefix(CHECKOUT)

    def errors(self) -> str:
        """The last lines that each failed job printed."""
        failed = [job for job, result in self.results().items() if result == "failure"]
        return "\n".join(f"{job}: ...{self.text(job)[-3000:]}" for job in failed)

    def moments(self, job: str, part: str) -> list[datetime]:
        return [
            datetime.fromisoformat(line["time"])
            for line in self.lines
            if line.get("jobID") == job and part in str(line["msg"])
        ]


@dataclass(frozen=True)
class Runner:
    """`root`: for everything that is not part of a checkout; `projects`: a folder of variables by project."""

    root: Path
    remote: Path
    projects: Path
    variables: dict[str, str]  # of the repository
    github: FakeGitHub

    def run(self, checkout: Path, workflow: str, event: str, payload: dict[str, Any]) -> Run:
        number = len(list(self.root.glob("run-*")))
        folder = self.root / f"run-{number}"
        (folder / "bin").mkdir(parents=True)
        write_program(folder / "bin/make", MAKE.format(make=shutil.which("make")))
        write_program(folder / "bin/docker", DOCKER.format(python=sys.executable, root=str(ROOT)))
        (folder / "event.json").write_text(json.dumps(payload))
        (folder / "env").write_text(
            "".join(f"{name}={value}\n" for name, value in self.environ(folder).items())
        )
        command = [str(find_act()), event, *self.options(checkout, workflow, folder)]
        environ = TERRAFORM_HOME | {"XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
        with (folder / "log").open("w") as log:
            ended = subprocess.run(command, cwd=checkout, env=environ, stdout=log, stderr=log, check=False)
        return Run(ended.returncode, parse((folder / "log").read_text()), folder / "artifacts")

    def options(self, checkout: Path, workflow: str, folder: Path) -> list[str]:
        text = "".join(path.read_text() for path in (checkout / ".github").rglob("*.yml"))
        actions = {use: STAND_INS[use.partition("@")[0]] for use in sorted(set(USES.findall(text)))}
        return [
            *("-W", f".github/workflows/{workflow}.yml", "-e", str(folder / "event.json")),
            *("--env-file", str(folder / "env"), "-P", "ubuntu-24.04=-self-hosted"),
            *("-s", f"GITHUB_TOKEN={self.add_token(checkout, workflow)}"),
            *("--no-cache-server", "--no-skip-checkout", "--json", "--action-offline-mode"),
            *(word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")),
            *(
                word
                for use, name in actions.items()
                for word in ("--local-repository", f"{use}={Path(__file__).parent / 'actions' / name}")
            ),
        ]

    def add_token(self, checkout: Path, workflow: str) -> str:
        """With the permissions of the jobs that use it, as act has one token for all jobs."""
        declared = yaml.safe_load((checkout / f".github/workflows/{workflow}.yml").read_text())
        jobs = [job for job in declared["jobs"].values() if "github.token" in json.dumps(job)]
        permissions = {
            name.replace("-", "_"): level for job in jobs for name, level in job["permissions"].items()
        }
        return self.github.add_token(f"token-of-{workflow}", **permissions)

    def environ(self, folder: Path) -> dict[str, str]:
        path = f"{folder / 'bin'}:{os.environ['PATH']}"
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        return TERRAFORM_HOME | {
            "PATH": path,
            "XDG_CACHE_HOME": cache,  # that of act itself is another: it has the checkouts of this run
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_REPOSITORY_ID": "999999999999",
            "STORY_REMOTE": str(self.remote),
            "STORY_VENV": str(ROOT / ".venv"),
            "STORY_ARTIFACTS": str(folder / "artifacts"),
            "STORY_PROJECTS": str(self.projects),
        }


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def parse(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]
