"""Dataform: start a workflow invocation of the released code and wait until it has ended."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from pipeline.errors import NotReleased, Unavailable, WorkflowFailed
from pipeline.polling import Poller
from pipeline.run_record import ActionRow
from runtime.google_errors import CLIENT_ERRORS

RELEASE_CONFIG = "live"  # scripts/release points it at a compilation result
REQUEST_TIMEOUT_SECONDS = 60.0  # of one request, not of an invocation
State = api.WorkflowInvocation.State
ACTIVE_STATES = (State.RUNNING, State.CANCELING)
ActionState = api.WorkflowInvocationAction.State
ASSERTIONS = "assertions"  # the dataset of Dataform's assertions
BAD_ROWS = re.compile(r"returned (\d+) row")  # "Assertion failed: query returned 3 row(s)."


class Client(Protocol):
    """google.cloud.dataform_v1.DataformClient."""

    def get_release_config(self, *, name: str, timeout: float) -> api.ReleaseConfig: ...
    def create_workflow_invocation(
        self, *, parent: str, workflow_invocation: api.WorkflowInvocation, timeout: float
    ) -> api.WorkflowInvocation: ...
    def get_workflow_invocation(self, *, name: str, timeout: float) -> api.WorkflowInvocation: ...
    def query_workflow_invocation_actions(
        self, request: Any, *, timeout: float
    ) -> Iterable[api.WorkflowInvocationAction]: ...


@dataclass(frozen=True)
class DataformRunner:
    """`repository` is projects/…/repositories/…; the actions run as `service_account` (an e-mail address).

    `observe` receives the short name of the compilation result that ran, and its actions.
    """

    client: Client
    repository: str
    service_account: str
    poller: Poller
    observe: Callable[[str, list[ActionRow]], None] = lambda release, actions: None

    def run(self, tag: str) -> None:
        """Run the released actions that carry `tag`; WorkflowFailed lists those that failed."""
        result = self.released_result()
        # The result is read once and named here: a release in between does not change a run that has begun.
        config = api.InvocationConfig(included_tags=[tag], service_account=self.service_account)
        self.wait(self.start(result, config), result)

    def wait(self, name: str, result: str) -> None:
        """Until the invocation `name` of a compilation result has ended; WorkflowFailed unless it succeeded."""
        invocation = self.poller.wait_until_ended(has_ended, lambda: self._get_invocation(name), name)
        state = State(invocation.state)
        try:
            # Also after a success: the page shows how long each action took.
            actions = self.poller.call(lambda: self._list_actions(name), name)
        except (Unavailable, *CLIENT_ERRORS) as error:
            actions, failure = [], f"Dataform {state.name}; its actions could not be read: {error}."
        else:
            failure = describe_failure(state.name, actions)
        # Before the error is raised, so that a failed run is recorded with its actions.
        self.observe(result.rpartition("/")[2], actions)
        if state != State.SUCCEEDED:
            raise WorkflowFailed(f"{failure} See {name}")

    def released_result(self) -> str:
        """The compilation result that the release config points at; NotReleased before the first release."""
        name = f"{self.repository}/releaseConfigs/{RELEASE_CONFIG}"

        def get_config() -> api.ReleaseConfig:
            return self.client.get_release_config(name=name, timeout=REQUEST_TIMEOUT_SECONDS)

        try:
            config = self.poller.call(get_config, name)
        except NotFound as error:
            raise NotReleased(f"{name} does not exist: run python -m scripts.release --env ENV") from error
        except CLIENT_ERRORS as error:
            raise Unavailable(f"could not read {name}: {error}") from error
        if not config.release_compilation_result:
            raise NotReleased(f"{name} has no compilation result: run python -m scripts.release --env ENV")
        return config.release_compilation_result

    def start(self, result: str, config: api.InvocationConfig) -> str:
        """The name of the new invocation. Not retried: after a lost response it may be running."""
        invocation = api.WorkflowInvocation(compilation_result=result, invocation_config=config)
        try:
            return self.client.create_workflow_invocation(
                parent=self.repository, workflow_invocation=invocation, timeout=REQUEST_TIMEOUT_SECONDS
            ).name
        except CLIENT_ERRORS as error:
            raise Unavailable(f"could not run {result}: {error}") from error

    def _get_invocation(self, name: str) -> api.WorkflowInvocation:
        return self.client.get_workflow_invocation(name=name, timeout=REQUEST_TIMEOUT_SECONDS)

    def _list_actions(self, invocation: str) -> list[ActionRow]:
        request = {"name": invocation}
        actions = self.client.query_workflow_invocation_actions(request, timeout=REQUEST_TIMEOUT_SECONDS)
        return [describe_action(action) for action in actions]


def describe_action(action: api.WorkflowInvocationAction) -> ActionRow:
    timing, reason = action.invocation_timing, action.failure_reason
    seconds = None
    # Not every action has times.
    if timing.start_time and timing.end_time:
        seconds = (timing.end_time - timing.start_time).total_seconds()
    rows = BAD_ROWS.search(reason)
    return ActionRow(
        action=f"{action.target.schema}.{action.target.name}",
        kind="check" if action.target.schema == ASSERTIONS else "table",
        state=ActionState(action.state).name.lower(),
        seconds=seconds,
        bad_rows=int(rows[1]) if rows else None,
        # A log line and a cell show one line only.
        reason=one_line(reason) if action.state == ActionState.FAILED else None,
    )


def describe_failure(state: str, actions: list[ActionRow]) -> str:
    """The state, and each failed action with its reason."""
    failed = [f"{action.action}: {action.reason}" for action in actions if action.state == "failed"]
    return "\n  ".join([f"Dataform {state}.", *failed])


def has_ended(invocation: api.WorkflowInvocation) -> bool:
    return invocation.state not in ACTIVE_STATES


def one_line(reason: str) -> str:
    return " ".join(reason.split()) or "no reason given"
