"""Workflow invocations: what a compilation result says is run on the sandbox's BigQuery by the CLI."""

import uuid

from google.cloud.dataform_v1.types import dataform as api
from google.protobuf.empty_pb2 import Empty

from sandbox.dataform.compilations import compiled_graph
from sandbox.dataform.errors import FailedPrecondition, InvalidArgument
from sandbox.dataform.execution import Execution
from sandbox.dataform.selection import selected
from sandbox.dataform.service import Service, interval, now, page

State = api.WorkflowInvocation.State
GOING = (State.RUNNING, State.CANCELING)


def create(service: Service, request: api.CreateWorkflowInvocationRequest) -> api.WorkflowInvocation:
    repository = service.find(api.Repository, request.parent)
    invocation = request.workflow_invocation
    result = source(service, invocation)
    check_account(repository, invocation.invocation_config)
    actions = selected(compiled_graph(service, result.name), invocation.invocation_config)
    if not actions:
        raise InvalidArgument("invocationConfig selects no action")
    invocation.name = f"{request.parent}/workflowInvocations/{uuid.uuid4()}"
    invocation.resolved_compilation_result = result.name
    invocation.state = State(State.RUNNING)
    invocation.invocation_timing = interval(now(), None)
    execution = Execution(service, invocation, result, actions)
    execution.start()
    return invocation


def source(service: Service, invocation: api.WorkflowInvocation) -> api.CompilationResult:
    """The result to run; of a workflow config the live one, with the config's own selection."""
    name = invocation.compilation_result
    if invocation.workflow_config:
        workflow = service.find(api.WorkflowConfig, invocation.workflow_config)
        invocation.invocation_config = workflow.invocation_config
        name = service.find(api.ReleaseConfig, workflow.release_config).release_compilation_result
    if not name:
        raise InvalidArgument(
            "the invocation has no compilationResult, and its release config none that is live"
        )
    result = service.find(api.CompilationResult, name)
    if result.compilation_errors:
        raise FailedPrecondition(f"'{name}' has compilation errors")
    return result


def check_account(repository: api.Repository, config: api.InvocationConfig) -> None:
    """Strict act-as: https://cloud.google.com/dataform/docs/strict-act-as-mode."""
    if not config.service_account and not repository.service_account:
        raise FailedPrecondition("neither the invocation nor its repository names a serviceAccount to act as")


def get(service: Service, request: api.GetWorkflowInvocationRequest) -> api.WorkflowInvocation:
    return service.find(api.WorkflowInvocation, request.name)


def list_all(
    service: Service, request: api.ListWorkflowInvocationsRequest
) -> api.ListWorkflowInvocationsResponse:
    kept = service.all(api.WorkflowInvocation, f"{request.parent}/workflowInvocations")
    items, token = page(kept, request)
    return api.ListWorkflowInvocationsResponse(workflow_invocations=items, next_page_token=token)


def query(
    service: Service, request: api.QueryWorkflowInvocationActionsRequest
) -> api.QueryWorkflowInvocationActionsResponse:
    service.find(api.WorkflowInvocation, request.name)
    items, token = page(service.all(api.WorkflowInvocationAction, f"{request.name}/actions"), request)
    return api.QueryWorkflowInvocationActionsResponse(
        workflow_invocation_actions=items, next_page_token=token
    )


def cancel(
    service: Service, request: api.CancelWorkflowInvocationRequest
) -> api.CancelWorkflowInvocationResponse:
    with service.store.transaction():
        invocation = service.find(api.WorkflowInvocation, request.name)
        if invocation.state not in GOING:
            raise FailedPrecondition(f"'{request.name}' has ended: {invocation.state.name}")
        invocation.state = State(State.CANCELING)
        service.keep(invocation)
    service.running[request.name].cancel()
    return api.CancelWorkflowInvocationResponse()


def delete(service: Service, request: api.DeleteWorkflowInvocationRequest) -> Empty:
    with service.store.transaction():
        if service.find(api.WorkflowInvocation, request.name).state in GOING:
            raise FailedPrecondition(f"'{request.name}' is still running")
        service.store.delete(request.name)
    return Empty()
