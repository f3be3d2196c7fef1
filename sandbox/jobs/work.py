"""The processes of one execution: its tasks one after another, each with its retries and its timeout."""

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sandbox.jobs import child, tasks
from sandbox.jobs.executions import CANCELLED, MAX_RETRIES, Failure
from sandbox.resources.store import Json

# -I -S: nothing but the standard library, so that it starts at once.
LAUNCH = [sys.executable, "-I", "-S", str(Path(child.__file__))]
EXITED = {"executionReason": "NON_ZERO_EXIT_CODE"}


class Failed(Exception):
    """A task that did not end well. `succeeded` tasks before it did."""

    def __init__(self, failure: Failure, succeeded: int) -> None:
        super().__init__(failure.message)
        self.failure, self.succeeded = failure, succeeded


@dataclass
class Running:
    """An execution that is going on, as others see it: they may end it, and wait for its end."""

    cancelled: bool = False
    finished: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None

    def cancel(self) -> None:
        self.cancelled = True
        if self.process:
            stop(self.process)


@dataclass
class Work:
    execution: Json
    command: list[str]
    variables: dict[str, str]
    log: IO[bytes]
    running: Running

    def run(self) -> None:
        """All tasks; raises Failed at the first whose last attempt failed."""
        for index in range(self.execution["taskCount"]):
            failure = self.task(index)
            if failure:
                raise Failed(failure, index)

    def task(self, index: int) -> Failure | None:
        failure = None
        for attempt in range(self.execution["template"].get("maxRetries", MAX_RETRIES) + 1):
            failure = self.attempt(index, attempt)
            if not failure or self.running.cancelled:
                break
        return failure

    def attempt(self, index: int, attempt: int) -> Failure | None:
        execution = self.execution["name"].rsplit("/", 1)[-1]
        code = self.exit_code(tasks.numbered(self.execution, index, attempt))
        if self.running.cancelled:
            return Failure(
                CANCELLED, f"Execution {execution} was cancelled.", {"executionReason": "CANCELLED"}
            )
        if code is None:
            limit = self.execution["template"]["timeout"]
            sentence = f"Terminating task because it has reached the maximum timeout of {limit}."
            return Failure(10, f"Task {execution}-task{index} failed with message: {sentence}", EXITED)
        sentence = f"Task {execution}-task{index} failed with exit code: {code}"
        return Failure(10, sentence, EXITED) if code else None

    def exit_code(self, numbered: dict[str, str]) -> int | None:
        """Of one attempt; None if it took longer than the task may."""
        process = subprocess.Popen(
            [*LAUNCH, *self.command],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=self.variables | numbered,
            cwd=tasks.REPOSITORY,
            start_new_session=True,  # Ctrl-C in a terminal reaches the sandbox alone
        )
        self.running.process = process
        if self.running.cancelled:
            stop(process)
        try:
            return process.wait(float(self.execution["template"]["timeout"].rstrip("s")))
        except subprocess.TimeoutExpired:
            stop(process)
            process.wait()
            return None


def stop(process: subprocess.Popen[bytes]) -> None:
    """Closing its standard input makes the child end the command: see child.py."""
    if process.stdin:
        process.stdin.close()
