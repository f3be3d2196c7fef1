"""python -m scripts.secret <secret id>: adds a version whose value is read from standard input.

Never from an argument: arguments are seen by everyone on the machine, and stay in the shell's history.
"""

import argparse
import getpass
import os
import sys

import google.auth
import google_crc32c
import requests
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
ENDPOINT = "https://secretmanager.googleapis.com"


class SecretError(Exception):
    """A value that could not be added; the sentence says what to do."""


def main() -> None:
    arguments = parser().parse_args()
    try:
        value = typed(arguments.secret)
        client, project = connect(arguments.project, os.environ.get("SECRET_MANAGER_ENDPOINT", ENDPOINT))
        print(add(client, f"projects/{project}/secrets/{arguments.secret}", value))
    except SecretError as error:
        sys.exit(f"secret: {error}")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m scripts.secret", description=__doc__)
    top.add_argument("secret", help="its id, for example retail-api-key")
    top.add_argument("--project", help="default: the project of the credentials")
    return top


def typed(secret: str) -> bytes:
    """What a person types unseen, or what is piped in, without the line end that `echo` adds."""
    text = getpass.getpass(f"Value of {secret}: ") if sys.stdin.isatty() else sys.stdin.read()
    value = text.removesuffix("\n").removesuffix("\r").encode()
    if not value:
        raise SecretError(f"the value of {secret} is empty; give it on standard input")
    return value


def connect(project: str | None, endpoint: str) -> tuple[SecretManagerServiceClient, str]:
    """A client, and the project that was asked for or else that of the credentials."""
    try:
        credentials, default = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise SecretError("no credentials; run `gcloud auth application-default login`") from error
    found = project or default
    if not found:
        raise SecretError("no project; say --project or set GOOGLE_CLOUD_PROJECT")
    options = {"api_endpoint": endpoint}
    return SecretManagerServiceClient(
        credentials=credentials, transport="rest", client_options=options
    ), found


def add(client: SecretManagerServiceClient, secret: str, value: bytes) -> str:
    """The name of the new version, projects/<project>/secrets/<secret>/versions/<n>."""
    payload = SecretPayload(data=value, data_crc32c=google_crc32c.value(value))
    try:
        return client.add_secret_version(parent=secret, payload=payload).name
    except NotFound as error:
        raise SecretError(f"{secret} does not exist; Terraform makes it, so deploy first") from error
    except (GoogleAPICallError, GoogleAuthError, requests.RequestException) as error:
        raise SecretError(f"{secret}: {error}") from error


if __name__ == "__main__":
    main()
