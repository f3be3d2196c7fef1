"""python -m pipeline as Cloud Run starts it: arguments, environment, a lease in the bucket, an exit code."""

import json
import subprocess
import sys
import time
import uuid

import pytest
import requests

from pipeline.settings import REQUIRED, read_settings
from runtime.errors import SettingsError
from sandbox import environment

# Valid, and of no project.
SETTINGS = dict.fromkeys(REQUIRED, "unused") | {
    "CONNECTOR_ENDPOINTS": '{"retail/sales": "hourly"}',
    "WATCHED_RUNS": "24",
}


def run_command(*arguments, environ=None):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"} | (environ or {}),
        timeout=120,
    )


def log_lines(result):
    return [json.loads(line) for line in result.stderr.splitlines()]


class Project:
    """A bucket, jobs and an identity that no other test uses."""

    def __init__(self, sandbox):
        self.sandbox, self.suffix = sandbox, uuid.uuid4().hex[:8]
        self.identity = sandbox.identity(f"pipeline-{self.suffix}")
        self.location = f"projects/{sandbox.project}/locations/europe-west1"
        self.settings = SETTINGS | {
            "PROJECT_ID": sandbox.project,
            "REGION": "europe-west1",
            "BUCKET": f"landing-{self.suffix}",
            "SHEETS_SYNC_JOB": f"sheets-sync-{self.suffix}",
            "REPORT_JOB": f"report-{self.suffix}",
        }
        self.post("storage/v1/b", {"name": self.settings["BUCKET"]}, project=sandbox.project)
        accounts = f"iam/v1/projects/{sandbox.project}/serviceAccounts"
        self.post(accounts, {"accountId": f"pipeline-{self.suffix}", "serviceAccount": {}})
        policy = {"bindings": [self.binding("roles/storage.objectUser")]}
        bucket = f"{sandbox.address}/storage/v1/b/{self.settings['BUCKET']}"
        assert requests.put(f"{bucket}/iam", json=policy, timeout=30).ok

    @property
    def environ(self):
        return environment.clients(self.sandbox, self.identity) | self.settings

    def post(self, path, body, **parameters):
        answer = requests.post(f"{self.sandbox.address}/{path}", json=body, params=parameters, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def binding(self, role):
        return {"role": role, "members": [f"serviceAccount:{self.identity}"]}

    def declare(self, job, *command):
        """A job that the pipeline may start."""
        variables = [{"name": name, "value": value} for name, value in self.settings.items()]
        container = {"image": "python", "command": list(command), "env": variables}
        template = {"serviceAccount": self.identity, "containers": [container], "maxRetries": 0}
        self.post(f"run/v2/{self.location}/jobs", {"template": {"template": template}}, jobId=job)
        bindings = [
            self.binding(role) for role in ("roles/run.jobsExecutorWithOverrides", "roles/run.viewer")
        ]
        self.post(f"run/v2/{self.location}/jobs/{job}:setIamPolicy", {"policy": {"bindings": bindings}})

    def lease(self):
        """Content of the lease object; None if it is absent."""
        path = f"{self.settings['BUCKET']}/o/pipeline%2Flease.json?alt=media"
        answer = requests.get(f"{self.sandbox.address}/storage/v1/b/{path}", timeout=10)
        return answer.json() if answer.ok else None

    def wait_until(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def project(sandbox):
    return Project(sandbox)


def test_a_successful_run_exits_with_0_and_releases_its_lease(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "print('published')")
    project.declare(project.settings["REPORT_JOB"], "python", "-c", "print('page')")
    result = run_command("daily", "--from", "sheets_sync", environ=project.environ)
    step, table, measured, judged, page = log_lines(result)
    assert result.returncode == 0
    assert (step["step"], step["severity"], step["schedule"]) == ("sheets_sync", "INFO", "daily")
    assert table["message"].splitlines()[1].startswith("sheets_sync  succeeded")
    assert (measured["measurement"], judged["watch"]) == ("failed", "failed")  # this project has no ops
    assert (page["step"], page["state"]) == ("report", "succeeded")
    assert project.lease() is None


def test_a_failed_run_exits_with_1_and_names_the_resume_command(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "raise SystemExit(3)")
    project.declare(project.settings["REPORT_JOB"], "python", "-c", "print('page')")
    result = run_command("daily", "--from", "sheets_sync", environ=project.environ)
    assert result.returncode == 1
    assert "exit code: 3" in log_lines(result)[-1]["message"]
    assert log_lines(result)[-1]["message"].endswith("python -m pipeline daily --from sheets_sync")
    assert project.lease() is None


def test_a_second_run_does_nothing_and_a_cancelled_run_releases_its_lease(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "import time; time.sleep(300)")
    first = f"pipeline-{project.suffix}"
    project.declare(first, "python", "-m", "pipeline", "hourly", "--from", "sheets_sync")
    execution = project.post(f"run/v2/{project.location}/jobs/{first}:run", {})["metadata"]["name"]
    project.wait_until(project.lease)
    second = run_command("hourly", environ=project.environ)
    (line,) = log_lines(second)
    assert (second.returncode, line["severity"]) == (0, "WARNING")
    assert execution in line["message"]
    assert line["message"].endswith("Nothing was done; retry later.")
    assert project.lease()["execution"] == execution
    project.post(f"run/v2/{execution}:cancel", {})
    project.wait_until(lambda: project.lease() is None)


def test_all_missing_settings_are_named_at_once():
    result = run_command("hourly", environ={"REGION": "europe-west1"})
    line = json.loads(result.stderr)
    missing = ", ".join(name for name in REQUIRED if name != "REGION")
    assert (result.returncode, line["severity"]) == (2, "ERROR")
    remedy = "Terraform sets them on the Run job; in a shell, export them."
    assert line["message"] == f"missing environment variables: {missing}. {remedy}"


@pytest.mark.parametrize("text", ["8", '{"erp/invoices": "8"}', '{"erp/invoices": 0}', "{"])
def test_invalid_numbers_of_tasks_are_rejected(text):
    with pytest.raises(SettingsError, match="invalid CONNECTOR_TASKS"):
        read_settings(SETTINGS | {"CONNECTOR_TASKS": text})


def test_the_number_of_tasks_of_an_endpoint_is_read():
    tasks = '{"erp/invoices": 8}'
    assert read_settings(SETTINGS | {"CONNECTOR_TASKS": tasks}).tasks == {"erp/invoices": 8}
    assert read_settings(SETTINGS).tasks == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["weekly"], "invalid choice: 'weekly'"),
        (
            ["hourly", "--from", "connector:retail/products"],
            "invalid --from 'connector:retail/products': the steps of hourly are",
        ),
    ],
)
def test_wrong_arguments_are_rejected_before_any_request(arguments, message):
    result = run_command(*arguments, environ=SETTINGS)
    assert result.returncode == 2
    (line,) = log_lines(result)
    assert message in line["message"]
