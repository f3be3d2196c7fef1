"""The processes of one execution: its tasks one after another, each with retries and a timeout."""

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sandbox.jobs import child, tasks
from sandbox.jobs.executions import CANCELLED, MAX_RETRIES, Failure
from sandbox.resources.store import Json

# -I -S: without site-packages, so that the wrapper starts in milliseconds.
LAUNCH = [sys.executable, "-I", "-S", str(Path(child.__file__))]
EXITED = {"executionReason": "NON_ZERO_EXIT_CODE"}
ABORTED = 10  # google.rpc.Code


class TaskFailed(Exception):
    """The last attempt of a task failed; `succeeded` counts the tasks before it."""

    def __init__(self, failure: Failure, succeeded: int) -> None:
        super().__init__(failure.message)
        self.failure, self.succeeded = failure, succeeded


@dataclass
class Running:
    """Handle of a running execution: other threads cancel it, or wait until `finished` is set."""

    cancelled: bool = False
    finished: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None

    def cancel(self) -> None:
        # Set before `process` is read, while exit_code sets `process` before it reads `cancelled`: at least one
        # of the two threads stops the process.
        self.cancelled = True
        if self.process:
            stop(self.process)


@dataclass
class TaskProcesses:
    execution: Json
    command: list[str]
    folder: Path
    variables: dict[str, str]
    log: IO[bytes]
    running: Running

    def run(self) -> None:
        """Runs all tasks; raises TaskFailed at the first one whose last attempt failed."""
        for index in range(self.execution["taskCount"]):
            failure = self.run_task(index)
            if failure:
                raise TaskFailed(failure, index)

    def run_task(self, index: int) -> Failure | None:
        failure = None
        # maxRetries does not count the first attempt.
        for attempt in range(self.execution["template"].get("maxRetries", MAX_RETRIES) + 1):
            failure = self.run_attempt(index, attempt)
            if not failure or self.running.cancelled:
                break
        return failure

    def run_attempt(self, index: int, attempt: int) -> Failure | None:
        execution = self.execution["name"].rsplit("/", 1)[-1]
        code = self.exit_code(tasks.task_variables(self.execution, index, attempt))
        if self.running.cancelled:
            return Failure(
                CANCELLED, f"Execution {execution} was cancelled.", {"executionReason": "CANCELLED"}
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
        self.running.process = process
        if self.running.cancelled:  # before `process` was set: cancel() could not stop it
            stop(process)
        try:
            return process.wait(float(self.execution["template"]["timeout"].rstrip("s")))
        except subprocess.TimeoutExpired:
            stop(process)
            # Ends in time: the wrapper sends SIGKILL ten seconds after SIGTERM.
            process.wait()
            return None


def stop(process: subprocess.Popen[bytes]) -> None:
    """Closing its standard input makes the wrapper end the command: see child.py."""
    if process.stdin:
        process.stdin.close()
