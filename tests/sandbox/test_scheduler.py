"""Scheduler jobs: the request that they send, its identity, and the stored outcome."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from requests import Response

PARENT = "projects/sandbox-local/locations/europe-west1"
PROJECT = "projects/sandbox-local"
IDENTITY = "starter@sandbox-local.iam.gserviceaccount.com"
JOBS = f"scheduler/v1/{PARENT}/jobs"
SHOW = "import sys; print(*sys.argv[1:])"


def schedule(name: str, uri: str = "https://run.googleapis.com/", **more: Any) -> dict[str, Any]:
    return {"name": f"{PARENT}/jobs/{name}", "schedule": "5 * * * *", "httpTarget": {"uri": uri} | more}


def encoded(body: Any) -> str:
    return base64.b64encode(json.dumps(body).encode()).decode()


def run_target(job: str, body: Any) -> dict[str, Any]:
    uri = f"https://run.googleapis.com/v2/{PARENT}/jobs/{job}:run"
    return {"uri": uri, "body": encoded(body), "oauthToken": {"serviceAccountEmail": IDENTITY}}


def grant(call: Callable[..., Response], role: str) -> None:
    """Grants `role` on the job `scheduled` to the service account of the schedules."""
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "starter", "serviceAccount": {}})
    policy = {"bindings": [{"role": role, "members": [f"serviceAccount:{IDENTITY}"]}]}
    assert call("POST", f"run/v2/{PARENT}/jobs/scheduled:setIamPolicy", {"policy": policy}).ok


def test_a_manual_run_starts_the_cloud_run_job_even_if_paused(call: Callable[..., Response]) -> None:
    container = {"image": "i", "command": ["python", "-c", SHOW]}
    template = {"template": {"template": {"containers": [container]}}}
    assert call("POST", f"run/v2/{PARENT}/jobs?jobId=scheduled", template).ok
    grant(call, "roles/run.developer")
    target = run_target("scheduled", {"overrides": {"containerOverrides": [{"args": ["hourly"]}]}})
    call("POST", JOBS, schedule("manual", **target))
    assert call("POST", f"{JOBS}/manual:pause", {}).json()["state"] == "PAUSED"
    job = call("POST", f"{JOBS}/manual:run", {}).json()
    assert (job["status"], job["state"]) == ({}, "PAUSED")
    assert job["lastAttemptTime"] == call("GET", f"{JOBS}/manual").json()["lastAttemptTime"]
    (execution,) = call("GET", f"run/v2/{PARENT}/jobs/scheduled/executions").json()["executions"]
    assert execution["template"]["containers"][0]["args"] == ["hourly"]


@pytest.mark.parametrize(
    ("role", "overrides", "code"),
    [
        ("roles/run.viewer", {}, 7),
        ("roles/run.invoker", {}, None),
        ("roles/run.invoker", {"overrides": {"taskCount": 1}}, 7),  # a permission of its own
        ("roles/run.jobsExecutorWithOverrides", {"overrides": {"taskCount": 1}}, None),
    ],
)
def test_the_service_account_needs_the_permission_to_run(
    call: Callable[..., Response], role: str, overrides: dict[str, Any], code: int | None
) -> None:
    template = {"template": {"template": {"containers": [{"image": "i", "command": ["true"]}]}}}
    call("POST", f"run/v2/{PARENT}/jobs?jobId=scheduled", template)
    grant(call, role)
    call("DELETE", f"{JOBS}/granted")
    call("POST", JOBS, schedule("granted", **run_target("scheduled", overrides)))
    assert call("POST", f"{JOBS}/granted:run", {}).json()["status"].get("code") == code


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("absent", {"uri": f"https://run.googleapis.com/v2/{PARENT}/jobs/absent:run"}, 5),
        ("unknown-field", run_target("scheduled", {"arguments": ["hourly"]}), 3),
        ("elsewhere", {"uri": "https://example.com/hook"}, 14),  # requests must not leave the machine
        ("connection-refused", {"uri": "http://127.0.0.1:9/hook"}, 14),
    ],
)
def test_the_status_of_a_failed_request_is_stored(
    call: Callable[..., Response], name: str, target: dict[str, Any], code: int | None
) -> None:
    assert call("POST", JOBS, schedule(name, **target)).ok
    assert call("POST", f"{JOBS}/{name}:run", {}).json()["status"]["code"] == code
    assert call("GET", f"{JOBS}/{name}").json()["status"]["code"] == code


def test_an_update_replaces_all_fields_except_the_state(call: Callable[..., Response]) -> None:
    call("POST", JOBS, schedule("updated") | {"description": "old"})
    call("POST", f"{JOBS}/updated:pause", {})
    changed = call("PATCH", f"{JOBS}/updated", schedule("updated") | {"timeZone": "Europe/Berlin"}).json()
    assert (changed["state"], changed["timeZone"]) == ("PAUSED", "Europe/Berlin")
    assert "description" not in changed
    assert call("POST", f"{JOBS}/updated:resume", {}).json()["state"] == "ENABLED"
    assert changed["name"] in [job["name"] for job in call("GET", JOBS).json()["jobs"]]
    assert call("DELETE", f"{JOBS}/updated").json() == {}
    assert call("GET", f"{JOBS}/updated").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        schedule("wrong") | {"schedule": "hourly"},
        schedule("wrong") | {"schedule": "5 * * *"},
        schedule("wrong") | {"timeZone": "Europe/Nowhere"},
        schedule("wrong") | {"paused": True},
        schedule("wrong", uri="run.googleapis.com"),
        schedule("wrong", method="POST"),
        schedule("wrong", body="{}"),  # not base64
        schedule("wrong", uri="https://example.com/", oauthToken={"serviceAccountEmail": "a@b"}),
        schedule("wrong") | {"name": "projects/sandbox-local/locations/elsewhere/jobs/wrong"},
        {"name": f"{PARENT}/jobs/wrong", "schedule": "5 * * * *"},
        {"schedule": "5 * * * *", "httpTarget": {"uri": "https://run.googleapis.com/"}},
    ],
)
def test_an_invalid_job_is_rejected(call: Callable[..., Response], body: Any) -> None:
    response = call("POST", JOBS, body)
    assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert call("GET", f"{JOBS}/wrong").status_code == 404
