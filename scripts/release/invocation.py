"""Run released actions and wait until they have ended."""

import time
from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError

State = api.WorkflowInvocation.State
ACTIVE = (State.RUNNING, State.CANCELING)
FAILED = api.WorkflowInvocationAction.State.FAILED
POLL_SECONDS = 1.0
RETRY_SECONDS = 300.0


@dataclass(frozen=True)
class Runner:
    """`compilation_result` is the live release's; the SQL runs as `service_account`."""

    client: api.DataformClient
    repository: str
    compilation_result: str
    service_account: str

    def refresh(self, targets: list[api.Target]) -> None:
        """Replace tables, in the order of their dependencies, then update the tables that follow them."""
        self.run(targets, full_refresh=True, with_dependents=False)
        self.run(targets, full_refresh=False, with_dependents=True)

    def run(self, targets: list[api.Target], full_refresh: bool, with_dependents: bool) -> None:
        """ReleaseError lists the actions that failed."""
        self._run(
            api.InvocationConfig(
                included_targets=targets,
                transitive_dependents_included=with_dependents,
                fully_refresh_incremental_tables_enabled=full_refresh,
                service_account=self.service_account,
            )
        )

    def run_tag(self, tag: str) -> None:
        """The actions with a tag, as the pipeline runs them; ReleaseError lists those that failed."""
        self._run(api.InvocationConfig(included_tags=[tag], service_account=self.service_account))

    def _run(self, config: api.InvocationConfig) -> None:
        invocation = api.WorkflowInvocation(
            compilation_result=self.compilation_result, invocation_config=config
        )
        # Without a retry: after a lost response the invocation may be running.
        name = self.client.create_workflow_invocation(
            parent=self.repository, workflow_invocation=invocation
        ).name
        ended = wait(self.client, name)
        if ended.state != State.SUCCEEDED:
            raise ReleaseError(f"Dataform {State(ended.state).name}: {self._failures(name)} See {name}.")

    def _failures(self, name: str) -> str:
        actions = self.client.query_workflow_invocation_actions({"name": name})
        failed = [action for action in actions if action.state == FAILED]
        return "; ".join(
            f"{action.target.schema}.{action.target.name}: {' '.join(action.failure_reason.split())}"
            for action in failed
        )


def wait(client: api.DataformClient, name: str) -> api.WorkflowInvocation:
    """The invocation when it has ended. Reading it is idempotent, so transient errors are retried."""
    while True:
        invocation = client.get_workflow_invocation(name=name, retry=Retry(timeout=RETRY_SECONDS))
        if invocation.state not in ACTIVE:
            return invocation
        # A person waits for it, so polls are frequent; the pipeline's own poller becomes slower.
        time.sleep(POLL_SECONDS)


def wait_for_others(client: api.DataformClient, repository: str) -> list[str]:
    """Names of the invocations that were active, each of which has ended now; none without a repository."""
    try:
        pages = client.list_workflow_invocations({"parent": repository, "page_size": 1000})
        active = [invocation.name for invocation in pages if invocation.state in ACTIVE]
    except NotFound:
        return []
    for name in active:
        wait(client, name)
    return active
