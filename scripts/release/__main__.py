"""python -m scripts.release --env ENV: commit dataform/ to the repository, compile it, make it live."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import requests
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import dataform_v1 as api

from runtime.credentials import default_credentials
from runtime.errors import SettingsError
from runtime.settings import read_endpoint
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError
from scripts.deploy.terraform import Terraform
from scripts.release import ReleaseError
from scripts.release.folder import Files, Origin, read_files, read_origin
from scripts.release.release_config import LiveRelease
from scripts.release.repository import Repository, compare_files, count_operations


@dataclass(frozen=True)
class Target:
    """`repository` is projects/…/repositories/…; `location` is that of the datasets, for example EU."""

    project: str
    repository: str
    location: str


def main() -> None:
    arguments = create_parser().parse_args()
    try:
        target = read_target(arguments)
        release_or_preview(arguments, target)
    except (ReleaseError, DeployError, SettingsError) as error:
        sys.exit(f"release: {error}")
    except NotFound as error:
        sys.exit(f"release: {error}\nTerraform creates {target.repository}, so deploy first.")
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        sys.exit(f"release: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.release", description="Make the folder dataform/ the live release."
    )
    add = parser.add_argument
    add("--env", help="read project, region and location from the Terraform outputs of this environment")
    add("--project", help="without --env: the project")
    add("--region", help="without --env: the region of the Dataform repository")
    add("--location", help="without --env: the location of the datasets, for example EU")
    add("--repository", default="warehouse", help="without --env; default: %(default)s")
    add("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    add("--dry-run", action="store_true", help="print what would change, and change nothing")
    return parser


def read_target(arguments: argparse.Namespace) -> Target:
    """From Terraform's outputs: a location that differs from that of the datasets finds no table."""
    if arguments.env:
        terraform = Terraform(Environment.load(arguments.env))
        terraform.init()
        outputs = terraform.outputs()
        if "dataform_repository" not in outputs:
            raise ReleaseError(f"{arguments.env} is not deployed; run python -m scripts.deploy apply first")
        return Target(outputs["project_id"], outputs["dataform_repository"], outputs["location"])
    missing = [f"--{name}" for name in ("project", "region", "location") if not getattr(arguments, name)]
    if missing:
        raise ReleaseError(
            f"missing {', '.join(missing)}. Pass --env, or all of --project --region --location."
        )
    parent = f"projects/{arguments.project}/locations/{arguments.region}"
    return Target(arguments.project, f"{parent}/repositories/{arguments.repository}", arguments.location)


def release_or_preview(arguments: argparse.Namespace, target: Target) -> None:
    client = create_client(read_endpoint(os.environ, "dataform"))
    config = api.CodeCompilationConfig(default_database=target.project, default_location=target.location)
    repository = Repository(client, target.repository)
    live = LiveRelease(client, target.repository, config)
    files = read_files(arguments.folder)
    if arguments.dry_run:
        preview(repository, live, files)
    else:
        release(repository, live, files, read_origin(arguments.folder))


def create_client(endpoint: str) -> api.DataformClient:
    options = ClientOptions(api_endpoint=endpoint)
    return api.DataformClient(credentials=default_credentials(), transport="rest", client_options=options)


def release(repository: Repository, live: LiveRelease, files: Files, origin: Origin) -> None:
    head = repository.head_commit()
    operations = compare_files(repository.read_files(head), files)
    if operations:
        head = repository.commit(operations, head, origin)
    print(f"commit  {head[:12]}: {count_operations(operations) if operations else 'no changes since'}")
    before = live.current_result()
    if live.is_live(head, before):
        print(f"live    {describe_result(before)}, as before")
        return
    print(f"before  {describe_result(before)}")
    print(f"live    {describe_result(live.promote(head))}")


def preview(repository: Repository, live: LiveRelease, files: Files) -> None:
    operations = compare_files(repository.read_files(repository.head_commit()), files)
    for path, operation in sorted(operations.items()):
        print(f"{'write ' if 'write_file' in operation else 'delete'}  {path}")
    print(f"dry run: {count_operations(operations)}")
    print(f"live    {describe_result(live.current_result())}")


def describe_result(result: api.CompilationResult | None) -> str:
    if result is None:
        return "nothing"
    return f"{result.name.rpartition('/')[2]} of commit {result.resolved_git_commit_sha[:12]}"


if __name__ == "__main__":
    main()
