"""Waiting for invocations that others have started."""

from typing import Any, cast

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from scripts.release.invocation import wait_for_others

State = api.WorkflowInvocation.State


class Invocations:
    """As the client: `states` of each invocation by its name, one a request; the last one stays."""

    def __init__(self, states):
        self.states, self.requested = states, []

    def list_workflow_invocations(self, request):
        if not self.states:
            raise NotFound("no such repository")
        return [self.next(name) for name in self.states]

    def get_workflow_invocation(self, name, retry):
        self.requested.append(name)
        return self.next(name)

    def next(self, name):
        states = self.states[name]
        return api.WorkflowInvocation(name=name, state=states.pop(0) if len(states) > 1 else states[0])


def test_only_those_that_are_active_are_waited_for():
    client = Invocations(
        {
            "ended": [State.SUCCEEDED],
            "running": [State.RUNNING, State.SUCCEEDED],
            "canceling": [State.CANCELING, State.CANCELLED],
            "failed": [State.FAILED],
        }
    )
    assert wait_for_others(cast(Any, client), "warehouse") == ["running", "canceling"]
    assert client.requested == ["running", "canceling"]


def test_without_a_repository_nothing_is_waited_for():
    assert wait_for_others(cast(Any, Invocations({})), "warehouse") == []
