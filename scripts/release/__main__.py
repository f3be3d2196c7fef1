"""python -m scripts.release --project P --region R: commits dataform/, compiles it, makes it live."""

import argparse
import os
import sys
from pathlib import Path

import google.auth
import requests
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud import dataform_v1 as api

from scripts.release import ReleaseError
from scripts.release.folder import Files, Origin, origin, read
from scripts.release.live import Live
from scripts.release.repository import Repository, changes, counted

ENDPOINT = "https://dataform.googleapis.com"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def main() -> None:
    arguments = parser().parse_args()
    name = f"projects/{arguments.project}/locations/{arguments.region}/repositories/{arguments.repository}"
    try:
        run(arguments, name)
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    except NotFound as error:
        sys.exit(f"release: {error}\nTerraform makes {name}, so deploy first.")
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        sys.exit(f"release: {error}")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m scripts.release", description="Make dataform/ what runs.")
    add = top.add_argument
    add("--project", required=True)
    add("--region", required=True, help="where the Dataform repository is")
    add("--repository", default="warehouse", help="default: %(default)s")
    add("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    add("--location", default="EU", help="where the datasets are; default: %(default)s")
    add("--dry-run", action="store_true", help="say what would change, and change nothing")
    return top


def run(arguments: argparse.Namespace, name: str) -> None:
    client = connect(os.environ.get("DATAFORM_ENDPOINT", ENDPOINT))
    config = api.CodeCompilationConfig(
        default_database=arguments.project, default_location=arguments.location
    )
    repository, live = Repository(client, name), Live(client, name, config)
    files = read(arguments.folder)
    if arguments.dry_run:
        preview(repository, live, files)
    else:
        release(repository, live, files, origin(arguments.folder))


def connect(endpoint: str) -> api.DataformClient:
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise ReleaseError("no credentials; run `gcloud auth application-default login`") from error
    options = ClientOptions(api_endpoint=endpoint)
    return api.DataformClient(credentials=credentials, transport="rest", client_options=options)


def release(repository: Repository, live: Live, files: Files, origin: Origin) -> None:
    head = repository.head()
    operations = changes(repository.files(head), files)
    if operations:
        head = repository.commit(operations, head, origin)
    print(f"commit  {head[:12]}: {counted(operations) if operations else 'nothing has changed since'}")
    before = live.result()
    if live.is_of(before, head):
        print(f"live    {spoken(before)}, as before")
        return
    print(f"before  {spoken(before)}")
    print(f"live    {spoken(live.promote(head))}")


def preview(repository: Repository, live: Live, files: Files) -> None:
    operations = changes(repository.files(repository.head()), files)
    for path, operation in sorted(operations.items()):
        print(f"{'write ' if 'write_file' in operation else 'delete'}  {path}")
    print(f"{counted(operations)}, if this were no dry run")
    print(f"live    {spoken(live.result())}")


def spoken(result: api.CompilationResult | None) -> str:
    if result is None:
        return "nothing"
    return f"{result.name.rpartition('/')[2]} of commit {result.resolved_git_commit_sha[:12]}"


if __name__ == "__main__":
    main()
