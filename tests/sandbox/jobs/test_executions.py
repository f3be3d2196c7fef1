"""Cloud Run executions as Google's client sees them, and the environment of their tasks."""

import json
import socket
from pathlib import Path

import pytest
from google.api_core.exceptions import Aborted, BadRequest, Cancelled, InternalServerError

from sandbox.state import State
from tests.sandbox.jobs.jobs_client import (
    HOLD,
    IDENTITY,
    SHOW,
    Clients,
    completed,
    create_job,
    failed_execution,
    is_closed,
    output,
    port_of,
    run_job,
)


def test_a_task_has_the_environment_of_its_job_and_of_cloud_run(
    clients: Clients, control_plane: State
) -> None:
    env = [{"name": "DECLARED", "value": "yes"}, {"name": "SOURCE_URL", "value": "https://placeholder"}]
    execution = run_job(clients, create_job(clients, "shows", SHOW, env)).result()
    arguments, environment, folder = json.loads(output(execution))
    assert arguments == ["declared"]
    assert (Path(folder) / "sandbox" / "jobs").exists()
    assert environment["DECLARED"] == "yes"
    assert environment["SOURCE_URL"] == "http://127.0.0.1/source"  # Terraform cannot know the port
    assert environment["GCE_METADATA_HOST"].endswith(f"/metadata/{IDENTITY}")
    assert {name: value for name, value in environment.items() if name.startswith("CLOUD_RUN_")} == {
        "CLOUD_RUN_JOB": "shows",
        "CLOUD_RUN_EXECUTION": execution.name.rsplit("/", 1)[-1],
        "CLOUD_RUN_TASK_INDEX": "0",
        "CLOUD_RUN_TASK_ATTEMPT": "0",
        "CLOUD_RUN_TASK_COUNT": "1",
    }
    assert environment["HOME"] == str(control_plane.root / "home")
    assert "USER" not in environment  # no variable of the process that started the sandbox
    assert "PYTEST_CURRENT_TEST" not in environment


def test_a_job_runs_the_files_of_its_image(clients: Clients, control_plane: State) -> None:
    """Each digest those that were pushed; without any, the repository's."""
    for digest in "ab":
        folder = control_plane.root / "images" / (digest * 64)
        folder.mkdir(parents=True)
        (folder / "pushed.py").write_text(f"print('code of {digest}')\n")
    for digest in "abc":
        job = create_job(clients, f"image-{digest}", "import pushed", image=f"r/x@sha256:{digest * 64}")
        if digest == "c":
            execution = failed_execution(clients, run_job(clients, job), Aborted)
            assert "No module named 'pushed'" in output(execution)
        else:
            assert output(run_job(clients, job).result()) == f"code of {digest}\n"


def test_an_execution_whose_log_cannot_be_written_ends_with_an_error(
    clients: Clients, control_plane: State
) -> None:
    """As on a full disk; without an end its client would poll it forever."""
    logs = control_plane.root / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "unwritable").touch()
    with pytest.raises(InternalServerError, match="could not run the execution: FileExistsError"):
        run_job(clients, create_job(clients, "unwritable", "pass")).result(timeout=60)


