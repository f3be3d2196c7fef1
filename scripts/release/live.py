"""The release config `live`: which compilation result runs, and how another one takes its place."""

from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from scripts.release import ReleaseError

LIVE = "live"
COMPILE_SECONDS = 300.0


@dataclass(frozen=True)
class Live:
    """`repository` is projects/…/repositories/…; every compilation is made with `config`."""

    client: api.DataformClient
    repository: str
    config: api.CodeCompilationConfig

    @property
    def name(self) -> str:
        return f"{self.repository}/releaseConfigs/{LIVE}"

    def result(self) -> api.CompilationResult | None:
        """What runs now; None before the first release."""
        try:
            name = self.client.get_release_config(name=self.name).release_compilation_result
        except NotFound:
            return None
        return self.client.get_compilation_result(name=name) if name else None

    def promote(self, commit: str) -> api.CompilationResult:
        """Compiled on its own first, so that a project with errors does not even reach the release config.

        The config names the commit and not a branch: nobody's later commit can slip in.
        """
        self.compile(api.CompilationResult(git_commitish=commit, code_compilation_config=self.config))
        wanted = api.ReleaseConfig(name=self.name, git_commitish=commit, code_compilation_config=self.config)
        try:
            self.update(wanted, "git_commitish", "code_compilation_config")
        except NotFound:
            self.client.create_release_config(
                parent=self.repository, release_config=wanted, release_config_id=LIVE
            )
        result = self.compile(api.CompilationResult(release_config=self.name))
        live = api.ReleaseConfig(name=self.name, release_compilation_result=result.name)
        self.update(live, "release_compilation_result")
        return result

    def update(self, config: api.ReleaseConfig, *fields: str) -> None:
        self.client.update_release_config({"release_config": config, "update_mask": {"paths": fields}})

    def compile(self, wanted: api.CompilationResult) -> api.CompilationResult:
        """ReleaseError lists the errors with their files."""
        result = self.client.create_compilation_result(
            parent=self.repository, compilation_result=wanted, timeout=COMPILE_SECONDS
        )
        if result.compilation_errors:
            errors = [f"  {error.path}: {error.message}" for error in result.compilation_errors]
            sentence = "the project does not compile; what is live stays live"
            raise ReleaseError("\n".join([sentence, *errors]))
        return result

    def is_of(self, result: api.CompilationResult | None, commit: str) -> bool:
        """Whether `result` is what promoting `commit` would give."""
        if result is None or result.resolved_git_commit_sha != commit:
            return False
        return result.code_compilation_config == self.config
