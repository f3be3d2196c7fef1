"""Compilation results: a commit, really compiled by the CLI under a release's configuration."""

import uuid

from google.cloud.dataform_v1.types import dataform as api

from sandbox.dataform import cli, graph, project
from sandbox.dataform.errors import InvalidArgument, Unimplemented
from sandbox.dataform.files import contents, resolve
from sandbox.dataform.service import Service, now, page


def create(service: Service, request: api.CreateCompilationResultRequest) -> api.CompilationResult:
    """A project that does not compile gives a result too: its errors are in it."""
    service.find(api.Repository, request.parent)
    result = request.compilation_result
    commitish = source(service, result)
    result.name = f"{request.parent}/compilationResults/{uuid.uuid4()}"
    result.resolved_git_commit_sha = resolve(service, request.parent, commitish)
    result.dataform_core_version = project.core_version()
    result.create_time = now()
    compiled = compile_commit(service, request.parent, result)
    result.compilation_errors = graph.compilation_errors(compiled)
    with service.store.transaction():
        service.store.put(f"{result.name}/graph", compiled)
        service.keep(result)
    return result


def source(service: Service, result: api.CompilationResult) -> str:
    """The commitish to compile; a release config brings its compilation config along."""
    if result.workspace:
        raise Unimplemented("the sandbox has no workspaces")
    if result.git_commitish:
        return result.git_commitish
    if not result.release_config:
        raise InvalidArgument("compilationResult has neither gitCommitish nor releaseConfig")
    config = service.find(api.ReleaseConfig, result.release_config)
    result.code_compilation_config = config.code_compilation_config
    return config.git_commitish


def compile_commit(service: Service, repository: str, result: api.CompilationResult) -> graph.Graph:
    files = contents(service, repository, result.resolved_git_commit_sha)
    scratch = service.folder / "scratch"
    try:
        with project.laid_out(
            files, result.code_compilation_config, scratch, service.state.project
        ) as folder:
            return cli.compile_project(service.state, folder)
    except (project.ProjectError, cli.CliError) as error:
        errors = [{"fileName": project.SETTINGS, "message": str(error)}]
        return {"graphErrors": {"compilationErrors": errors}}


def get(service: Service, request: api.GetCompilationResultRequest) -> api.CompilationResult:
    return service.find(api.CompilationResult, request.name)


def list_all(
    service: Service, request: api.ListCompilationResultsRequest
) -> api.ListCompilationResultsResponse:
    kept = service.all(api.CompilationResult, f"{request.parent}/compilationResults")
    items, token = page(kept, request)
    return api.ListCompilationResultsResponse(compilation_results=items, next_page_token=token)


def query(
    service: Service, request: api.QueryCompilationResultActionsRequest
) -> api.QueryCompilationResultActionsResponse:
    service.find(api.CompilationResult, request.name)
    actions = graph.described(compiled_graph(service, request.name))
    items, token = page(actions, request)
    return api.QueryCompilationResultActionsResponse(compilation_result_actions=items, next_page_token=token)


def compiled_graph(service: Service, result: str) -> graph.Graph:
    compiled: graph.Graph = service.store.get(f"{result}/graph") or {}
    return compiled
