"""Repositories: the only part that Terraform makes."""

from google.cloud.dataform_v1.types import dataform as api
from google.protobuf.empty_pb2 import Empty

from sandbox.dataform.errors import FailedPrecondition
from sandbox.dataform.service import Service, named, now, page, updated

OUTPUT_ONLY = ("name", "create_time", "data_encryption_state", "internal_metadata", "team_folder_name")
CHILDREN = ("releaseConfigs", "workflowConfigs", "compilationResults", "workflowInvocations")


def create(service: Service, request: api.CreateRepositoryRequest) -> api.Repository:
    repository = request.repository
    repository.name = named(f"{request.parent}/repositories", request.repository_id, "repositoryId")
    repository.create_time = now()
    service.add(repository)
    return repository


def get(service: Service, request: api.GetRepositoryRequest) -> api.Repository:
    return service.find(api.Repository, request.name)


def list_all(service: Service, request: api.ListRepositoriesRequest) -> api.ListRepositoriesResponse:
    items, token = page(service.all(api.Repository, f"{request.parent}/repositories"), request)
    return api.ListRepositoriesResponse(repositories=items, next_page_token=token)


def update(service: Service, request: api.UpdateRepositoryRequest) -> api.Repository:
    """Without updateMask every field is replaced, as google_dataform_repository relies on."""
    with service.store.transaction():
        kept = get(service, api.GetRepositoryRequest(name=request.repository.name))
        repository = updated(kept, request.repository, request.update_mask, OUTPUT_ONLY)
        service.keep(repository)
    return repository


def delete(service: Service, request: api.DeleteRepositoryRequest) -> Empty:
    with service.store.transaction():
        get(service, api.GetRepositoryRequest(name=request.name))
        children = [child for child in CHILDREN if service.store.children(f"{request.name}/{child}")]
        if children and not request.force:
            raise FailedPrecondition(
                f"repository '{request.name}' has {', '.join(children)}, and force is not set"
            )
        service.store.delete(request.name)
    return Empty()
