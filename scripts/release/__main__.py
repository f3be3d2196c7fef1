"""python -m scripts.release --env ENV: commit dataform/ to the repository, compile it, make it live.

A release that changes columns, types or layout of an incremental table is refused without --refresh, which replaces it.
"""

import argparse
import sys
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import DeliveryError
from runtime.delivery.release_config import LiveRelease
from runtime.errors import SettingsError, StorageError
from runtime.google_errors import CLIENT_ERRORS
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.checkout import check_clean, check_merged
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message
from scripts.release.column_types import name_of
from scripts.release.expired import add_lose_expired, check_expired
from scripts.release.folder import Files, Origin, read_files, read_origin
from scripts.release.invocation import Runner
from scripts.release.keys import declare_keys
from scripts.release.repository import Repository, compare_files, count_operations
from scripts.release.schemas import SchemaChange, add_columns, check_changes, compare_schemas, drop_recreated
from scripts.release.target import (
    Target,
    add_arguments,
    create_dataform_client,
    create_warehouse_client,
    read_target,
)
from scripts.release.turn import exclude_runs
from scripts.release.unwritten import print_unwritten
from scripts.release.workspace import open_workspace


@dataclass(frozen=True)
class Allowed:
    """`refresh`: replace tables whose columns changed; `lose_expired`: also those with rows that raw no longer has."""

    refresh: bool = False
    lose_expired: bool = False


