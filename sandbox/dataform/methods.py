"""Which method answers which path: the part of Dataform's API that this project calls.

Paths and bodies are those of https://cloud.google.com/dataform/reference/rest, version 1.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.dataform import (
    browsing,
    compilations,
    files,
    invocations,
    policies,
    releases,
    repositories,
    workflows,
)
from sandbox.dataform.errors import NotFound, Refusal
from sandbox.dataform.execution import finish_interrupted
from sandbox.dataform.service import Service
from sandbox.dataform.transcoding import Method, written
from sandbox.state import State

METHODS = (
    Method("POST", "{parent=LOCATION}/repositories", repositories.create, "repository"),
    Method("GET", "{parent=LOCATION}/repositories", repositories.list_all),
    Method("GET", "{name=REPOSITORY}", repositories.get),
    Method("PATCH", "{repository.name=REPOSITORY}", repositories.update, "repository"),
    Method("DELETE", "{name=REPOSITORY}", repositories.delete),
    Method("GET", "{resource=REPOSITORY}:getIamPolicy", policies.get),
    Method("POST", "{resource=REPOSITORY}:setIamPolicy", policies.set_policy, "*"),
    Method("POST", "{resource=REPOSITORY}:testIamPermissions", policies.test, "*"),
    Method("POST", "{name=REPOSITORY}:commit", files.commit, "*"),
    Method("GET", "{name=REPOSITORY}:fetchHistory", browsing.history),
    Method("GET", "{name=REPOSITORY}:readFile", browsing.read),
    Method("GET", "{name=REPOSITORY}:queryDirectoryContents", browsing.directory),
    Method("POST", "{parent=REPOSITORY}/releaseConfigs", releases.create, "release_config"),
    Method("GET", "{parent=REPOSITORY}/releaseConfigs", releases.list_all),
    Method("GET", "{name=RELEASE}", releases.get),
    Method("PATCH", "{release_config.name=RELEASE}", releases.update, "release_config"),
    Method("DELETE", "{name=RELEASE}", releases.delete),
    Method("POST", "{parent=REPOSITORY}/workflowConfigs", workflows.create, "workflow_config"),
    Method("GET", "{parent=REPOSITORY}/workflowConfigs", workflows.list_all),
    Method("GET", "{name=WORKFLOW}", workflows.get),
    Method("PATCH", "{workflow_config.name=WORKFLOW}", workflows.update, "workflow_config"),
    Method("DELETE", "{name=WORKFLOW}", workflows.delete),
    Method("POST", "{parent=REPOSITORY}/compilationResults", compilations.create, "compilation_result"),
    Method("GET", "{parent=REPOSITORY}/compilationResults", compilations.list_all),
    Method("GET", "{name=RESULT}", compilations.get),
    Method("GET", "{name=RESULT}:query", compilations.query),
    Method("POST", "{parent=REPOSITORY}/workflowInvocations", invocations.create, "workflow_invocation"),
    Method("GET", "{parent=REPOSITORY}/workflowInvocations", invocations.list_all),
    Method("GET", "{name=INVOCATION}", invocations.get),
    Method("GET", "{name=INVOCATION}:query", invocations.query),
    Method("POST", "{name=INVOCATION}:cancel", invocations.cancel, "*"),
    Method("DELETE", "{name=INVOCATION}", invocations.delete),
)


class Api:
    """A sandbox's Dataform: the state of one folder."""

    def __init__(self, state: State) -> None:
        self._service = Service(state)
        finish_interrupted(self._service)

    def __call__(self, request: Request, body: bytes) -> Response:
        try:
            method, value = found(request.method, request.path_params["path"])
            message = method.read(value, request.query_params.multi_items(), body)
            answer = written(method.answer(self._service, message), request.query_params)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.code)
        return Response(answer, media_type="application/json")


def found(verb: str, path: str) -> tuple[Method, str]:
    """The method, and what its template's variable stands for; a wrong verb is NotFound, as Google has it."""
    matches = [(method, match["value"]) for method in METHODS if (match := method.pattern.fullmatch(path))]
    for method, value in matches:
        if method.verb == verb:
            return method, value
    verbs = ", ".join(method.verb for method, _ in matches)
    raise NotFound(f"no method {verb} /v1/{path}" + (f"; there is {verbs}" if verbs else ""))
