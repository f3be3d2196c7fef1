"""The workspaces local, dev and prod, made, changed and unmade by the real provider as a person does it.

All three at once, each in a sandbox of its own: nearly all of an apply is waiting for grants to settle.
"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.recorded_apply.replay import RECORD
from sandbox.state import PROJECT_NUMBER
from tests.terraform.changes import CHANGES, UNCHANGING
from tests.terraform.grants import resources
from tests.terraform.proof import PROJECTS, prove

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def proofs(provider, tmp_path_factory):
    with ThreadPoolExecutor(len(PROJECTS)) as pool:
        yield {env: pool.submit(prove, env, tmp_path_factory.mktemp(env)) for env in PROJECTS}


@pytest.fixture(params=PROJECTS)
def env(request):
    return request.param


@pytest.fixture
def proof(proofs, env):
    """Raises what went wrong on the way: an apply that failed, or a plan that was not empty."""
    return proofs[env].result()


def managed(proof):
    return resources({"planned_values": proof.changed["prior_state"]["values"]})


def test_what_was_planned_is_applied(proof, env):
    [planned] = re.findall(r"Would be (\d+) created\.\n", proof.applied)
    assert f"Apply complete! Resources: {planned} added, 0 changed, 0 destroyed." in proof.applied
    assert (proof.outputs["project_id"], len(managed(proof))) == (PROJECTS[env], int(planned))


def test_the_record_is_what_terraform_sends_now(proofs):
    recorded = proofs["local"].result().recorded
    assert recorded == RECORD.read_text().splitlines(), "the record is stale: run 'make record'"


def test_what_somebody_did_by_hand_is_told(proofs):
    told = proofs["local"].result().drifted
    assert told.returncode == 2, told.stdout + told.stderr
    lines = told.stdout.splitlines()
    assert lines[1:] == [
        '  + module.landing.google_storage_bucket_iam_member.writers["connector"]',
        '  + module.landing.google_storage_bucket_iam_member.writers["pipeline"]',
        '  + module.schedule["hourly"].google_cloud_scheduler_job.schedule',
        '  ~ module.warehouse.google_bigquery_table.tables["raw.sales"]  (description)',
        "grants",
        "  + serviceAccount:connector@sandbox-local.iam.gserviceaccount.com:"
        " storage.objectUser on bucket sandbox-local-landing",
        "  + serviceAccount:pipeline@sandbox-local.iam.gserviceaccount.com:"
        " storage.objectUser on bucket sandbox-local-landing, only pipeline/",
        "Would be 3 created, 1 changed.",
    ]


def test_a_plan_is_kept_applied_and_then_stale(proofs):
    proof = proofs["prod"].result()
    changed = [one for one in proof.change["resource_changes"] if one["change"]["actions"] == ["update"]]
    assert f"Would be {len(changed)} changed." in proof.summary
    assert proof.again.returncode == 1 and "Saved plan is stale" in proof.again.stderr


def test_every_resource_changes_in_place(proof):
    """Or there is a reason why nothing of its type can."""
    done = {one["address"]: one["change"]["actions"] for one in proof.change["resource_changes"]}
    unknown = {one["type"] for one in managed(proof)} - CHANGES.keys() - UNCHANGING.keys()
    assert unknown == set(), "say in tests/terraform/changes.py how these change in place"
    expected = {one["address"]: ["update"] if one["type"] in CHANGES else ["no-op"] for one in managed(proof)}
    assert {address: actions for address, actions in done.items() if address in expected} == expected


def test_the_api_has_what_was_changed(proof):
    types = {one["address"]: one["type"] for one in managed(proof)}
    wrong = {
        (address, path): at(answer, path)
        for address, answer in proof.found.items()
        for path, value in CHANGES[types[address]].kept.items()
        if at(answer, path) != value
    }
    assert proof.found and wrong == {}


def test_what_nobody_sent_is_not_invented(proof):
    """All that an API answers was sent to it, or is what Google's reference says that the server makes."""
    types = {one["address"]: one["type"] for one in managed(proof)}
    invented = {}
    for name, answer in proof.found.items():
        strange = paths(answer) - sent(proof, proof.where[name]) - CHANGES[types[name]].made
        if strange:
            invented[types[name]] = sorted(strange)
    assert invented == {}


def sent(proof, where):
    """The paths of all that was sent to a resource and its collection; some wrap the resource in a field."""
    known = (named(proof, f"/{where}"), named(proof, f"/{where.rsplit('/', 1)[0]}"))
    bodies = [one["body"] for one in proof.sent if one["body"] and named(proof, one["path"]) in known]
    wrapped = [each for body in bodies for each in body.values() if isinstance(each, dict)]
    return {path for body in bodies + wrapped for path in paths(body)}


def named(proof, path):
    """A project's number and its id are the same."""
    return path.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{proof.outputs['project_id']}/")


def at(answer, path):
    for name in path.split("."):
        answer = answer.get(name, {})
    return answer


def paths(value, start=""):
    if isinstance(value, dict):
        return {one for name, each in value.items() for one in paths(each, f"{start}.{name}")} or {start[1:]}
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return {one for each in value for one in paths(each, start)}
    return {start[1:]}


def test_what_is_destroyed_is_gone_and_prod_refuses_to_go(proof, env):
    told = proof.destroyed
    if env == "prod":
        assert told.returncode == 1
        assert "prod is protected, and this plan ends" in told.stderr
        assert "Nothing was destroyed." in told.stderr and "protected = false" in told.stderr
        assert set(proof.left.values()) == {False}
    else:
        assert f"0 added, 0 changed, {len(managed(proof))} destroyed." in told.stdout, told.stderr
        assert set(proof.left.values()) == {True}
