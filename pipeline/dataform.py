"""Dataform: invokes what is released, and waits for its end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from pipeline.errors import NothingReleased, Unavailable, WorkflowFailed
from pipeline.patience import PASSING, REFUSED, Patience

LIVE = "live"  # the release config; scripts/release.py says which compilation result it points at
TIMEOUT_SECONDS = 60.0  # of one request, not of a run
State = api.WorkflowInvocation.State
GOING = (State.RUNNING, State.CANCELING)


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
class Dataform:
    """`repository` is projects/…/repositories/…; `account` the e-mail of whom the actions run as."""

    client: Client
    repository: str
    account: str
    patience: Patience

    def run(self, tag: str) -> None:
        """Run the released actions that carry `tag`; WorkflowFailed names those that failed."""
        name = self.start(self.released(), tag)
        invocation = self.patience.until(has_ended, lambda: self.look(name), name)
        if invocation.state != State.SUCCEEDED:
            raise WorkflowFailed(f"{self.told(invocation)} See {name}")

    def released(self) -> str:
        """The compilation result that is live."""
        name = f"{self.repository}/releaseConfigs/{LIVE}"
        try:
            live = self.patience.until(
                lambda seen: True,
                lambda: self.client.get_release_config(name=name, timeout=TIMEOUT_SECONDS),
                name,
            )
        except NotFound as error:
            raise NothingReleased(f"there is no {name}: run python -m scripts.release") from error
        except REFUSED as error:
            raise Unavailable(f"{name} could not be read: {error}") from error
        if not live.release_compilation_result:
            raise NothingReleased(f"{name} has no result that is live: run python -m scripts.release")
        return live.release_compilation_result

    def start(self, result: str, tag: str) -> str:
        """The name of the new invocation. Not tried twice: after a lost answer it may be running."""
        config = api.InvocationConfig(included_tags=[tag], service_account=self.account)
        invocation = api.WorkflowInvocation(compilation_result=result, invocation_config=config)
        try:
            return self.client.create_workflow_invocation(
                parent=self.repository, workflow_invocation=invocation, timeout=TIMEOUT_SECONDS
            ).name
        except REFUSED as error:
            raise Unavailable(f"{result} could not be run: {error}") from error

    def look(self, name: str) -> api.WorkflowInvocation:
        try:
            return self.client.get_workflow_invocation(name=name, timeout=TIMEOUT_SECONDS)
        except PASSING:
            raise
        except REFUSED as error:
            raise Unavailable(f"{name} was started, but cannot be watched: {error}") from error

    def told(self, invocation: api.WorkflowInvocation) -> str:
        """How it ended, and each action that failed with its reason."""
        try:
            actions = self.patience.until(
                lambda seen: True, lambda: self.actions(invocation.name), invocation.name
            )
        except (Unavailable, *REFUSED) as error:
            return f"Dataform {State(invocation.state).name}; its actions could not be read: {error}."
        failed = [
            f"{action.target.schema}.{action.target.name}: {one_line(action.failure_reason)}"
            for action in actions
            if action.state == api.WorkflowInvocationAction.State.FAILED
        ]
        return "\n  ".join([f"Dataform {State(invocation.state).name}.", *failed])

    def actions(self, invocation: str) -> list[api.WorkflowInvocationAction]:
        found = self.client.query_workflow_invocation_actions({"name": invocation}, timeout=TIMEOUT_SECONDS)
        return list(found)


def has_ended(invocation: api.WorkflowInvocation) -> bool:
    return invocation.state not in GOING


def one_line(reason: str) -> str:
    return " ".join(reason.split()) or "no reason given"
