"""A running invocation: a thread reads the CLI's output and stores the state of each action."""

import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.background import store_end
from sandbox.dataform import cli, graph, project
from sandbox.dataform.report import Outcome, Report
from sandbox.resources.clock import now
from sandbox.resources.service import Service
from sandbox.resources.store import Json

ACTIVE = ("RUNNING", "CANCELING")


@dataclass
class Execution:
    """Runs `actions` of the graph of a compilation result, with the files of its commit, as `account`."""

    service: Service
    invocation: Json
    result: Json
    files: Mapping[str, bytes]
    actions: Sequence[Json]
    account: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    run: cli.Run | None = None

    def start(self, running: dict[str, "Execution"]) -> None:
        """Registers itself in `running` by its name until it has ended."""
        # In one transaction: a client never reads an invocation with only some of its actions.
        with self.service.store.change():
            self.service.store.put(self.service.key(self.invocation["name"]), self.invocation)
            for action in self.actions:
                target = action["target"]
                canonical = action.get("canonicalTarget", target)
                action = {"target": target, "canonicalTarget": canonical}
                store_action(self.service, self.invocation["name"], action)
        running[self.invocation["name"]] = self
        # A daemon thread does not delay the end of the sandbox; the CLI ends too, see jobs/child.py.
        threading.Thread(target=self.execute, args=(running,), daemon=True).start()

    def cancel(self) -> None:
        self.cancelled.set()
        if self.run:
            self.run.cancel()

    def execute(self, running: dict[str, "Execution"]) -> None:
        report = Report()
        try:
            state = "SUCCEEDED" if self.run_actions(report) else "FAILED"
        except Exception as error:  # without a result a client would poll the invocation forever
            state, report.tail = "FAILED", [f"The sandbox could not run the CLI: {error}"]
        # A CLI that was stopped ends with an error, which is not a failure of the invocation.
        if self.cancelled.is_set():
            state = "CANCELLED"
        store_end(lambda: finish(self.service, self.invocation["name"], state, "\n".join(report.tail)))
        # After the state is stored: while an invocation is active, cancel() requires its entry.
        del running[self.invocation["name"]]

    def run_actions(self, report: Report) -> bool:
        """Runs the CLI to its end; True if it succeeded."""
        state, config = self.service.state, self.invocation["invocationConfig"]
        names = [graph.full_name(action["target"]) for action in self.actions]
        with project.create_project(state, self.files, self.result) as folder:
            refresh = config.get("fullyRefreshIncrementalTablesEnabled", False)
            self.run = cli.run_project(state, folder, names, refresh, self.account)
            if self.cancelled.is_set():  # before `run` was set: cancel() could not stop it
                self.run.cancel()
            for line in self.run.lines():
                if outcome := report.parse_line(line):
                    store_outcome(self.service, self.invocation["name"], outcome)
            return self.run.succeeded()


def store_outcome(service: Service, invocation: str, outcome: Outcome) -> None:
    with service.store.change():
        for action in service.store.children(service.key(f"{invocation}/actions")):
            if short_name(action) == outcome.target:
                # The CLI prints the job id and the reason after the state, so an action is stored several times.
                ended = {"state": outcome.state, "invocationTiming": {"endTime": now()}}
                job = {"bigqueryAction": {"jobId": outcome.job_id}} if outcome.job_id else {}
                reason = {"failureReason": outcome.reason} if outcome.reason else {}
                store_action(service, invocation, action | ended | job | reason)


def finish(service: Service, name: str, state: str, reason: str) -> None:
    """Ends an invocation. Actions without an outcome were cancelled, or failed with the CLI for `reason`."""
    rest = {"state": "CANCELLED"} if state == "CANCELLED" else {"state": "FAILED", "failureReason": reason}
    with service.store.change():
        invocation = service.store.get(service.key(name))
        if invocation is None:
            return  # its repository was deleted
        timing = invocation["invocationTiming"] | {"endTime": now()}
        service.store.put(service.key(name), invocation | {"state": state, "invocationTiming": timing})
        for action in service.store.children(service.key(f"{name}/actions")):
            if "state" not in action:
                store_action(service, name, action | rest)


def fail_interrupted(service: Service) -> None:
    """Marks invocations that a stopped sandbox left running as failed: their processes ended with it."""
    # A sandbox that was killed did not remove its project folders.
    shutil.rmtree(project.scratch_folder(service.state), ignore_errors=True)
    for invocation in service.store.matching(service.key("*/workflowInvocations/*")):
        if invocation.get("state") in ACTIVE:
            finish(service, invocation["name"], "FAILED", "The sandbox was stopped while this ran.")


def store_action(service: Service, invocation: str, action: Json) -> None:
    service.store.put(service.key(f"{invocation}/actions/{short_name(action)}"), action)


def short_name(action: Json) -> str:
    """schema.name, as the CLI prints it."""
    return f"{action['target']['schema']}.{action['target']['name']}"
