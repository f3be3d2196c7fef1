"""A workspace is applied to a sandbox of its project, inspected, changed, inspected again and destroyed."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from demo.recorded_apply.record import normalize
from sandbox.process import running
from tests.terraform.changes import CHANGES
from tests.terraform.grants import planned_resources
from tests.terraform.tree import Tree
from tests.terraform.workspace import Workspace, commit_all, deliver_image, write_overrides

PROJECTS = {"local": "sandbox-local", "dev": "retail-platform-dev", "prod": "retail-platform-prod"}
NO_CHANGES = 0  # exit code of plan -detailed-exitcode
JOBS = ("connector", "key_rotation", "pipeline", "rehearse", "report", "restore", "sheets_sync")


@dataclass
class Proof:
    """What was observed. Plans are JSON; `addresses` and `responses` are by address in Terraform."""

    applied: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    recorded: list[Any] = field(default_factory=list)
    started: dict[str, Any] = field(default_factory=dict)
    drifted: object = None
    summary: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    repeated: object = None
    changed: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, Any] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    destroyed: object = None
    is_gone: dict[str, Any] = field(default_factory=dict)


def prove(env, folder):
    proof, tree = Proof(), Tree.copy(folder / "tree")
    with running(folder / "sandbox", "--record", "--project", PROJECTS[env]) as state:
        work = Workspace(env, tree, state)
        apply(work, proof)
        deliver_images(work, proof)
        if env == "local":
            drift(work, proof)
        write_overrides(tree.folder)
        commit_all(tree.folder)
        change = change_by_saved_plan if env == "prod" else change_at_once
        change(work, proof)
        inspect(work, proof)
        destroy(work, proof)
        proof.requests = [json.loads(line) for line in work.recording()]
    return proof


def apply(work, proof):
    """The commands of a person, from a commit."""
    commit_all(work.tree.folder)
    check_success(work.tree.script("bootstrap", "--env", work.env, state=work.state))
    proof.applied = check_success(work.deploy("apply", "--yes"))
    proof.outputs = json.loads(check_success(work.deploy("output")))
    proof.recorded = normalize(work.recording(), work.state.address)


def deliver_images(work, proof):
    """A delivered image is not a difference; in prod the first images start the schedules."""
    for job in JOBS:
        deliver_image(f"{work.state.address}/run/v2/{proof.outputs['jobs'][job]}")
    code, proof.started = work.plan()
    if work.env == "prod":
        check_success(work.deploy("apply", "--yes"))
        code, _ = work.plan()
    assert code == NO_CHANGES, changed_addresses(proof.started)


def drift(work, proof):
    """No drift at first. Then changes by hand: a description, two policies, a schedule; and back."""
    check_success(work.deploy("drift"))
    table = f"bigquery/v2/{proof.outputs['datasets']['raw']}/tables/sales"
    dataset = f"bigquery/v2/{proof.outputs['datasets']['raw']}"
    policy = f"storage/v1/b/{proof.outputs['bucket'].removeprefix('gs://')}/iam"
    jobs = f"scheduler/v1/projects/{work.state.project}/locations/{proof.outputs['region']}/jobs"
    job = f"{jobs}/{proof.outputs['schedules']['hourly']}"
    before = {address: work.request(address).json() for address in (table, dataset, policy, job)}
    viewers = {"role": "READER", "specialGroup": "projectReaders"}
    bindings = [item for item in before[policy]["bindings"] if "condition" not in item]
    work.request(table, "PATCH", {"description": "By hand."})
    work.request(dataset, "PATCH", {"access": [*before[dataset]["access"], viewers]})
    work.request(policy, "PUT", {"bindings": bindings})
    work.request(job, "DELETE")
    proof.drifted = work.deploy("drift")
    work.request(table, "PATCH", {"description": before[table]["description"]})
    work.request(dataset, "PATCH", {"access": before[dataset]["access"]})
    work.request(policy, "PUT", {"bindings": before[policy]["bindings"], "version": 3})
    work.request(jobs, "POST", before[job])


def change_at_once(work, proof):
    """Without a refresh: the plan before has read everything."""
    _, proof.change = work.plan("-refresh=false")
    check_success(work.terraform("apply", "-no-color", "-parallelism=40", "inspected.tfplan"))


def change_by_saved_plan(work, proof):
    """A saved plan can be applied once, and not after another image was delivered."""
    saved = work.tree.folder / "saved.tfplan"
    job = f"{work.state.address}/run/v2/{proof.outputs['jobs']['sheets_sync']}"
    check_success(work.deploy("plan", "--out", str(saved)))
    deliver_image(job, "b" * 64)
    proof.reverting = work.deploy("apply", "--plan", str(saved), "--yes")
    proof.image_after = work.request(f"run/v2/{proof.outputs['jobs']['sheets_sync']}").json()
    proof.summary = check_success(work.deploy("plan", "--out", str(saved)))
    proof.change = work.show(saved)
    check_success(work.deploy("apply", "--plan", str(saved), "--yes"))
    proof.repeated = work.deploy("apply", "--plan", str(saved), "--yes")


def inspect(work, proof):
    """The plan reads everything that was written."""
    code, proof.changed = work.plan()
    assert code == NO_CHANGES, changed_addresses(proof.changed)
    proof.addresses = api_addresses(proof.changed)
    proof.responses = {name: work.request(where).json() for name, where in proof.addresses.items()}


def destroy(work, proof):
    proof.destroyed = work.deploy("destroy", "--yes", *confirmation(work, proof))
    proof.is_gone = {name: is_gone(work.request(where)) for name, where in proof.addresses.items()}


def confirmation(work, proof):
    """In prod the typed text contains how many resources are destroyed."""
    if work.env != "prod":
        return []
    count = len(planned_resources({"planned_values": proof.changed["prior_state"]["values"]}))
    return ["--confirm", f"prod destroys {count}"]


def api_addresses(plan):
    """The path of each changeable resource in its API, by its address in Terraform."""
    resources = planned_resources({"planned_values": plan["prior_state"]["values"]})
    return {item["address"]: api_address(item) for item in resources if item["type"] in CHANGES}


def api_address(resource):
    quoted = quote(resource["values"]["id"], safe="")
    return CHANGES[resource["type"]].address.format(**resource["values"], quoted=quoted)


def changed_addresses(plan):
    return [item["address"] for item in plan["resource_changes"] if item["change"]["actions"] != ["no-op"]]


def check_success(result):
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    return result.stdout


def is_gone(response):
    """Deleted, or marked as deleted: some resources keep their id for weeks."""
    if response.status_code == 404:
        return True
    assert response.status_code == 200, response.text
    return response.json().get("deleted") is True or response.json().get("state") == "DELETED"
