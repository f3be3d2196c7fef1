"""python -m scripts.bootstrap --env E: once per environment, before Terraform: the bucket of its state."""

import argparse
import sys

import google.auth
import requests
from google.api_core.exceptions import Conflict, Forbidden, GoogleAPIError
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud.storage import Bucket, Client

from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError

BY_HAND = """\
What only a person can do, in this order:
  1. Link billing to project {project}, and switch on what Terraform itself asks first:
     gcloud services enable serviceusage.googleapis.com cloudresourcemanager.googleapis.com \\
       cloudbilling.googleapis.com iam.googleapis.com --project {project}
  2. Log in: gcloud auth application-default login
  3. Make the secrets, and give each its value: Cloud Run refuses a job whose secret has none.
     python -m scripts.deploy apply --env {env} --target module.secret
     python -m scripts.secret retail-api-key --project {project}
  4. Make all the rest: python -m scripts.deploy apply --env {env}
  5. Share each spreadsheet in environments/{env}.tfvars, as editor, with
     sheets-sync@{project}.iam.gserviceaccount.com"""


class BootstrapError(Exception):
    """The bucket could not be made; the sentence says what to do."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.bootstrap", description=__doc__)
    parser.add_argument("--env", required=True, help="environments/<env>.tfvars")
    parser.add_argument("--location", default="EU", help="of the state; default: %(default)s")
    arguments = parser.parse_args()
    try:
        environment = Environment.find(arguments.env)
        print(made(connect(environment.project), environment.state_bucket, arguments.location))
    except (BootstrapError, DeployError) as error:
        sys.exit(f"bootstrap: {error}")
    print(BY_HAND.format(env=environment.name, project=environment.project))


def connect(project: str) -> Client:
    try:
        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except DefaultCredentialsError as error:
        raise BootstrapError("no credentials; run `gcloud auth application-default login`") from error
    return Client(project=project, credentials=credentials)


def made(client: Client, name: str, location: str) -> str:
    """What was done. A bucket that is there already is kept, with its settings put right."""
    bucket = private(client.bucket(name))
    try:
        if bucket.exists():
            bucket.patch()
            return f"gs://{name} was there already"
        client.create_bucket(bucket, location=location)
    except (Conflict, Forbidden) as error:
        raise BootstrapError(
            f"{name} may belong to somebody else, or you may not make it: {error}"
        ) from error
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        raise BootstrapError(f"{name} could not be made: {error}") from error
    return f"gs://{name} was made"


def private(bucket: Bucket) -> Bucket:
    """Versioned, so that a broken state can be had back; nobody but the project's own people."""
    bucket.versioning_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    return bucket


if __name__ == "__main__":
    main()
