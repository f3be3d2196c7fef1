"""Cloud Run jobs as Google's client sees them, and what their containers find."""

import json
import signal
import socket
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import Aborted, BadRequest, Cancelled, GoogleAPICallError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

PROJECT = "projects/sandbox-local"
PARENT = f"{PROJECT}/locations/europe-west1"
IDENTITY = "reader@sandbox-local.iam.gserviceaccount.com"
SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"
# Holds a connection open, and so does what it starts: the other end reads its end when both are gone.
HOLD = """
import socket, subprocess, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.set_inheritable(True)
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
"""


@pytest.fixture
def clients(control_plane):
    return connect(control_plane)


def connect(state):
    options = {"api_endpoint": f"{state.address}/run"}
    keywords = {"transport": "rest", "client_options": options, "credentials": AnonymousCredentials()}
    return run_v2.JobsClient(**keywords), run_v2.ExecutionsClient(**keywords)


@pytest.fixture
def line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def port(line):
    return str(line.getsockname()[1])


def ended(connection):
    """Waits until nobody holds the other end."""
    connection.settimeout(20)
    return connection.recv(1) == b""


def create(clients, name, script, env=(), retries=0, timeout=None, tasks=1, command="python"):
    container = {"image": "none", "command": [command, "-c", script], "args": ["declared"], "env": list(env)}
    template = {"containers": [container], "max_retries": retries, "service_account": IDENTITY}
    if timeout:
        template["timeout"] = {"seconds": timeout}
    job = {"template": {"template": template, "task_count": tasks}}
    return clients[0].create_job(parent=PARENT, job=job, job_id=name).result().name


def run(clients, job, **override):
    overrides = {"container_overrides": [override]} if override else {}
    return clients[0].run_job(run_v2.RunJobRequest(name=job, overrides=overrides))


def output(execution):
    return requests.get(execution.log_uri, timeout=10).text


def completed(execution):
    return next(one for one in execution.conditions if one.type_ == "Completed")


def failed(clients, operation, error):
    """The execution behind an operation that raises."""
    with pytest.raises(error):
        operation.result()
    return clients[1].get_execution(name=operation.metadata.name)


def test_a_container_finds_what_its_job_declares_and_what_cloud_run_adds(clients, control_plane):
    env = [{"name": "DECLARED", "value": "yes"}, {"name": "RETAIL_URL", "value": "https://placeholder"}]
    execution = run(clients, create(clients, "shows", SHOW, env)).result()
    arguments, found, folder = json.loads(output(execution))
    assert arguments == ["declared"]
    assert (Path(folder) / "sandbox" / "jobs").exists()
    assert found["DECLARED"] == "yes"
    assert found["RETAIL_URL"] == f"{control_plane.address}/retail/v1"  # Terraform cannot know the port
    assert found["GCE_METADATA_HOST"].endswith(f"/metadata/{IDENTITY}")
    assert {name: value for name, value in found.items() if name.startswith("CLOUD_RUN_")} == {
        "CLOUD_RUN_JOB": "shows",
        "CLOUD_RUN_EXECUTION": execution.name.rsplit("/", 1)[-1],
        "CLOUD_RUN_TASK_INDEX": "0",
        "CLOUD_RUN_TASK_ATTEMPT": "0",
        "CLOUD_RUN_TASK_COUNT": "1",
    }
    assert found["HOME"] == str(control_plane.root / "home")
    assert "USER" not in found  # nothing of the person who started the sandbox
    assert "PYTEST_CURRENT_TEST" not in found


def test_an_execution_that_succeeds_says_so(clients):
    execution = run(clients, create(clients, "succeeds", "pass")).result()
    assert (execution.succeeded_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    assert completed(execution).state.name == "CONDITION_SUCCEEDED"
    assert execution.create_time <= execution.start_time <= execution.completion_time
    assert [
        one.name for one in clients[1].list_executions(parent=execution.name.split("/executions")[0])
    ] == [execution.name]


def test_overrides_replace_arguments_and_variables_of_one_execution(clients):
    env = [{"name": "KEPT", "value": "1"}, {"name": "CHANGED", "value": "1"}]
    job = create(clients, "overridden", SHOW, env)
    asked = [{"name": "CHANGED", "value": "2"}, {"name": "RETAIL_URL", "value": "http://127.0.0.1:1"}]
    arguments, found, _ = json.loads(output(run(clients, job, args=["a", "b"], env=asked).result()))
    assert arguments == ["a", "b"]
    assert (found["KEPT"], found["CHANGED"], found["RETAIL_URL"]) == ("1", "2", "http://127.0.0.1:1")
    assert json.loads(output(run(clients, job).result()))[0] == ["declared"]


def test_a_failure_raises_after_its_retries_and_is_told(clients):
    job = create(
        clients, "fails", "import os; print(os.environ['CLOUD_RUN_TASK_ATTEMPT']); exit(3)", retries=2
    )
    execution = failed(clients, run(clients, job), Aborted)
    assert (execution.succeeded_count, execution.failed_count) == (0, 1)
    assert completed(execution).execution_reason.name == "NON_ZERO_EXIT_CODE"
    assert "0/1 tasks were a success" in completed(execution).message
    name = execution.name.rsplit("/", 1)[-1]
    assert output(execution).splitlines() == ["0", "1", "2", f"Task {name}-task0 failed with exit code: 3"]


def test_a_retry_that_succeeds_is_a_success(clients):
    script = "import os; exit(os.environ['CLOUD_RUN_TASK_ATTEMPT'] == '0')"
    assert run(clients, create(clients, "second-time", script, retries=1)).result().succeeded_count == 1


def test_every_task_runs_with_its_index(clients):
    script = "import os; print(os.environ['CLOUD_RUN_TASK_INDEX'], os.environ['CLOUD_RUN_TASK_COUNT'])"
    execution = run(clients, create(clients, "many", script, tasks=3)).result()
    assert (execution.succeeded_count, output(execution)) == (3, "0 3\n1 3\n2 3\n")


def test_a_task_ends_at_its_timeout_with_all_that_it_started(clients, line):
    operation = run(clients, create(clients, "slow", HOLD, timeout=1), args=[port(line)])
    with line.accept()[0] as connection:
        assert ended(connection)
    assert "maximum timeout of 1s" in completed(failed(clients, operation, Aborted)).message


def test_a_cancelled_execution_ends_with_all_that_it_started(clients, line):
    operation = run(clients, create(clients, "cancelled", HOLD), args=[port(line)])
    name = operation.metadata.name
    with line.accept()[0] as connection:
        assert clients[1].cancel_execution(name=name).result().cancelled_count == 1
        assert ended(connection)
    execution = failed(clients, operation, Cancelled)
    assert completed(execution).execution_reason.name == "CANCELLED"
    with pytest.raises(BadRequest, match="is not running"):
        clients[1].cancel_execution(name=name)


def test_a_command_that_does_not_exist_fails_the_task(clients):
    execution = failed(clients, run(clients, create(clients, "typo", "", command="pyhton")), Aborted)
    assert "pyhton" in output(execution)


# Secrets in the environment


SECRETS = f"secretmanager/v1/{PROJECT}/secrets"


def make_secret(call, name, readable=True):
    call("POST", f"{SECRETS}?secretId={name}", {"replication": {"automatic": {}}})
    if readable:
        call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "reader", "serviceAccount": {}})
        members = [f"serviceAccount:{IDENTITY}"]
        policy = {"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": members}]}
        assert call("POST", f"{SECRETS}/{name}:setIamPolicy", {"policy": policy}).ok
    return [{"name": "KEY", "value_source": {"secret_key_ref": {"secret": name, "version": "latest"}}}]