@exit_with_message("release", "Run the command again: it completes a release that was begun.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        check_folder(arguments)
        target = read_target(arguments)
        wait_for_turn(lambda: release_or_preview(arguments, target), wait=arguments.wait)
    except (DeliveryError, DeployError, SettingsError, StorageError) as error:
        sys.exit(f"release: {error}")
    # A missing repository is the usual reason, and has another remedy than other errors.
    except NotFound as error:
        sys.exit(f"release: {error}\nTerraform creates {target.repository}, so deploy first.")
    except CLIENT_ERRORS as error:
        sys.exit(f"release: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.release", description="Make the folder dataform/ the live release."
    )
    add_arguments(parser)
    add = parser.add_argument
    add("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    add("--refresh", action="store_true", help="replace tables whose columns changed, after the release")
    add_lose_expired(parser)
    add("--commit", metavar="SHA", help="a commit of the Dataform repository, compiled again; not the folder")
    add("--dry-run", action="store_true", help="print what would change, and change nothing")
    add_wait(parser, "run of the pipeline or refresh, with --refresh")
    return parser


def check_folder(arguments: argparse.Namespace) -> None:
    """DirtyCheckout or NotMerged in a protected environment, unless what becomes live is a commit of main."""
    if arguments.env and arguments.commit is None and not arguments.dry_run:
        environment = Environment.load(arguments.env)
        if environment.protected:
            check_clean(environment.folder, environment.name)
            check_merged(environment.folder, environment.name)


def release_or_preview(arguments: argparse.Namespace, target: Target) -> None:
    client = create_dataform_client()
    repository = Repository(client, target.repository)
    live = LiveRelease(client, target.repository, target.compilation_config)
    # An empty one too: a variable without a value must not release the folder.
    if arguments.commit is not None:
        release_commit(live, repository.find_commit(arguments.commit), dry_run=arguments.dry_run)
        return
    files = read_files(arguments.folder)
    warehouse = create_warehouse_client(target)
    if arguments.dry_run:
        preview(repository, live, files, warehouse)
        return
    # A run at the same time would write the tables that are replaced, or read one that was dropped.
    with exclude_runs(target, client, "release") if arguments.refresh else nullcontext():
        allowed = Allowed(arguments.refresh, arguments.lose_expired)
        changes = release(repository, live, files, read_origin(arguments.folder), warehouse, allowed)
        write_changed(live, target, warehouse, changes)


def write_changed(
    live: LiveRelease, target: Target, warehouse: bigquery.Client, changes: list[SchemaChange]
) -> None:
    """Only now that the release is live: one that is refused must not drop a table."""
    result = live.current_result()
    assert result is not None
    add_columns(warehouse, changes)
    rewritten = [change for change in changes if not change.is_filled]
    drop_recreated(warehouse, rewritten)
    refresh(Runner(live.client, target.repository, result.name, target.service_account), rewritten)
    declare_keys(warehouse, live.read_actions(result))


def refresh(runner: Runner, changes: list[SchemaChange]) -> None:
    if changes:
        runner.refresh([change.target for change in changes])
        print(f"refresh {', '.join(str(change) for change in changes)}")


def release(
    repository: Repository,
    live: LiveRelease,
    files: Files,
    origin: Origin,
    warehouse: bigquery.Client,
    allowed: Allowed,
) -> list[SchemaChange]:
    """The tables whose columns changed: they must be refreshed before their next run."""
    # The commit and the release are two steps: a release that is refused leaves a commit that is not live.
    head = repository.head_commit()
    operations = compare_files(repository.read_files(head), files)
    if operations:
        head = repository.commit(operations, head, origin)
    print(f"commit  {head[:12]}: {count_operations(operations) if operations else 'no changes since'}")
    before = live.current_result()
    # Also compares the configuration: another project or location needs a new compilation.
    if live.is_live(head, before):
        print(f"live    {describe_result(before)}, as before")
        # A release that was stopped after it had become live has not written its tables again.
        assert before is not None
        return find_changes(live, before, warehouse, allowed)
    compiled = live.compile_commit(head)
    changes = find_changes(live, compiled, warehouse, allowed)
    print_unwritten(live, compiled, warehouse)
    print(f"before  {describe_result(before)}")
    print(f"live    {describe_result(live.promote(head))}")
    return changes


def find_changes(
    live: LiveRelease, result: api.CompilationResult, warehouse: bigquery.Client, allowed: Allowed
) -> list[SchemaChange]:
    """Of the tables of a compilation; ReleaseError or Refused for those that this release may not make."""
    actions = live.read_actions(result)
    changes = compare_schemas(warehouse, actions)
    check_changes(changes, allowed.refresh)
    if not allowed.lose_expired:
        rewritten = {name_of(change.target) for change in changes if not change.is_filled}
        check_expired(warehouse, [action for action in actions if name_of(action.target) in rewritten])
    return changes


def release_commit(live: LiveRelease, commit: str, *, dry_run: bool) -> None:
    """Compile a commit of the Dataform repository again and make it live; ReleaseError if it does not compile."""
    compiled = live.compile_commit(commit)
    print(f"before  {describe_result(live.current_result())}")
    if dry_run:
        print(f"dry run: {describe_result(compiled)} compiles; nothing was changed")
    else:
        print(f"live    {describe_result(live.promote(commit))}")


def preview(repository: Repository, live: LiveRelease, files: Files, warehouse: bigquery.Client) -> None:
    """Compiled in a workspace, which is deleted again: neither the repository nor the release changes."""
    operations = compare_files(repository.read_files(repository.head_commit()), files)
    for path, operation in sorted(operations.items()):
        print(f"{'write ' if 'write_file' in operation else 'delete'}  {path}")
    print(f"dry run: {count_operations(operations)}")
    # A random name, because previews of several people may run at a time.
    with open_workspace(live.client, repository.name, f"preview-{uuid.uuid4().hex[:8]}") as workspace:
        workspace.apply(operations)
        compiled = live.compile_workspace(workspace.name)
        changes = compare_schemas(warehouse, live.read_actions(compiled))
        print_unwritten(live, compiled, warehouse)
    for change in changes:
        print(f"columns {change}{' (without full refresh: refused)' if change.is_protected else ''}")
    print(f"live    {describe_result(live.current_result())}")


def describe_result(result: api.CompilationResult | None) -> str:
    if result is None:
        return "nothing"
    return f"{result.name.rpartition('/')[2]} of commit {result.resolved_git_commit_sha[:12]}"


if __name__ == "__main__":
    main()
