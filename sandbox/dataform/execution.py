"""One invocation while it runs: a thread reads what the CLI prints and keeps what became of each action."""

import threading
from collections.abc import Sequence
from typing import Any

from google.cloud.dataform_v1.types import dataform as api
from google.protobuf import json_format

from sandbox.dataform import cli, graph, project
from sandbox.dataform.files import contents
from sandbox.dataform.report import Outcome, Report
from sandbox.dataform.service import Service, interval, now

Action = api.WorkflowInvocationAction
State = api.WorkflowInvocation.State
INTERRUPTED = "the sandbox was stopped while this ran"


class Execution:
    def __init__(
        self,
        service: Service,
        invocation: api.WorkflowInvocation,
        result: api.CompilationResult,
        selected: Sequence[graph.Action],
    ) -> None:
        self._service, self._result = service, result
        self._name = invocation.name
        self._full_refresh = invocation.invocation_config.fully_refresh_incremental_tables_enabled
        self._names = [graph.name(action["target"]) for action in selected]
        with service.store.transaction():
            service.add(invocation)
            for action in selected:
                keep_action(service, invocation.name, pending(action))
        self._cancelled = threading.Event()
        self._run: cli.Run | None = None

    def start(self) -> None:
        self._service.running[self._name] = self
        threading.Thread(target=self._to_the_end, daemon=True).start()

    def cancel(self) -> None:
        self._cancelled.set()
        if self._run is not None:
            self._run.cancel()

    def _to_the_end(self) -> None:
        report = Report()
        try:
            succeeded = self._succeeds(report)
        except (cli.CliError, project.ProjectError, OSError) as error:
            succeeded, report.tail = False, [str(error)]
        finish(self._service, self._name, self._state(succeeded), "\n".join(report.tail))
        del self._service.running[self._name]

    def _succeeds(self, report: Report) -> bool:
        repository = self._name.partition("/workflowInvocations/")[0]
        files = contents(self._service, repository, self._result.resolved_git_commit_sha)
        config, state = self._result.code_compilation_config, self._service.state
        with project.laid_out(files, config, self._service.folder / "scratch", state.project) as folder:
            self._run = cli.run_project(state, folder, self._names, self._full_refresh)
            if self._cancelled.is_set():
                self._run.cancel()
            for line in self._run.lines():
                if outcome := report.read(line):
                    note(self._service, self._name, outcome)
            return self._run.succeeded()

    def _state(self, succeeded: bool) -> State:
        if self._cancelled.is_set():
            return State(State.CANCELLED)
        return State(State.SUCCEEDED if succeeded else State.FAILED)


def pending(action: graph.Action) -> Action:
    return Action(
        target=graph.target(action["target"]),
        canonical_target=graph.target(action.get("canonicalTarget", action["target"])),
        state=Action.State.PENDING,
    )


def note(service: Service, invocation: str, outcome: Outcome) -> None:
    for action in service.all(Action, f"{invocation}/actions"):
        if f"{action.target.schema}.{action.target.name}" == outcome.target:
            action.state, action.failure_reason = outcome.state, outcome.reason
            action.bigquery_action = Action.BigQueryAction(job_id=outcome.job_id)
            action.invocation_timing = interval(None, now())
            keep_action(service, invocation, action)


def finish(service: Service, name: str, state: State, said: str) -> None:
    """What the CLI never spoke of was cancelled, or died with it for the reason that it gave."""
    cancelled = state == State.CANCELLED
    with service.store.transaction():
        invocation = service.find(api.WorkflowInvocation, name)
        invocation.state = state
        invocation.invocation_timing = interval(invocation.invocation_timing.start_time, now())
        service.keep(invocation)
        for action in service.all(Action, f"{name}/actions"):
            if action.state == Action.State.PENDING:
                action.state = Action.State(Action.State.CANCELLED if cancelled else Action.State.FAILED)
                action.failure_reason = "" if cancelled else said
                keep_action(service, name, action)


def finish_interrupted(service: Service) -> None:
    """Invocations that a stopped sandbox left running will not go on."""
    for body in service.store.search("*/workflowInvocations"):
        if body["state"] in ("RUNNING", "CANCELING"):
            finish(service, body["name"], State(State.FAILED), INTERRUPTED)


def keep_action(service: Service, invocation: str, action: Action) -> None:
    kind: Any = Action
    name = f"{invocation}/actions/{action.target.schema}.{action.target.name}"
    service.store.put(name, json_format.MessageToDict(kind.pb(action)))
