"""The release config `live`: the compilation result that runs, and how another one replaces it."""

from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError

RELEASE_CONFIG = "live"
COMPILE_TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True)
class LiveRelease:
    """`repository` is projects/…/repositories/…; every compilation uses `config`."""

    client: api.DataformClient
    repository: str
    config: api.CodeCompilationConfig

    @property
    def name(self) -> str:
        return f"{self.repository}/releaseConfigs/{RELEASE_CONFIG}"

    def current_result(self) -> api.CompilationResult | None:
        """The result that runs now; None before the first release."""
        try:
            name = self.client.get_release_config(name=self.name).release_compilation_result
        except NotFound:
            return None
        return self.client.get_compilation_result(name=name) if name else None

    def commit(self) -> str | None:
        """The commit of the Dataform repository that runs now; None before the first release."""
        result = self.current_result()
        return result.resolved_git_commit_sha if result else None

    def compile_commit(self, commit: str) -> api.CompilationResult:
        """The result of `commit`, which is not live; ReleaseError if it has errors."""
        return self._compile(api.CompilationResult(git_commitish=commit, code_compilation_config=self.config))

    def compile_workspace(self, workspace: str) -> api.CompilationResult:
        """The result of the files of a workspace; ReleaseError if it has errors."""
        return self._compile(api.CompilationResult(workspace=workspace, code_compilation_config=self.config))

    def promote(self, commit: str) -> api.CompilationResult:
        """Make `commit` live. Compile it before: a project with errors must leave the config as it is.

        The config names the commit and not a branch: a later commit cannot become live unnoticed.
        """
        config = api.ReleaseConfig(name=self.name, git_commitish=commit, code_compilation_config=self.config)
        try:
            # Updated first: creating is the rare case, once per environment.
            self._update(config, "git_commitish", "code_compilation_config")
        except NotFound:
            self.client.create_release_config(
                parent=self.repository, release_config=config, release_config_id=RELEASE_CONFIG
            )
        result = self._compile(api.CompilationResult(release_config=self.name))
        live = api.ReleaseConfig(name=self.name, release_compilation_result=result.name)
        self._update(live, "release_compilation_result")
        return result

    def read_actions(self, result: api.CompilationResult) -> list[api.CompilationResultAction]:
        return list(self.client.query_compilation_result_actions({"name": result.name}))

    def is_live(self, commit: str, result: api.CompilationResult | None) -> bool:
        """Whether `result` is what promoting `commit` would produce."""
        if result is None or result.resolved_git_commit_sha != commit:
            return False
        # The same commit compiled for another location would write to other datasets.
        return result.code_compilation_config == self.config

    def _update(self, config: api.ReleaseConfig, *fields: str) -> None:
        self.client.update_release_config({"release_config": config, "update_mask": {"paths": fields}})

    def _compile(self, request: api.CompilationResult) -> api.CompilationResult:
        """ReleaseError lists the compilation errors with their files."""
        result = self.client.create_compilation_result(
            parent=self.repository, compilation_result=request, timeout=COMPILE_TIMEOUT_SECONDS
        )
        if result.compilation_errors:
            errors = [f"  {error.path}: {error.message}" for error in result.compilation_errors]
            raise ReleaseError(
                "\n".join(["the project does not compile; the live release is unchanged", *errors])
            )
        return result