def test_a_successful_execution(clients: Clients) -> None:
    execution = run_job(clients, create_job(clients, "succeeds", "pass")).result()
    assert (execution.succeeded_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    assert completed(execution).state.name == "CONDITION_SUCCEEDED"
    assert execution.create_time <= execution.start_time <= execution.completion_time
    assert [
        listed.name for listed in clients[1].list_executions(parent=execution.name.split("/executions")[0])
    ] == [execution.name]


def test_overrides_replace_arguments_and_variables_of_one_execution(clients: Clients) -> None:
    env = [{"name": "UNCHANGED", "value": "1"}, {"name": "CHANGED", "value": "1"}]
    job = create_job(clients, "overridden", SHOW, env)
    changed = [{"name": "CHANGED", "value": "2"}, {"name": "SOURCE_URL", "value": "http://127.0.0.1:1"}]
    arguments, environment, _ = json.loads(
        output(run_job(clients, job, args=["a", "b"], env=changed).result())
    )
    assert arguments == ["a", "b"]
    assert (environment["UNCHANGED"], environment["CHANGED"], environment["SOURCE_URL"]) == (
        "1",
        "2",
        "http://127.0.0.1:1",
    )
    assert json.loads(output(run_job(clients, job).result()))[0] == ["declared"]


def test_a_failed_execution_raises_after_its_retries(clients: Clients) -> None:
    job = create_job(
        clients, "fails", "import os; print(os.environ['CLOUD_RUN_TASK_ATTEMPT']); exit(3)", retries=2
    )
    execution = failed_execution(clients, run_job(clients, job), Aborted)
    assert (execution.succeeded_count, execution.failed_count) == (0, 1)
    assert completed(execution).execution_reason.name == "NON_ZERO_EXIT_CODE"
    assert "0/1 tasks were a success" in completed(execution).message
    name = execution.name.rsplit("/", 1)[-1]
    assert output(execution).splitlines() == ["0", "1", "2", f"Task {name}-task0 failed with exit code: 3"]


def test_a_retry_that_succeeds_is_a_success(clients: Clients) -> None:
    script = "import os; exit(os.environ['CLOUD_RUN_TASK_ATTEMPT'] == '0')"
    assert run_job(clients, create_job(clients, "retried", script, retries=1)).result().succeeded_count == 1


def test_every_task_runs_with_its_index(clients: Clients) -> None:
    script = "import os; print(os.environ['CLOUD_RUN_TASK_INDEX'], os.environ['CLOUD_RUN_TASK_COUNT'])"
    execution = run_job(clients, create_job(clients, "many", script, tasks=3)).result()
    assert execution.succeeded_count == 3
    assert sorted(output(execution).splitlines()) == ["0 3", "1 3", "2 3"]


def test_the_tasks_of_an_execution_run_at_the_same_time(clients: Clients, listener: socket.socket) -> None:
    """Each task waits until the others are there: one after another they would never end."""
    operation = run_job(clients, create_job(clients, "together", HOLD), tasks=3, args=[port_of(listener)])
    connections = [listener.accept()[0] for _ in range(3)]
    name = operation.metadata.name
    assert clients[1].get_execution(name=name).running_count == 3
    assert clients[1].cancel_execution(name=name).result().cancelled_count == 3
    for connection in connections:
        assert is_closed(connection)
        connection.close()


def test_a_failed_task_does_not_end_the_others(clients: Clients) -> None:
    script = "import os; print(os.environ['CLOUD_RUN_TASK_INDEX']); exit(os.environ['CLOUD_RUN_TASK_INDEX'] == '0')"
    execution = failed_execution(
        clients, run_job(clients, create_job(clients, "one", script, tasks=3)), Aborted
    )
    assert (execution.succeeded_count, execution.failed_count) == (2, 1)
    assert {"0", "1", "2"} <= set(output(execution).split())


def test_a_timeout_ends_a_task_and_its_child_processes(clients: Clients, listener: socket.socket) -> None:
    operation = run_job(clients, create_job(clients, "slow", HOLD, timeout=5), args=[port_of(listener)])
    with listener.accept()[0] as connection:
        assert is_closed(connection)
    assert "maximum timeout of 5s" in completed(failed_execution(clients, operation, Aborted)).message


def test_a_cancellation_ends_an_execution_and_its_child_processes(
    clients: Clients, listener: socket.socket
) -> None:
    operation = run_job(clients, create_job(clients, "cancelled", HOLD), args=[port_of(listener)])
    name = operation.metadata.name
    with listener.accept()[0] as connection:
        assert clients[1].cancel_execution(name=name).result().cancelled_count == 1
        assert is_closed(connection)
    execution = failed_execution(clients, operation, Cancelled)
    assert completed(execution).execution_reason.name == "CANCELLED"
    with pytest.raises(BadRequest, match="is not running"):
        clients[1].cancel_execution(name=name)


def test_a_command_that_does_not_exist_fails_the_task(clients: Clients) -> None:
    execution = failed_execution(
        clients, run_job(clients, create_job(clients, "typo", "", command="pyhton")), Aborted
    )
    assert "pyhton" in output(execution)