def test_a_secret_is_read_when_the_execution_starts(clients, call):
    job = create(clients, "keyed", "import os; print(os.environ['KEY'])", make_secret(call, "rotated"))
    for data, text in (("Zmlyc3Q=", "first\n"), ("c2Vjb25k", "second\n")):
        call("POST", f"{SECRETS}/rotated:addVersion", {"payload": {"data": data}})
        assert output(run(clients, job).result()) == text


@pytest.mark.parametrize(
    ("name", "readable", "versions", "reason"),
    [
        ("empty", True, 0, "versions/latest was not found"),
        ("locked", False, 1, "Permission denied on secret"),
    ],
)
def test_a_secret_that_cannot_be_read_fails_the_execution(clients, call, name, readable, versions, reason):
    job = create(clients, f"job-{name}", "print('started')", make_secret(call, name, readable))
    for _ in range(versions):
        call("POST", f"{SECRETS}/{name}:addVersion", {"payload": {"data": "eA=="}})
    execution = failed(clients, run(clients, job), GoogleAPICallError)
    assert reason in completed(execution).message
    assert completed(execution).reason.name == "SECRETS_ACCESS_CHECK_FAILED"
    assert "started" not in output(execution)


# What the API refuses


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("jobs?jobId=new", {"template": {"template": {"containers": []}}}, 400),
        ("jobs?jobId=new", {"template": {"template": {"containers": [{"image": "i"}], "retries": 1}}}, 400),
        ("jobs?jobId=Upper", {"template": {"template": {"containers": [{"image": "i"}]}}}, 400),
        ("jobs", {"template": {"template": {"containers": [{"image": "i"}]}}}, 400),
        ("jobs/strict:run", {"override": {}}, 400),
        ("jobs/strict:run", {"overrides": {"containerOverrides": [{"arguments": []}]}}, 400),
        ("jobs/strict:run", {"overrides": {"containerOverrides": [{"name": "other", "args": []}]}}, 400),
        ("jobs/absent:run", {}, 404),
        ("jobs/strict:start", {}, 404),
    ],
)
def test_wrong_requests_are_refused(clients, call, path, body, code):
    call(
        "POST",
        f"run/v2/{PARENT}/jobs?jobId=strict",
        {"template": {"template": {"containers": [{"image": "i"}]}}},
    )
    answer = call("POST", f"run/v2/{PARENT}/{path}", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code)
    assert "executions" not in call("GET", f"run/v2/{PARENT}/jobs/strict/executions").json()


@pytest.mark.parametrize("path", ["absent/absent-abcde", "..%2f..", "jobs/..", "x/%2e%2e%2fserver"])
def test_a_log_is_served_for_an_execution_and_for_nothing_else(call, path):
    assert call("GET", f"run/logs/{path}").status_code == 404


def test_a_deleted_job_takes_its_executions_with_it(clients, line):
    job = create(clients, "deleted", HOLD)
    operation = run(clients, job, args=[port(line)])
    with line.accept()[0] as connection:
        assert clients[0].delete_job(name=job).result().name == job
        assert ended(connection)
    with pytest.raises(NotFound):
        clients[1].get_execution(name=operation.metadata.name)


def test_commands_die_with_the_sandbox_and_their_executions_are_over_after_it(restartable, line):
    with restartable() as (state, process):
        operation = run(connect(state), create(connect(state), "orphan", HOLD), args=[port(line)])
        with line.accept()[0] as connection:
            process.send_signal(signal.SIGKILL)
            assert ended(connection)
    with restartable() as (state, _):
        execution = connect(state)[1].get_execution(name=operation.metadata.name)
        assert (execution.cancelled_count, completed(execution).state.name) == (1, "CONDITION_FAILED")
