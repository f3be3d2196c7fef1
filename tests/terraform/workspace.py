"""One workspace in a sandbox of its own: the commands of a person, and changes by others."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import requests

from sandbox import environment
from sandbox.recorder import FILE
from sandbox.state import State
from tests.terraform.changes import CHANGES
from tests.terraform.hcl_files import ROOT
from tests.terraform.tree import Tree

RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Workspace:
    env: str
    tree: Tree
    state: State

    def deploy(self, command, *arguments):
        return self.tree.script("deploy", command, "--env", self.env, *arguments, state=self.state)

    def terraform(self, *arguments):
        return self.tree.terraform("environments", *arguments, **environment.terraform(self.state))

    def plan(self, *arguments):
        """The exit code (0: no changes, 2: changes) and the plan."""
        options = ("-no-color", "-detailed-exitcode", "-out=inspected.tfplan", f"-var-file={self.env}.tfvars")
        result = self.terraform("plan", *options, *arguments)
        assert result.returncode in (0, 2), result.stdout + result.stderr
        return result.returncode, self.show("inspected.tfplan")

    def show(self, path):
        return json.loads(self.terraform("show", "-json", str(path)).stdout)

    def recording(self):
        return (self.state.root / FILE).read_text().splitlines()

    def request(self, address, method="GET", body=None):
        return requests.request(method, f"{self.state.address}/{address}", json=body, timeout=10)


def commit_all(folder):
    """Everything, as the last commit of a new repository."""
    shutil.copy(ROOT / ".gitignore", folder)
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "-m", "all")):
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def write_overrides(folder):
    """Terraform merges files of this name into the others (developer.hashicorp.com, "Override Files")."""
    for module in (folder / "modules").iterdir():
        changed: dict[str, dict[str, Any]] = {}
        for path in module.glob("*.tf"):
            for kind, name in RESOURCE.findall(path.read_text()):
                if kind in CHANGES:
                    changed.setdefault(kind, {})[name] = CHANGES[kind].hcl
        if changed:
            (module / "changed_override.tf.json").write_text(json.dumps({"resource": changed}))


def deliver_image(job, digest="0" * 64):
    """Set another image and client, as delivery does. Terraform must not see a difference."""
    before = requests.get(job, timeout=10).json()
    container = before["template"]["template"]["containers"][0]
    container["image"] = f"europe-west1-docker.pkg.dev/delivered/jobs/connector@sha256:{digest}"
    body = {"template": before["template"], "labels": before["labels"], "client": "gcloud"}
    response = requests.patch(job, json=body, timeout=10)
    assert response.ok, response.text
    after = requests.get(job, timeout=10).json()
    assert (after["template"], after["client"]) == (before["template"], "gcloud")
