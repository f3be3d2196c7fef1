"""A workspace applied to a sandbox of its own project, looked at, changed, looked at and destroyed."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from urllib.parse import quote

import requests

from sandbox import environment
from sandbox.process import running
from sandbox.record import normalised
from sandbox.recorder import FILE
from sandbox.state import State
from tests.terraform.changes import CHANGES
from tests.terraform.grants import resources
from tests.terraform.reading import ROOT
from tests.terraform.tree import Tree

PROJECTS = {"local": "sandbox-local", "dev": "retail-platform-dev", "prod": "retail-platform-prod"}
RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)"', re.MULTILINE)
EQUAL = 0  # of plan -detailed-exitcode, when there is nothing to do


@dataclass
class Proof:
    """What was seen. Plans are JSON; `where` a resource is in its API, and `found` what that answers."""

    applied: str = ""
    outputs: dict = field(default_factory=dict)
    recorded: list = field(default_factory=list)
    change: dict = field(default_factory=dict)
    changed: dict = field(default_factory=dict)
    where: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)
    sent: list = field(default_factory=list)
    destroyed: object = None
    left: dict = field(default_factory=dict)


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
        options = ("-no-color", "-detailed-exitcode", "-out=plan", f"-var-file={self.env}.tfvars")
        done = self.terraform("plan", *options, *arguments)
        assert done.returncode in (0, 2), done.stdout + done.stderr
        return done.returncode, json.loads(self.terraform("show", "-json", "plan").stdout)

    def recording(self):
        return (self.state.root / FILE).read_text().splitlines()

    def get(self, address):
        return requests.get(f"{self.state.address}/{address}", timeout=10)


def prove(env, folder):
    proof, tree = Proof(), Tree.grown(folder / "tree")
    with running(folder / "sandbox", "--record", "--project", PROJECTS[env]) as state:
        work = Workspace(env, tree, state)
        apply(work, proof)
        change(work, proof)
        destroy(work, proof)
        proof.sent = [json.loads(line) for line in work.recording()]
    return proof


def apply(work, proof):
    """As a person does it, from a commit; then an image is delivered, which is no difference."""
    commit(work.tree.folder)
    succeeds(work.tree.script("bootstrap", "--env", work.env, state=work.state))
    proof.applied = succeeds(work.deploy("apply", "--yes"))
    proof.outputs = json.loads(succeeds(work.deploy("output")))
    proof.recorded = normalised(work.recording(), work.state.address)
    deliver(f"{work.state.address}/run/v2/{proof.outputs['jobs']['connector']}")
    code, plan = work.plan()
    assert code == EQUAL, differences(plan)


def change(work, proof):
    """Every resource in place. The second plan asks for all of them: what was written is read again."""
    override(work.tree.folder)
    _, proof.change = work.plan("-refresh=false")
    succeeds(work.terraform("apply", "-no-color", "-parallelism=40", "plan"))
    code, proof.changed = work.plan()
    assert code == EQUAL, differences(proof.changed)
    proof.where = addresses(proof.changed)
    proof.found = {name: work.get(where).json() for name, where in proof.where.items()}


def destroy(work, proof):
    commit(work.tree.folder)
    proof.destroyed = work.deploy("destroy", "--yes")
    proof.left = {name: gone(work.get(where)) for name, where in proof.where.items()}


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


def addresses(plan):
    """Where the API has each resource that can change, by its address in Terraform."""
    found = resources({"planned_values": plan["prior_state"]["values"]})
    return {one["address"]: where(one) for one in found if one["type"] in CHANGES}


def where(one):
    quoted = quote(one["values"]["id"], safe="")
    return CHANGES[one["type"]].address.format(**one["values"], quoted=quoted)


def differences(plan):
    return [one["address"] for one in plan["resource_changes"] if one["change"]["actions"] != ["no-op"]]


def succeeds(done):
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


def gone(answer):
    """Or buried: what keeps its id for some weeks says that it is deleted."""
    if answer.status_code == 404:
        return True
    assert answer.status_code == 200, answer.text
    return answer.json().get("deleted") is True or answer.json().get("state") == "DELETED"


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
