"""python -m scripts.secret <secret id>: add a version whose value is read from standard input.

Never from an argument: arguments are visible to every process of the machine and stay in the shell's history.
"""

import argparse
import getpass
import os
import sys

import google.auth
import google_crc32c
from google.api_core.exceptions import NotFound
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload

from runtime.credentials import CLOUD_PLATFORM
from runtime.errors import SettingsError
from runtime.google_errors import CLIENT_ERRORS
from runtime.settings import read_endpoint
from scripts.exits import exit_with_message


class SecretError(Exception):
    """The version could not be added; the message names the remedy."""


@exit_with_message("secret", "Run the command again if no version was printed.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        value = read_value(arguments.secret)
        client, project = create_client(arguments.project)
        print(add_version(client, f"projects/{project}/secrets/{arguments.secret}", value))
    except (SecretError, SettingsError) as error:
        sys.exit(f"secret: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.secret", description=__doc__)
    parser.add_argument("secret", help="its id, for example retail-api-key")
    parser.add_argument("--project", help="default: the project of the credentials")
    return parser


def read_value(secret: str) -> bytes:
    """From a hidden prompt or a pipe, without the line end that `echo` adds."""
    try:
        text = getpass.getpass(f"Value of {secret}: ") if sys.stdin.isatty() else sys.stdin.read()
        value = text.removesuffix("\n").removesuffix("\r").encode()
    # Where the locale reads other bytes as surrogates, only encode raises.
    except UnicodeError as error:
        raise SecretError(f"the value of {secret} is not UTF-8; pass text on standard input") from error
    if not value:
        raise SecretError(f"the value of {secret} is empty; pass it on standard input")
    return value


def create_client(project: str | None) -> tuple[SecretManagerServiceClient, str]:
    """A client, and `project` or else the project of the credentials."""
    try:
        credentials, default_project = google.auth.default(scopes=[CLOUD_PLATFORM])
    except DefaultCredentialsError as error:
        raise SecretError("no credentials; run `gcloud auth application-default login`") from error
    project = project or default_project
    if not project:
        raise SecretError("unknown project; pass --project or set GOOGLE_CLOUD_PROJECT")
    options = {"api_endpoint": read_endpoint(os.environ, "secret-manager")}
    # REST, because the endpoint may be any address, without TLS too.
    client = SecretManagerServiceClient(credentials=credentials, transport="rest", client_options=options)
    return client, project


def add_version(client: SecretManagerServiceClient, secret: str, value: bytes) -> str:
    """The name of the new version, projects/<project>/secrets/<secret>/versions/<n>."""
    # With the checksum Secret Manager rejects a value that was damaged on the way.
    payload = SecretPayload(data=value, data_crc32c=google_crc32c.value(value))
    try:
        return client.add_secret_version(parent=secret, payload=payload).name
    except NotFound as error:
        raise SecretError(f"{secret} does not exist; Terraform creates it, so deploy first") from error
    except CLIENT_ERRORS as error:
        raise SecretError(f"could not add a version to {secret}: {error}") from error


if __name__ == "__main__":
    main()
