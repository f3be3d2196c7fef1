"""One workspace in a sandbox of its own: the commands that a person types, and what others do to it."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass

import requests

from sandbox import environment
from sandbox.recorder import FILE
from sandbox.state import State
from tests.terraform.changes import CHANGES
from tests.terraform.reading import ROOT
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
        """Whether there is anything to do, and the plan."""
        options = ("-no-color", "-detailed-exitcode", "-out=looked.tfplan", f"-var-file={self.env}.tfvars")
        done = self.terraform("plan", *options, *arguments)
        assert done.returncode in (0, 2), done.stdout + done.stderr
        return done.returncode, self.shown("looked.tfplan")

    def shown(self, path):
        return json.loads(self.terraform("show", "-json", str(path)).stdout)

    def recording(self):
        return (self.state.root / FILE).read_text().splitlines()

    def ask(self, address, method="GET", body=None):
        return requests.request(method, f"{self.state.address}/{address}", json=body, timeout=10)


def commit(folder):
    """All of it, as the last commit of a repository of its own."""
    shutil.copy(ROOT / ".gitignore", folder)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def override(folder):
    """Terraform merges files of this name over the others (developer.hashicorp.com, "Override Files")."""
    for module in (folder / "modules").iterdir():
        changed = {}
        for path in module.glob("*.tf"):
            for kind, name in RESOURCE.findall(path.read_text()):
                if kind in CHANGES:
                    changed.setdefault(kind, {})[name] = CHANGES[kind].hcl
        if changed:
            (module / "changed_override.tf.json").write_text(json.dumps({"resource": changed}))


def deliver(job):
    """What delivery does: another image, under its own name. Terraform must see no difference in it."""
    found = requests.get(job, timeout=10).json()
    container = found["template"]["template"]["containers"][0]
    container["image"] = f"europe-west1-docker.pkg.dev/delivered/jobs/connector@sha256:{'0' * 64}"
    sent = {"template": found["template"], "labels": found["labels"], "client": "gcloud"}
    answer = requests.patch(job, json=sent, timeout=10)
    assert answer.ok, answer.text
    delivered = requests.get(job, timeout=10).json()
    assert (delivered["template"], delivered["client"]) == (found["template"], "gcloud")
