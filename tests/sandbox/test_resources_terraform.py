"""Terraform's real provider against the sandbox: apply, empty plan, update, destroy."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from sandbox import environment

ROOT = Path(__file__).parent / "resources.tf"
PARENT = "projects/sandbox-local/locations/europe-west1"
PROJECT = "projects/sandbox-local"
# Where a resource of the root module remains if a destroy misses it; deleted pools are not listed.
COLLECTIONS = [
    f"iam/v1/{PROJECT}/serviceAccounts",
    f"run/v2/{PARENT}/jobs",
    f"scheduler/v1/{PARENT}/jobs",
    f"secretmanager/v1/{PROJECT}/secrets",
    f"pubsub/v1/{PROJECT}/topics",
    f"pubsub/v1/{PROJECT}/subscriptions",
    f"monitoring/v3/{PROJECT}/notificationChannels",
    f"monitoring/v3/{PROJECT}/alertPolicies",
    f"monitoring/v1/{PROJECT}/dashboards",
    f"logging/v2/{PROJECT}/metrics",
    f"artifactregistry/v1/{PARENT}/repositories",
    f"iam/v1/{PROJECT}/locations/global/workloadIdentityPools",
    "billingbudgets/v1/billingAccounts/000000-000000-000000/budgets",
    f"bigquerydatatransfer/v1/{PROJECT}/locations/EU/transferConfigs",
]
# The provider waits after every grant, and most of an apply is waiting.
PARALLEL = ("-parallelism=40",)
UNCHANGED = 0  # of plan -detailed-exitcode; 2 would be a difference


@pytest.fixture(scope="module")
def terraform(provider, control_plane, tmp_path_factory):
    """Runs terraform in a copy of the root module, whose state is a local file."""
    folder = tmp_path_factory.mktemp("terraform")
    shutil.copy(ROOT, folder)
    (folder / "empty").touch()
    variables = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    variables |= environment.terraform(control_plane) | {
        "TF_CLI_CONFIG_FILE": "empty",
        "TF_IN_AUTOMATION": "1",
        "TF_VAR_next_rotation": (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds"),
    }

    def run(*arguments):
        command = ["terraform", *arguments, "-no-color"]
        return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)

    result = run("init", "-input=false")
    assert result.returncode == 0, result.stderr
    return run


def apply(terraform, *variables):
    """The numbers of added, changed and destroyed resources in Terraform's summary."""
    result = terraform("apply", "-auto-approve", "-json", *PARALLEL, *variables)
    assert result.returncode == 0, result.stdout
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    (summary,) = [
        line["changes"] for line in lines if line["type"] == "change_summary" and "Apply" in line["@message"]
    ]
    return summary["add"], summary["change"], summary["remove"]


def test_import_apply_empty_plan_change_run_destroy(terraform, control_plane):
    account = {"accountId": "terraformed", "serviceAccount": {"displayName": "Runs the job and its schedule"}}
    accounts = f"{control_plane.address}/iam/v1/{PROJECT}/serviceAccounts"
    assert requests.post(accounts, json=account, timeout=10).ok
    first = ("-var=note=first", "-var=paused=true")
    second = ("-var=note=second", "-var=paused=false")
    assert apply(terraform, *first) == (28, 0, 0)
    assert terraform("plan", "-detailed-exitcode", *first).returncode == UNCHANGED
    assert apply(terraform, *second) == (0, 18, 0)
    assert output_of_a_scheduled_run(control_plane) == "second value ['hourly']\n"
    rotated = f"{control_plane.address}/sandbox/secretmanager/rotate/terraformed-rotating"
    assert requests.post(rotated, timeout=10).ok
    # Neither the update nor the run nor the rotation is drift.
    assert terraform("plan", "-detailed-exitcode", *second).returncode == UNCHANGED
    assert terraform("destroy", "-auto-approve", "-refresh=false", *PARALLEL, *second).returncode == 0
    assert remaining(control_plane) == []


def remaining(state):
    """The collections that still have a resource of this root module, among those of other tests."""
    texts = {path: requests.get(f"{state.address}/{path}", timeout=10).text for path in COLLECTIONS}
    return [path for path, text in texts.items() if "terraformed" in text or '"second"' in text]


def output_of_a_scheduled_run(state):
    """Runs the scheduled job, with its identity and its secret; returns what the container prints."""
    secret = f"{state.address}/secretmanager/v1/projects/sandbox-local/secrets/terraformed"
    assert requests.post(f"{secret}:addVersion", json={"payload": {"data": "dmFsdWU="}}, timeout=10).ok
    job = f"{state.address}/scheduler/v1/{PARENT}/jobs/terraformed"
    assert requests.post(f"{job}:run", json={}, timeout=10).json()["status"] == {}
    executions = f"{state.address}/run/v2/{PARENT}/jobs/terraformed/executions"
    (execution,) = requests.get(executions, timeout=10).json()["executions"]
    operation = f"{state.address}/run/v2/{PARENT}/operations/run-{execution['uid']}"
    assert "response" in requests.get(operation, timeout=10).json()  # the server waits for its end
    return requests.get(execution["logUri"], timeout=10).text
