"""Compilation results: a commit, compiled by the CLI with a release's configuration."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from sandbox.dataform import cli, graph, project
from sandbox.dataform.compiled_graphs import CompiledGraphs
from sandbox.dataform.files import Files
from sandbox.dataform.repositories import repository
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.paging import page
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

RESULT = Schema(
    "dataform.v1",
    "CompilationResult",
)


@dataclass(frozen=True)
class Compilations:
    service: Service
    files: Files
    compiled: CompiledGraphs = field(default_factory=CompiledGraphs)

    def create(self, call: Call) -> Json:
        """A project that does not compile also gives a result, with `compilationErrors`."""
        name = repository(call)
        self.service.find(name)
        result = RESULT.accept(call.body) | {"name": f"{name}/compilationResults/{uuid.uuid4()}"}
        if "workspace" in result:
            self.service.find(result["workspace"])
        else:
            result["resolvedGitCommitSha"] = self.files.resolve(name, self.resolve_source(result))
        result |= {"dataformCoreVersion": project.core_version(), "createTime": now()}
        # Outside of the transaction: compiling takes seconds, and other writers would wait.
        compiled = self.compile(name, result)
        if errors := graph.errors(compiled):
            result["compilationErrors"] = errors
        with self.service.store.change():
            self.service.store.put(self.service.key(result["name"]), result)
            # In the same transaction: a result without its graph would have no actions to select.
            self.service.store.put(self.service.key(f"{result['name']}:graph"), compiled)
        return result

    def resolve_source(self, result: Json) -> str:
        """The commitish to compile. A release config also sets the compilation config of `result`."""
        if "gitCommitish" in result:
            return str(result["gitCommitish"])
        if "releaseConfig" not in result:
            raise InvalidArgument("compilationResult needs a gitCommitish, a releaseConfig or a workspace.")
        config = self.service.find(result["releaseConfig"])
        result["codeCompilationConfig"] = config.get("codeCompilationConfig", {})
        return str(config["gitCommitish"])

    def compile(self, name: str, result: Json) -> Json:
        files = self.files.read_result(name, result)
        try:
            return self.compiled.graph(
                files, result.get("codeCompilationConfig", {}), partial(self.compile_files, files, result)
            )
        except (project.ProjectError, cli.CliError) as error:
            errors = [{"fileName": project.SETTINGS, "message": str(error)}]
            return {"graphErrors": {"compilationErrors": errors}}

    def compile_files(self, files: Mapping[str, bytes], result: Json) -> Json:
        with project.create_project(self.service.state, files, result) as folder:
            return cli.compile_project(self.service.state, folder)

    def get(self, call: Call) -> Json:
        return self.service.find(f"{repository(call)}/compilationResults/{call.path['id']}")

    def list(self, call: Call) -> Json:
        self.service.find(repository(call))
        results = self.service.store.children(self.service.key(f"{repository(call)}/compilationResults"))
        return page(results, "compilationResults", call.query)

    def query(self, call: Call) -> Json:
        actions = graph.describe_actions(self.graph(self.get(call)["name"]))
        return page(actions, "compilationResultActions", call.query)

    def graph(self, result: str) -> Json:
        return self.service.store.get(self.service.key(f"{result}:graph")) or {}
