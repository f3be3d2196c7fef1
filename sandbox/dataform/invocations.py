"""Workflow invocations: the CLI runs a compilation result on the sandbox's BigQuery."""

import uuid
from dataclasses import dataclass, field

from sandbox.dataform.compilations import Compilations
from sandbox.dataform.execution import ACTIVE, Execution
from sandbox.dataform.repositories import repository
from sandbox.dataform.selection import select_actions
from sandbox.resources.clock import now
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from sandbox.resources.paging import page
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

INVOCATION = Schema(
    "dataform.v1",
    "WorkflowInvocation",
)
AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-dataform.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Invocations:
    service: Service
    compilations: Compilations
    running: dict[str, Execution] = field(default_factory=dict)

    def create(self, call: Call) -> Json:
        name = repository(call)
        settings = self.service.find(name)
        invocation = INVOCATION.accept(call.body) | {"name": f"{name}/workflowInvocations/{uuid.uuid4()}"}
        result = self.resolve_result(invocation)
        config = invocation.setdefault("invocationConfig", {})
        account = self.check_act_as(call, config.get("serviceAccount") or settings.get("serviceAccount"))
        actions = select_actions(self.compilations.graph(result["name"]), config)
        if not actions:
            raise InvalidArgument("invocationConfig selects no action.")
        invocation["resolvedCompilationResult"] = result["name"]
        invocation |= {"state": "RUNNING", "invocationTiming": {"startTime": now()}}
        files = self.compilations.files.read_result(name, result)
        Execution(self.service, invocation, result, files, actions, account).start(self.running)
        return invocation

    def resolve_result(self, invocation: Json) -> Json:
        """The result to run. For a workflow config: the live one of its release, with its selection."""
        name = invocation.get("compilationResult")
        if "workflowConfig" in invocation:
            workflow = self.service.find(invocation["workflowConfig"])
            invocation["invocationConfig"] = workflow.get("invocationConfig", {})
            name = self.service.find(workflow["releaseConfig"]).get("releaseCompilationResult")
        if not name:
            raise InvalidArgument(
                "The invocation needs a compilationResult, or a workflowConfig with a live result."
            )
        result = self.service.find(name)
        if result.get("compilationErrors"):
            raise FailedPrecondition(f"Compilation result {name!r} has compilation errors.")
        return result

    def check_act_as(self, call: Call, account: str | None) -> str:
        """Strict act-as mode, and a token for Dataform's agent.

        https://cloud.google.com/dataform/docs/strict-act-as-mode
        """
        if not account:
            raise FailedPrecondition("Neither the invocation nor its repository names a serviceAccount.")
        iam = Service(self.service.state, self.service.store, "/iam/v1")
        resource = f"projects/{self.service.state.project}/serviceAccounts/{account}"
        needed = {call.caller: "iam.serviceAccounts.actAs"}
        # At Google the agent gets the account's token. The CLI needs none here, so the right is checked by itself.
        if iam.access.enforced(account):  # one that was never created has no policy
            needed[AGENT] = "iam.serviceAccounts.getAccessToken"
        for email, permission in needed.items():
            if not iam.allows(email, permission, resource):
                raise PermissionDenied(f"Permission {permission!r} denied on {resource!r} for {email}.")
        return account

    def get(self, call: Call) -> Json:
        return self.service.find(f"{repository(call)}/workflowInvocations/{call.path['id']}")

    def list(self, call: Call) -> Json:
        self.service.find(repository(call))
        invocations = self.service.store.children(self.service.key(f"{repository(call)}/workflowInvocations"))
        return page(invocations, "workflowInvocations", call.query)

    def query(self, call: Call) -> Json:
        actions = self.service.store.children(self.service.key(f"{self.get(call)['name']}/actions"))
        return page(actions, "workflowInvocationActions", call.query)

    def cancel(self, call: Call) -> Json:
        with self.service.store.change():
            invocation = self.get(call)
            name = invocation["name"]
            execution = self.running.get(name)
            if invocation["state"] not in ACTIVE or execution is None:
                raise FailedPrecondition(f"{name!r} has ended: {invocation['state']}.")
            # Before the CLI is stopped: afterwards this would overwrite the final state that its thread stores.
            self.service.store.put(self.service.key(name), invocation | {"state": "CANCELING"})
        execution.cancel()
        return {}

    def delete(self, call: Call) -> Json:
        with self.service.store.change():
            invocation = self.get(call)
            if invocation["state"] in ACTIVE:
                raise FailedPrecondition(f"{invocation['name']!r} is still running.")
            self.service.store.delete(self.service.key(invocation["name"]))
        return {}
