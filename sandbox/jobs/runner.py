"""Running executions, each in a thread; their state is in the store and survives a restart."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from sandbox.background import store_end
from sandbox.jobs import executions, tasks
from sandbox.jobs.executions import CANCELLED, Failure
from sandbox.jobs.task_process import Running, TaskFailed, TaskProcesses
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.service import Service
from sandbox.resources.store import Json

INTERNAL = 13  # google.rpc.Code


class Runner:
    def __init__(self, service: Service, versions: SecretVersions) -> None:
        self.service, self.versions = service, versions
        self._running: dict[str, Running] = {}

    def start(self, execution: Json, overrides: Json) -> None:
        # Registered before it is stored: a client that can read the execution can also cancel it.
        running = self._running[execution["name"]] = Running()
        self._store(execution)
        # A daemon thread does not delay the end of the sandbox; its command ends too, see child.py.
        threading.Thread(target=self._run, args=(execution, overrides, running), daemon=True).start()

    def cancel(self, name: str) -> bool:
        """Requests the end of an execution; False if it is not running."""
        running = self._running.get(name)
        if running:
            running.cancel()
        return bool(running)

    def cancel_all(self, job: str) -> None:
        # A copy, because the threads of executions that end remove themselves during the loop.
        for name in [name for name in list(self._running) if name.startswith(f"{job}/")]:
            self.cancel(name)

    def wait(self, name: str, seconds: float) -> None:
        """Returns when the execution has ended, or after `seconds`."""
        running = self._running.get(name)
        if running:
            running.finished.wait(seconds)

    def log_path(self, job: str, execution: str) -> Path:
        return self.service.state.root / "logs" / job / f"{execution}.log"

    def fail_interrupted(self) -> None:
        """Cancels executions that a stopped sandbox left running: their processes ended with it."""
        for execution in self.service.store.matching(self.service.key("*/executions/*")):
            if "completionTime" not in execution:
                reason = {"executionReason": "CANCELLED"}
                self._finish(execution, 0, Failure(CANCELLED, "The sandbox was stopped.", reason))

    def _run(self, execution: Json, overrides: Json, running: Running) -> None:
        execution = executions.mark_started(execution)
        try:
            succeeded, failure = self._run_logged(execution, overrides, running)
        except Exception as error:  # such as a full disk
            succeeded, failure = 0, describe(error)
        store_end(lambda: self._finish(execution, succeeded, failure))
        # After the result is stored: a client that stops waiting then reads the final state.
        self._running.pop(execution["name"])
        running.finished.set()

    def _run_logged(self, execution: Json, overrides: Json, running: Running) -> tuple[int, Failure | None]:
        path = self.log_path(execution["job"], execution["name"].rsplit("/", 1)[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store(execution)
        # Without a buffer, because the processes of the tasks write to the same file.
        with path.open("ab", buffering=0) as log:
            succeeded, failure = self._run_tasks(execution, overrides, running, log)
            if failure:
                # Its reason is in the operation too, which a full disk must not replace.
                with suppress(OSError):
                    log.write(f"{failure.message}\n".encode())
        return succeeded, failure

    def _run_tasks(
        self, execution: Json, overrides: Json, running: Running, log: IO[bytes]
    ) -> tuple[int, Failure | None]:
        """Returns the number of successful tasks and the failure that ended the execution."""
        try:
            container = execution["template"]["containers"][0]
            command, folder = tasks.command(container), tasks.working_folder(self.service.state, container)
            variables = tasks.variables(self.service.state, self.versions, execution, overrides)
            TaskProcesses(execution, command, folder, variables, log, running).run()
        except tasks.Unavailable as error:
            return 0, error.failure
        except TaskFailed as error:
            return error.succeeded, error.failure
        except Exception as error:  # without a result a client would poll the operation forever
            return 0, describe(error)
        return execution["taskCount"], None

    def _finish(self, execution: Json, succeeded: int, failure: Failure | None) -> None:
        with self.service.store.change():
            if failure:
                error = {"code": failure.code, "message": failure.message}
                self.service.store.put(self.service.key(f"{execution['name']}:error"), error)
            self._store(executions.mark_finished(execution, succeeded, failure))

    def _store(self, execution: Json) -> None:
        """Does nothing when the job was deleted in the meantime, and its executions with it."""
        with self.service.store.change():
            if self.service.store.get(self.service.key(execution["name"].split("/executions/")[0])):
                self.service.store.put(self.service.key(execution["name"]), execution)


def describe(error: Exception) -> Failure:
    return Failure(INTERNAL, f"The sandbox could not run the execution: {error!r}", {})
