"""The workspaces local, dev and prod, created, changed and destroyed by the real provider.

All three in parallel, each in a sandbox of its own: an apply mostly waits for grants to settle.
"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.recorded_apply.replay import RECORD
from sandbox.state import PROJECT_NUMBER
from tests.terraform.changes import CHANGES, UNCHANGING
from tests.terraform.grants import planned_resources
from tests.terraform.proof import PROJECTS, changed_addresses, prove

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
    """Raises the error of a step: an apply that failed, or a plan that was not empty."""
    return proofs[env].result()


def managed_resources(proof):
    return planned_resources({"planned_values": proof.changed["prior_state"]["values"]})


def test_what_was_planned_is_applied(proof, env):
    [planned] = re.findall(r"Would be (\d+) created\.\n", proof.applied)
    assert f"Apply complete! Resources: {planned} added, 0 changed, 0 destroyed." in proof.applied
    assert (proof.outputs["project_id"], len(managed_resources(proof))) == (PROJECTS[env], int(planned))


def test_the_record_is_what_terraform_sends_now(proofs):
    recorded = proofs["local"].result().recorded
    assert recorded == RECORD.read_text().splitlines(), "the record is stale: run 'make record'"


def test_a_saved_plan_does_not_set_an_older_image(proofs):
    """hashicorp/terraform-provider-google#13435."""
    proof = proofs["prod"].result()
    image = "europe-west1-docker.pkg.dev/delivered/jobs/connector@sha256:"
    assert proof.reverting.returncode == 1
    assert (
        f"  job sheets-sync runs {image}{'b' * 64}, and the plan sets {image}{'0' * 64}\n"
        "Make a new plan: python -m scripts.deploy plan --env prod\n"
    ) in proof.reverting.stderr
    assert "Apply complete" not in proof.reverting.stdout
    [container] = proof.image_after["template"]["template"]["containers"]
    assert container["image"] == f"{image}{'b' * 64}"


def test_the_first_images_start_only_the_schedules(proof, env):
    """And the alert on missing loads. In dev everything stays paused, local has images from the beginning."""
    started = {re.sub(r"\[.*?\]", "", address) for address in changed_addresses(proof.started)}
    expected = {
        "module.alerts.google_monitoring_alert_policy.no_sales",
        "module.key_rotation_schedule.google_cloud_scheduler_job.schedule",
        "module.schedule.google_cloud_scheduler_job.schedule",
        "module.scheduled_queries.google_bigquery_data_transfer_config.queries",
    }
    assert started == (expected if env == "prod" else set())


def test_changes_by_hand_are_listed(proofs):
    result = proofs["local"].result().drifted
    assert result.returncode == 2, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert lines[1] == "  ~ module.landing.google_storage_bucket_iam_policy.access  (policy_data)"
    assert lines[2] == '  + module.schedule["hourly"].google_cloud_scheduler_job.schedule'
    assert lines[3].startswith('  ~ module.warehouse.google_bigquery_dataset.datasets["raw"]  (access')
    assert (
        lines[4].startswith(
            '  ~ module.warehouse.google_bigquery_table.tables["raw.sales"]  (description: By hand. → '
        )
        or lines[4] == '  ~ module.warehouse.google_bigquery_table.tables["raw.sales"]  (description)'
    )
    assert lines[5:] == [
        "grants",
        "  - projectReaders: bigquery.dataViewer on dataset raw",
        "  + serviceAccount:pipeline@sandbox-local.iam.gserviceaccount.com:"
        " storage.objectUser on bucket sandbox-local-landing, only pipeline/",
        "Would be 1 created, 3 changed.",
    ]


def test_a_saved_plan_is_applied_once(proofs):
    proof = proofs["prod"].result()
    changed = [item for item in proof.change["resource_changes"] if item["change"]["actions"] == ["update"]]
    assert f"Would be {len(changed)} changed." in proof.summary
    assert proof.repeated.returncode == 1 and "Saved plan is stale" in proof.repeated.stderr


def test_every_resource_changes_in_place(proof):
    """Or tests/terraform/changes.py has a reason why its type cannot."""
    resources = managed_resources(proof)
    actions = {item["address"]: item["change"]["actions"] for item in proof.change["resource_changes"]}
    unknown = {item["type"] for item in resources} - CHANGES.keys() - UNCHANGING.keys()
    assert unknown == set(), "add to tests/terraform/changes.py how these change in place"
    expected = {item["address"]: ["update"] if item["type"] in CHANGES else ["no-op"] for item in resources}
    assert {address: actions[address] for address in actions if address in expected} == expected


def test_the_api_has_the_changed_values(proof):
    types = {item["address"]: item["type"] for item in managed_resources(proof)}
    wrong = {
        (address, path): value_at(response, path)
        for address, response in proof.responses.items()
        for path, value in CHANGES[types[address]].expected.items()
        if value_at(response, path) != value
    }
    assert proof.responses and wrong == {}


def test_an_api_returns_only_what_was_sent(proof):
    """Or what Google's reference declares as set by the server."""
    types = {item["address"]: item["type"] for item in managed_resources(proof)}
    invented = {}
    for name, response in proof.responses.items():
        paths = field_paths(response) - sent_paths(proof, proof.addresses[name])
        if paths - CHANGES[types[name]].server_paths:
            invented[types[name]] = sorted(paths - CHANGES[types[name]].server_paths)
    assert invented == {}


def sent_paths(proof, address):
    """Paths of everything sent to a resource and its collection; some requests wrap it in a field."""
    targets = (with_project_id(proof, f"/{address}"), with_project_id(proof, f"/{address.rsplit('/', 1)[0]}"))
    bodies = [
        request["body"]
        for request in proof.requests
        if request["body"] and with_project_id(proof, request["path"]) in targets
    ]
    wrapped = [value for body in bodies for value in body.values() if isinstance(value, dict)]
    return {path for body in bodies + wrapped for path in field_paths(body)}


def with_project_id(proof, path):
    """A project's number and its id are equivalent."""
    return path.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{proof.outputs['project_id']}/")


def value_at(response, path):
    for name in path.split("."):
        response = response.get(name, {})
    return response


def field_paths(value, start=""):
    if isinstance(value, dict):
        return {path for name, each in value.items() for path in field_paths(each, f"{start}.{name}")} or {
            start[1:]
        }
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return {path for each in value for path in field_paths(each, start)}
    return {start[1:]}


def test_dev_is_destroyed_and_prod_refuses(proof, env):
    result = proof.destroyed
    if env == "prod":
        assert result.returncode == 1
        assert "prod is protected, and this plan destroys" in result.stderr
        assert "Nothing was destroyed." in result.stderr and "protected = false" in result.stderr
        assert set(proof.is_gone.values()) == {False}
    else:
        assert f"0 added, 0 changed, {len(managed_resources(proof))} destroyed." in result.stdout, (
            result.stderr
        )
        assert set(proof.is_gone.values()) == {True}
