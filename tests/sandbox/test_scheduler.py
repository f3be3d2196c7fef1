"""Scheduler jobs: what they send, as whom, and what is kept of it."""

import base64
import json

import pytest

PARENT = "projects/sandbox-local/locations/europe-west1"
PROJECT = "projects/sandbox-local"
IDENTITY = "starter@sandbox-local.iam.gserviceaccount.com"
JOBS = f"scheduler/v1/{PARENT}/jobs"
SHOW = "import sys; print(*sys.argv[1:])"


def schedule(name, uri="https://run.googleapis.com/", **more):
    return {"name": f"{PARENT}/jobs/{name}", "schedule": "5 * * * *", "httpTarget": {"uri": uri} | more}


def encoded(body):
    return base64.b64encode(json.dumps(body).encode()).decode()


def run_target(job, body):
    uri = f"https://run.googleapis.com/v2/{PARENT}/jobs/{job}:run"
    return {"uri": uri, "body": encoded(body), "oauthToken": {"serviceAccountEmail": IDENTITY}}


def grant(call, role):
    """On the job `scheduled`, to the identity that the schedules run as."""
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "starter", "serviceAccount": {}})
    policy = {"bindings": [{"role": role, "members": [f"serviceAccount:{IDENTITY}"]}]}
    assert call("POST", f"run/v2/{PARENT}/jobs/scheduled:setIamPolicy", {"policy": policy}).ok


def test_a_run_by_hand_starts_the_cloud_run_job_paused_or_not(call):
    container = {"image": "i", "command": ["python", "-c", SHOW]}
    template = {"template": {"template": {"containers": [container]}}}
    assert call("POST", f"run/v2/{PARENT}/jobs?jobId=scheduled", template).ok
    grant(call, "roles/run.developer")
    target = run_target("scheduled", {"overrides": {"containerOverrides": [{"args": ["hourly"]}]}})
    call("POST", JOBS, schedule("by-hand", **target))
    assert call("POST", f"{JOBS}/by-hand:pause", {}).json()["state"] == "PAUSED"
    ran = call("POST", f"{JOBS}/by-hand:run", {}).json()
    assert (ran["status"], ran["state"]) == ({}, "PAUSED")
    assert ran["lastAttemptTime"] == call("GET", f"{JOBS}/by-hand").json()["lastAttemptTime"]
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
def test_the_identity_of_a_schedule_needs_the_permission_to_run(call, role, overrides, code):
    template = {"template": {"template": {"containers": [{"image": "i", "command": ["true"]}]}}}
    call("POST", f"run/v2/{PARENT}/jobs?jobId=scheduled", template)
    grant(call, role)
    call("DELETE", f"{JOBS}/granted")
    call("POST", JOBS, schedule("granted", **run_target("scheduled", overrides)))
    assert call("POST", f"{JOBS}/granted:run", {}).json()["status"].get("code") == code


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("absent", run_target("absent", {}), 5),
        ("unknown-field", run_target("scheduled", {"arguments": ["hourly"]}), 3),
        ("elsewhere", {"uri": "https://example.com/hook"}, 14),  # nothing leaves the machine
        ("nobody-listens", {"uri": "http://127.0.0.1:9/hook"}, 14),
    ],
)
def test_a_request_that_fails_leaves_its_status(call, name, target, code):
    assert call("POST", JOBS, schedule(name, **target)).ok
    assert call("POST", f"{JOBS}/{name}:run", {}).json()["status"]["code"] == code
    assert call("GET", f"{JOBS}/{name}").json()["status"]["code"] == code


def test_an_update_keeps_the_state_and_replaces_the_rest(call):
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
def test_a_wrong_job_is_refused(call, body):
    answer = call("POST", JOBS, body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert call("GET", f"{JOBS}/wrong").status_code == 404
