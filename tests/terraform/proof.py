"""A workspace applied to a sandbox of its own project, looked at, changed, looked at and destroyed."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from demo.recorded_apply.record import normalize
from sandbox.process import running
from tests.terraform.changes import CHANGES
from tests.terraform.grants import resources
from tests.terraform.tree import Tree
from tests.terraform.workspace import Workspace, commit, deliver, override

PROJECTS = {"local": "sandbox-local", "dev": "retail-platform-dev", "prod": "retail-platform-prod"}
EQUAL = 0  # of plan -detailed-exitcode, when there is nothing to do


@dataclass
class Proof:
    """What was seen. Plans are JSON; `where` a resource is in its API, and `found` what that answers."""

    applied: str = ""
    outputs: dict = field(default_factory=dict)
    recorded: list = field(default_factory=list)
    drifted: object = None
    summary: str = ""
    change: dict = field(default_factory=dict)
    again: object = None
    changed: dict = field(default_factory=dict)
    where: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)
    sent: list = field(default_factory=list)
    destroyed: object = None
    left: dict = field(default_factory=dict)


def prove(env, folder):
    proof, tree = Proof(), Tree.grown(folder / "tree")
    with running(folder / "sandbox", "--record", "--project", PROJECTS[env]) as state:
        work = Workspace(env, tree, state)
        apply(work, proof)
        drift(work, proof) if env == "local" else equal(work)
        override(tree.folder)
        commit(tree.folder)
        change = by_a_kept_plan if env == "prod" else at_once
        change(work, proof)
        look(work, proof)
        destroy(work, proof)
        proof.sent = [json.loads(line) for line in work.recording()]
    return proof


def apply(work, proof):
    """As a person does it, from a commit; then an image is delivered, which is no difference."""
    commit(work.tree.folder)
    succeeds(work.tree.script("bootstrap", "--env", work.env, state=work.state))
    proof.applied = succeeds(work.deploy("apply", "--yes"))
    proof.outputs = json.loads(succeeds(work.deploy("output")))
    proof.recorded = normalize(work.recording(), work.state.address)
    deliver(f"{work.state.address}/run/v2/{proof.outputs['jobs']['connector']}")


def equal(work):
    done = work.terraform("plan", "-no-color", "-detailed-exitcode", f"-var-file={work.env}.tfvars")
    assert done.returncode == EQUAL, done.stdout + done.stderr


def drift(work, proof):
    """None at first. Then somebody rewords a table, takes grants away, ends a schedule, and puts all back."""
    succeeds(work.deploy("drift"))
    table = f"bigquery/v2/{proof.outputs['datasets']['raw']}/tables/sales"
    policy = f"storage/v1/b/{proof.outputs['bucket'].removeprefix('gs://')}/iam"
    jobs = f"scheduler/v1/projects/{work.state.project}/locations/{proof.outputs['region']}/jobs"
    job = f"{jobs}/{proof.outputs['schedules']['hourly']}"
    before = {address: work.ask(address).json() for address in (table, policy, job)}
    work.ask(table, "PATCH", {"description": "By hand."})
    work.ask(policy, "PUT", {"bindings": []})
    work.ask(job, "DELETE")
    proof.drifted = work.deploy("drift")
    work.ask(table, "PATCH", {"description": before[table]["description"]})
    work.ask(policy, "PUT", {"bindings": before[policy]["bindings"], "version": 3})
    work.ask(jobs, "POST", before[job])


def at_once(work, proof):
    """With nothing read again before: the plan before this one has read it all."""
    _, proof.change = work.plan("-refresh=false")
    succeeds(work.terraform("apply", "-no-color", "-parallelism=40", "looked.tfplan"))


def by_a_kept_plan(work, proof):
    """Which is good for one time."""
    kept = work.tree.folder / "kept.tfplan"
    proof.summary = succeeds(work.deploy("plan", "--out", str(kept)))
    proof.change = work.shown(kept)
    succeeds(work.deploy("apply", "--plan", str(kept), "--yes"))
    proof.again = work.deploy("apply", "--plan", str(kept), "--yes")


def look(work, proof):
    """The plan asks for everything: what was written is read again."""
    code, proof.changed = work.plan()
    assert code == EQUAL, differences(proof.changed)
    proof.where = addresses(proof.changed)
    proof.found = {name: work.ask(where).json() for name, where in proof.where.items()}


def destroy(work, proof):
    proof.destroyed = work.deploy("destroy", "--yes")
    proof.left = {name: gone(work.ask(where)) for name, where in proof.where.items()}


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
