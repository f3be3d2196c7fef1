"""Executions that are going on, each in a thread of its own; what becomes of them is in the store."""

import threading
from pathlib import Path
from typing import IO

from sandbox.jobs import executions, tasks
from sandbox.jobs.executions import CANCELLED, Failure
from sandbox.jobs.work import Failed, Running, Work
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.service import Service
from sandbox.resources.store import Json


class Runner:
    def __init__(self, service: Service, versions: SecretVersions) -> None:
        self.service, self.versions = service, versions
        self._running: dict[str, Running] = {}

    def start(self, execution: Json, overrides: Json) -> None:
        running = self._running[execution["name"]] = Running()
        self._keep(execution)
        # A daemon: the sandbox may end before it; the command then ends too, see child.py.
        threading.Thread(target=self._run, args=(execution, overrides, running), daemon=True).start()

    def cancel(self, name: str) -> bool:
        """Ask an execution to end; False if it is not running."""
        running = self._running.get(name)
        if running:
            running.cancel()
        return bool(running)

    def cancel_all(self, job: str) -> None:
        for name in [name for name in list(self._running) if name.startswith(f"{job}/")]:
            self.cancel(name)

    def wait(self, name: str, seconds: float) -> None:
        running = self._running.get(name)
        if running:
            running.finished.wait(seconds)

    def log(self, job: str, execution: str) -> Path:
        return self.service.state.root / "logs" / job / f"{execution}.log"

    def bury(self) -> None:
        """Executions that a former sandbox did not see to their end: their processes ended with it."""
        for execution in self.service.store.matching(self.service.key("*/executions/*")):
            if "completionTime" not in execution:
                ended = {"executionReason": "CANCELLED"}
                self._end(execution, 0, Failure(CANCELLED, "The sandbox was stopped.", ended))

    def _run(self, execution: Json, overrides: Json, running: Running) -> None:
        path = self.log(execution["job"], execution["name"].rsplit("/", 1)[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        execution = executions.started(execution)
        self._keep(execution)
        with path.open("ab", buffering=0) as log:
            succeeded, failure = self._work(execution, overrides, running, log)
            if failure:
                log.write(f"{failure.message}\n".encode())
        self._end(execution, succeeded, failure)
        self._running.pop(execution["name"])
        running.finished.set()

    def _work(
        self, execution: Json, overrides: Json, running: Running, log: IO[bytes]
    ) -> tuple[int, Failure | None]:
        try:
            command = tasks.command(execution["template"]["containers"][0])
            variables = tasks.variables(self.service.state, self.versions, execution, overrides)
            Work(execution, command, variables, log, running).run()
        except tasks.Unavailable as error:
            return 0, error.failure
        except Failed as error:
            return error.succeeded, error.failure
        except Exception as error:  # whoever waits must hear of it, whatever it is
            return 0, Failure(13, f"The sandbox could not run it: {error!r}", {})
        return execution["taskCount"], None

    def _end(self, execution: Json, succeeded: int, failure: Failure | None) -> None:
        with self.service.store.change():
            if failure:
                error = {"code": failure.code, "message": failure.message}
                self.service.store.put(self.service.key(f"{execution['name']}:error"), error)
            self._keep(executions.finished(execution, succeeded, failure))

    def _keep(self, execution: Json) -> None:
        """Unless its job is gone, and its executions with it."""
        with self.service.store.change():
            if self.service.store.get(self.service.key(execution["name"].split("/executions/")[0])):
                self.service.store.put(self.service.key(execution["name"]), execution)
