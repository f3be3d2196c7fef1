"""The whole of workspace `local`, made and unmade by the real provider, as a person does it."""

import json
import re

import pytest
import requests

from sandbox import environment
from sandbox.process import running

pytestmark = pytest.mark.timeout(
    180
)  # measured on 2 idle cores: under 60 s, nearly all of it waiting for grants


def test_local_is_applied_finds_nothing_to_change_and_is_destroyed(tree, tmp_path):
    with running(tmp_path) as state:
        made = tree.script("bootstrap", "--env", "local", state=state)
        assert "gs://sandbox-local-terraform-state was made" in made.stdout, made.stderr

        applied = tree.script("deploy", "apply", "--env", "local", "--yes", state=state)
        assert applied.returncode == 0, applied.stdout[-2000:] + applied.stderr
        [planned] = re.findall(r"Would be (\d+) created\.\n", applied.stdout)
        assert f"Apply complete! Resources: {planned} added, 0 changed, 0 destroyed." in applied.stdout

        outputs = json.loads(tree.script("deploy", "output", "--env", "local", state=state).stdout)
        assert is_there(state, outputs)

        deliver(f"{state.address}/run/v2/{outputs['jobs']['connector']}")
        again = tree.terraform(
            "environments",
            "plan",
            "-detailed-exitcode",
            "-no-color",
            "-var-file=local.tfvars",
            **environment.terraform(state),
        )
        assert again.returncode == 0, again.stdout + again.stderr

        gone = tree.script("deploy", "destroy", "--env", "local", "--yes", state=state)
        assert f"Apply complete! Resources: 0 added, 0 changed, {planned} destroyed." in gone.stdout, (
            gone.stderr
        )
        assert not is_there(state, outputs)


def is_there(state, outputs):
    """The statuses of what was made, asked of the sandbox itself: all there, or all gone."""
    paths = [
        f"storage/v1/b/{outputs['bucket'].removeprefix('gs://')}",
        *(f"run/v2/{job}" for job in outputs["jobs"].values()),
        *(f"bigquery/v2/{dataset}" for dataset in outputs["datasets"].values()),
        f"bigquery/v2/{outputs['datasets']['raw']}/tables/sales",
        f"dataform/v1/{outputs['dataform_repository']}",
        *(
            f"secretmanager/v1/projects/{state.project}/secrets/{name}"
            for name in outputs["secrets"].values()
        ),
        *(
            f"iam/v1/projects/{state.project}/serviceAccounts/{email}"
            for email in outputs["identities"].values()
        ),
    ]
    found = {requests.get(f"{state.address}/{path}", timeout=10).status_code for path in paths}
    assert found in ({200}, {404}), found
    return found == {200}


def deliver(job):
    """What delivery does: another image, under its own name. Terraform must see no difference in it."""
    found = requests.get(job, timeout=10).json()
    container = found["template"]["template"]["containers"][0]
    container["image"] = f"europe-west1-docker.pkg.dev/sandbox-local/jobs/connector@sha256:{'0' * 64}"
    sent = {"template": found["template"], "labels": found["labels"], "client": "gcloud"}
    answer = requests.patch(job, json=sent, timeout=10)
    assert answer.ok, answer.text
    delivered = requests.get(job, timeout=10).json()
    assert (delivered["template"], delivered["client"]) == (found["template"], "gcloud")
