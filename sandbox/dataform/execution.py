"""One invocation while it runs: a thread reads what the CLI prints and keeps what became of each action."""

import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.dataform import cli, graph, project
from sandbox.dataform.report import Outcome, Report
from sandbox.resources.clock import now
from sandbox.resources.service import Service
from sandbox.resources.store import Json

GOING = ("RUNNING", "CANCELING")


@dataclass
class Execution:
    """Of `actions`, as the graph has them, of a compilation result and the files of its commit."""

    service: Service
    invocation: Json
    result: Json
    files: Mapping[str, bytes]
    actions: Sequence[Json]
    cancelled: threading.Event = field(default_factory=threading.Event)
    run: cli.Run | None = None

    def start(self, going: dict[str, "Execution"]) -> None:
        """It is in `going`, by its name, until it has ended."""
        with self.service.store.change():
            self.service.store.put(self.service.key(self.invocation["name"]), self.invocation)
            for action in self.actions:
                target = action["target"]
                canonical = action.get("canonicalTarget", target)
                keep(self.service, self.invocation["name"], {"target": target, "canonicalTarget": canonical})
        going[self.invocation["name"]] = self
        # A daemon: the sandbox may end before it; the CLI then ends too.
        threading.Thread(target=self.to_the_end, args=(going,), daemon=True).start()

    def cancel(self) -> None:
        self.cancelled.set()
        if self.run:
            self.run.cancel()

    def to_the_end(self, going: dict[str, "Execution"]) -> None:
        report = Report()
        try:
            state = "SUCCEEDED" if self.succeeds(report) else "FAILED"
        except Exception as error:  # whoever waits must hear of it, whatever it is
            state, report.tail = "FAILED", [f"The sandbox could not run it: {error}"]
        if self.cancelled.is_set():
            state = "CANCELLED"
        finish(self.service, self.invocation["name"], state, "\n".join(report.tail))
        del going[self.invocation["name"]]

    def succeeds(self, report: Report) -> bool:
        state, config = self.service.state, self.invocation["invocationConfig"]
        names = [graph.name(action["target"]) for action in self.actions]
        with project.laid_out(state, self.files, self.result) as folder:
            refresh = config.get("fullyRefreshIncrementalTablesEnabled", False)
            self.run = cli.run_project(state, folder, names, refresh)
            if self.cancelled.is_set():
                self.run.cancel()
            for line in self.run.lines():
                if outcome := report.read(line):
                    note(self.service, self.invocation["name"], outcome)
            return self.run.succeeded()


def note(service: Service, invocation: str, outcome: Outcome) -> None:
    with service.store.change():
        for action in service.store.children(service.key(f"{invocation}/actions")):
            if dotted(action) == outcome.target:
                told = {"state": outcome.state, "invocationTiming": {"endTime": now()}}
                job = {"bigqueryAction": {"jobId": outcome.job_id}} if outcome.job_id else {}
                reason = {"failureReason": outcome.reason} if outcome.reason else {}
                keep(service, invocation, action | told | job | reason)


def finish(service: Service, name: str, state: str, said: str) -> None:
    """What the CLI never spoke of was cancelled, or died with it for the reason that it gave."""
    rest = {"state": "CANCELLED"} if state == "CANCELLED" else {"state": "FAILED", "failureReason": said}
    with service.store.change():
        invocation = service.store.get(service.key(name))
        if invocation is None:
            return  # deleted with its repository
        timing = invocation["invocationTiming"] | {"endTime": now()}
        service.store.put(service.key(name), invocation | {"state": state, "invocationTiming": timing})
        for action in service.store.children(service.key(f"{name}/actions")):
            if "state" not in action:
                keep(service, name, action | rest)


def bury(service: Service) -> None:
    """Invocations that a former sandbox did not see to their end: their processes ended with it."""
    shutil.rmtree(project.scratch(service.state), ignore_errors=True)
    for invocation in service.store.matching(service.key("*/workflowInvocations/*")):
        if invocation.get("state") in GOING:
            finish(service, invocation["name"], "FAILED", "The sandbox was stopped while this ran.")


def keep(service: Service, invocation: str, action: Json) -> None:
    service.store.put(service.key(f"{invocation}/actions/{dotted(action)}"), action)


def dotted(action: Json) -> str:
    return f"{action['target']['schema']}.{action['target']['name']}"
