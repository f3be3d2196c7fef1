"""Release configs: which commit is compiled, how, and which of its results is live."""

from google.cloud.dataform_v1.types import dataform as api
from google.protobuf.empty_pb2 import Empty

from sandbox.dataform.errors import InvalidArgument
from sandbox.dataform.service import Service, named, page, updated

OUTPUT_ONLY = ("name", "recent_scheduled_release_records", "internal_metadata")


def create(service: Service, request: api.CreateReleaseConfigRequest) -> api.ReleaseConfig:
    config = request.release_config
    config.name = named(f"{request.parent}/releaseConfigs", request.release_config_id, "releaseConfigId")
    service.find(api.Repository, request.parent)
    check(service, config)
    service.add(config)
    return config


def get(service: Service, request: api.GetReleaseConfigRequest) -> api.ReleaseConfig:
    return service.find(api.ReleaseConfig, request.name)


def list_all(service: Service, request: api.ListReleaseConfigsRequest) -> api.ListReleaseConfigsResponse:
    items, token = page(service.all(api.ReleaseConfig, f"{request.parent}/releaseConfigs"), request)
    return api.ListReleaseConfigsResponse(release_configs=items, next_page_token=token)


def update(service: Service, request: api.UpdateReleaseConfigRequest) -> api.ReleaseConfig:
    with service.store.transaction():
        kept = service.find(api.ReleaseConfig, request.release_config.name)
        config = updated(kept, request.release_config, request.update_mask, OUTPUT_ONLY)
        check(service, config)
        service.keep(config)
    return config


def check(service: Service, config: api.ReleaseConfig) -> None:
    """The live result must come from this very config, as the reference of releaseCompilationResult says."""
    if not config.git_commitish:
        raise InvalidArgument("releaseConfig.gitCommitish is missing")
    result = config.release_compilation_result
    if result and service.find(api.CompilationResult, result).release_config != config.name:
        raise InvalidArgument(f"'{result}' was not created using release config '{config.name}'")


def delete(service: Service, request: api.DeleteReleaseConfigRequest) -> Empty:
    with service.store.transaction():
        service.find(api.ReleaseConfig, request.name)
        service.store.delete(request.name)
    return Empty()
