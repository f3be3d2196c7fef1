"""Workflow configs: a named selection of what is live, for invocations to name."""

from google.cloud.dataform_v1.types import dataform as api
from google.protobuf.empty_pb2 import Empty

from sandbox.dataform.service import Service, named, page, updated

OUTPUT_ONLY = (
    "name",
    "recent_scheduled_execution_records",
    "create_time",
    "update_time",
    "internal_metadata",
)


def create(service: Service, request: api.CreateWorkflowConfigRequest) -> api.WorkflowConfig:
    config = request.workflow_config
    config.name = named(f"{request.parent}/workflowConfigs", request.workflow_config_id, "workflowConfigId")
    service.find(api.ReleaseConfig, config.release_config)
    service.add(config)
    return config


def get(service: Service, request: api.GetWorkflowConfigRequest) -> api.WorkflowConfig:
    return service.find(api.WorkflowConfig, request.name)


def list_all(service: Service, request: api.ListWorkflowConfigsRequest) -> api.ListWorkflowConfigsResponse:
    items, token = page(service.all(api.WorkflowConfig, f"{request.parent}/workflowConfigs"), request)
    return api.ListWorkflowConfigsResponse(workflow_configs=items, next_page_token=token)


def update(service: Service, request: api.UpdateWorkflowConfigRequest) -> api.WorkflowConfig:
    with service.store.transaction():
        kept = service.find(api.WorkflowConfig, request.workflow_config.name)
        config = updated(kept, request.workflow_config, request.update_mask, OUTPUT_ONLY)
        service.find(api.ReleaseConfig, config.release_config)
        service.keep(config)
    return config


def delete(service: Service, request: api.DeleteWorkflowConfigRequest) -> Empty:
    with service.store.transaction():
        service.find(api.WorkflowConfig, request.name)
        service.store.delete(request.name)
    return Empty()
