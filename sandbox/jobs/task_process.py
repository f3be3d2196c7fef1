"""The processes of one execution: its tasks at the same time, each with retries and a timeout."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sandbox.jobs import child, executions, tasks
from sandbox.jobs.executions import Failure
from sandbox.resources.store import Json

# -I -S: without site-packages, so that the wrapper starts in milliseconds.
LAUNCH = [sys.executable, "-I", "-S", str(Path(child.__file__))]
EXITED = {"executionReason": "NON_ZERO_EXIT_CODE"}
ABORTED = 10  # google.rpc.Code


class TaskFailed(Exception):
    """The last attempt of a task failed; `succeeded` counts the tasks that did not fail."""

    def __init__(self, failure: Failure, succeeded: int) -> None:
        super().__init__(failure.message)
        self.failure, self.succeeded = failure, succeeded


@dataclass
class Running:
    """Handle of a running execution: other threads cancel it, or wait until `finished` is set."""

    cancelled: bool = False
    finished: threading.Event = field(default_factory=threading.Event)
    processes: set[subprocess.Popen[bytes]] = field(default_factory=set)

    def cancel(self) -> None:
        # Set before `processes` is read, while exit_code adds its process before it reads `cancelled`: at least one
        # of the two threads stops the process.
        self.cancelled = True
        for process in list(self.processes):
            stop(process)


@dataclass
class TaskProcesses:
    execution: Json
    command: list[str]
    folder: Path
    variables: dict[str, str]
    log: IO[bytes]
    running: Running

    def run(self) -> None:
        """Runs all tasks; raises TaskFailed with the first failure. A failed task does not end the others:
        https://cloud.google.com/run/docs/configuring/task-timeout
        """
        with ThreadPoolExecutor(executions.parallelism(self.execution), "task") as pool:
            results = list(pool.map(self.run_task, range(self.execution["taskCount"])))
        failures = [failure for failure in results if failure]
        if failures:
            raise TaskFailed(failures[0], len(results) - len(failures))

    def run_task(self, index: int) -> Failure | None:
        failure = None
        # maxRetries does not count the first attempt.
        for attempt in range(self.execution["template"].get("maxRetries", executions.MAX_RETRIES) + 1):
            failure = self.run_attempt(index, attempt)
            if not failure or self.running.cancelled:
                break
        return failure

    def run_attempt(self, index: int, attempt: int) -> Failure | None:
        execution = self.execution["name"].rsplit("/", 1)[-1]
        code = self.exit_code(tasks.task_variables(self.execution, index, attempt))
        if self.running.cancelled:
            return Failure(
                executions.CANCELLED,
                f"Execution {execution} was cancelled.",
                {"executionReason": "CANCELLED"},
            )
        if code is None:
            limit = self.execution["template"]["timeout"]
            message = f"Terminating task because it has reached the maximum timeout of {limit}."
            return Failure(ABORTED, f"Task {execution}-task{index} failed with message: {message}", EXITED)
        message = f"Task {execution}-task{index} failed with exit code: {code}"
        return Failure(ABORTED, message, EXITED) if code else None

    def exit_code(self, task_variables: dict[str, str]) -> int | None:
        """Runs one attempt; None after a timeout."""
        process = subprocess.Popen(
            [*LAUNCH, *self.command],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=self.variables | task_variables,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C in a terminal must signal only the sandbox
        )
        self.running.processes.add(process)
        if self.running.cancelled:  # before the process was added: cancel() could not stop it
            stop(process)
        try:
            return process.wait(float(self.execution["template"]["timeout"].rstrip("s")))
        except subprocess.TimeoutExpired:
            stop(process)
            # Ends in time: the wrapper sends SIGKILL ten seconds after SIGTERM.
            process.wait()
            return None
        finally:
            self.running.processes.discard(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Closing its standard input makes the wrapper end the command: see child.py."""
    if process.stdin:
        process.stdin.close()
