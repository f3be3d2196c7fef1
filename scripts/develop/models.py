"""A folder of models, compiled for the datasets of a suffix: neither the repository nor the live release changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.cloud import dataform_v1 as api

from runtime.delivery.release_config import LiveRelease
from scripts.release.folder import Files
from scripts.release.repository import Repository, compare_files
from scripts.release.target import Target
from scripts.release.workspace import open_workspace


@dataclass(frozen=True)
class Compilation:
    """`changed_files`: how many differ from the head of the repository."""

    result: api.CompilationResult
    actions: list[api.CompilationResultAction]
    changed_files: int


@contextmanager
def compile_folder(
    client: api.DataformClient, target: Target, suffix: str, workspace_id: str, files: Files
) -> Iterator[Compilation]:
    """In a workspace, which is deleted at the end; ReleaseError if it has errors."""
    repository = Repository(client, target.repository)
    operations = compare_files(repository.read_files(repository.head_commit()), files)
    compiler = LiveRelease(client, target.repository, with_suffix(target, suffix))
    with open_workspace(client, target.repository, workspace_id) as workspace:
        workspace.apply(operations)
        compiled = compiler.compile_workspace(workspace.name)
        yield Compilation(compiled, compiler.read_actions(compiled), len(operations))


def with_suffix(target: Target, suffix: str) -> api.CodeCompilationConfig:
    config = target.compilation_config
    config.schema_suffix = suffix
    return config
