"""python -m pipeline as Cloud Run starts it: arguments, environment, a lease in the bucket, an exit code."""

import json
import subprocess
import sys
import time
import uuid

import pytest
import requests

from pipeline.settings import NEEDED
from sandbox import environment


def pipeline(*arguments, environ=None):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"} | (environ or {}),
        timeout=120,
    )


def said(done):
    return [json.loads(line) for line in done.stderr.splitlines()]


class Project:
    """A bucket and jobs of one test's own; `pipeline` runs as the identity of that name."""

    def __init__(self, sandbox):
        self.sandbox, self.mine = sandbox, uuid.uuid4().hex[:8]
        self.identity = sandbox.identity(f"pipeline-{self.mine}")
        self.location = f"projects/{sandbox.project}/locations/europe-west1"
        self.settings = dict.fromkeys(NEEDED, "unused") | {
            "PROJECT_ID": sandbox.project,
            "REGION": "europe-west1",
            "BUCKET": f"landing-{self.mine}",
            "SHEETS_SYNC_JOB": f"sheets-sync-{self.mine}",
        }
        self.post("storage/v1/b", {"name": self.settings["BUCKET"]}, project=sandbox.project)
        accounts = f"iam/v1/projects/{sandbox.project}/serviceAccounts"
        self.post(accounts, {"accountId": f"pipeline-{self.mine}", "serviceAccount": {}})

    @property
    def environ(self):
        return environment.clients(self.sandbox, self.identity) | self.settings

    def post(self, path, body, **parameters):
        answer = requests.post(f"{self.sandbox.address}/{path}", json=body, params=parameters, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def declare(self, job, *command):
        """A job that the pipeline may start."""
        variables = [{"name": name, "value": value} for name, value in self.settings.items()]
        container = {"image": "python", "command": list(command), "env": variables}
        template = {"serviceAccount": self.identity, "containers": [container], "maxRetries": 0}
        self.post(f"run/v2/{self.location}/jobs", {"template": {"template": template}}, jobId=job)
        binding = {"role": "roles/run.jobsExecutor", "members": [f"serviceAccount:{self.identity}"]}
        self.post(f"run/v2/{self.location}/jobs/{job}:setIamPolicy", {"policy": {"bindings": [binding]}})

    def lease(self):
        """What is in it; None when there is none."""
        path = f"{self.settings['BUCKET']}/o/pipeline%2Flease.json?alt=media"
        answer = requests.get(f"{self.sandbox.address}/storage/v1/b/{path}", timeout=10)
        return answer.json() if answer.ok else None

    def until(self, seen):
        deadline = time.monotonic() + 60
        while not seen():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def project(sandbox):
    return Project(sandbox)


def test_a_run_ends_with_0_and_puts_its_lease_down(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "print('published')")
    done = pipeline("daily", "--from", "sheets_sync", environ=project.environ)
    step, table = said(done)
    assert done.returncode == 0
    assert (step["step"], step["severity"], step["schedule"]) == ("sheets_sync", "INFO", "daily")
    assert table["message"].splitlines()[1].startswith("sheets_sync  succeeded")
    assert project.lease() is None


def test_a_failure_ends_with_1_and_says_how_to_go_on(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "raise SystemExit(3)")
    done = pipeline("daily", "--from", "sheets_sync", environ=project.environ)
    assert done.returncode == 1
    assert "exit code: 3" in said(done)[-1]["message"]
    assert said(done)[-1]["message"].endswith("python -m pipeline daily --from sheets_sync")
    assert project.lease() is None


def test_a_second_run_leaves_at_once_and_a_cancelled_one_puts_its_lease_down(project):
    project.declare(project.settings["SHEETS_SYNC_JOB"], "python", "-c", "import time; time.sleep(300)")
    first = f"pipeline-{project.mine}"
    project.declare(first, "python", "-m", "pipeline", "hourly", "--from", "sheets_sync")
    execution = project.post(f"run/v2/{project.location}/jobs/{first}:run", {})["metadata"]["name"]
    project.until(project.lease)
    second = pipeline("hourly", environ=project.environ)
    (line,) = said(second)
    assert (second.returncode, line["severity"]) == (0, "WARNING")
    assert execution in line["message"]
    assert line["message"].endswith("Nothing was done.")
    assert project.lease()["execution"] == execution
    project.post(f"run/v2/{execution}:cancel", {})
    project.until(lambda: project.lease() is None)


def test_all_that_is_missing_is_named_at_once():
    done = pipeline("hourly", environ={"REGION": "europe-west1"})
    line = json.loads(done.stderr)
    missing = ", ".join(name for name in NEEDED if name != "REGION")
    assert (done.returncode, line["severity"]) == (2, "ERROR")
    assert line["message"] == f"missing {missing}. Terraform gives them to the Run Job."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["weekly"], "invalid choice: 'weekly'"),
        (["hourly", "--from", "connector:products"], "'connector:products' is no step of hourly"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, says):
    done = pipeline(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
