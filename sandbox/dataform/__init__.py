"""Dataform: Google's API on top of the real Dataform CLI.

repositories, releases       resource types and their rules
files, browsing              commits and files of a repository without a Git remote
workspaces                   files that a person edits without a commit
compilations, graph          compilation results, from the graph that the CLI compiled
compiled_graphs              remembers graphs of the same files
invocations, execution       workflow invocations, the threads that run them, the state of each action
selection                    which actions an invocation runs
project, cli, report         the CLI: its project folder, its process, its output
"""

from starlette.routing import BaseRoute

from sandbox.dataform.browsing import Browsing
from sandbox.dataform.compilations import Compilations
from sandbox.dataform.execution import fail_interrupted
from sandbox.dataform.files import Files
from sandbox.dataform.invocations import Invocations
from sandbox.dataform.releases import RELEASES, WORKFLOWS
from sandbox.dataform.repositories import REPOSITORIES, Repositories
from sandbox.dataform.workspaces import WORKSPACES, Workspaces
from sandbox.resources import collection
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State

PAGED = "pageSize pageToken"


def routes(state: State) -> list[BaseRoute]:
    service = Service(state, Store(state.root), "/dataform/v1")
    # Before the first request: a client that polls an interrupted invocation would wait forever.
    fail_interrupted(service)
    files = Files(service)
    browsing, compilations = Browsing(service, files), Compilations(service, files)
    invocations, workspaces = Invocations(service, compilations), Workspaces(service, files)
    repository = f"{REPOSITORIES.collection}/{{repository}}"
    results, runs = f"{repository}/compilationResults", f"{repository}/workflowInvocations"
    return [
        # Before the general routes, of which the first that matches is used: their DELETE checks no children.
        service.route("DELETE", repository, Repositories(service).delete, "force"),
        *collection.routes(service, REPOSITORIES),
        service.route("POST", f"{repository}:commit", files.commit),
        service.route("GET", f"{repository}:fetchHistory", browsing.history, PAGED),
        service.route("GET", f"{repository}:readFile", browsing.read, "commitSha path"),
        service.route(
            "GET", f"{repository}:queryDirectoryContents", browsing.directory, f"commitSha path {PAGED}"
        ),
        service.route("POST", f"{WORKSPACES.collection}/{{id}}:writeFile", workspaces.write),
        service.route("POST", f"{WORKSPACES.collection}/{{id}}:removeFile", workspaces.remove),
        *collection.routes(service, WORKSPACES),
        *collection.routes(service, RELEASES),
        *collection.routes(service, WORKFLOWS),
        service.route("POST", results, compilations.create),
        service.route("GET", results, compilations.list, PAGED),
        service.route("GET", f"{results}/{{id}}", compilations.get),
        service.route("GET", f"{results}/{{id}}:query", compilations.query, PAGED),
        service.route("POST", runs, invocations.create),
        service.route("GET", runs, invocations.list, PAGED),
        service.route("GET", f"{runs}/{{id}}", invocations.get),
        service.route("DELETE", f"{runs}/{{id}}", invocations.delete),
        service.route("GET", f"{runs}/{{id}}:query", invocations.query, PAGED),
        service.route("POST", f"{runs}/{{id}}:cancel", invocations.cancel),
        service.unserved(),
    ]
