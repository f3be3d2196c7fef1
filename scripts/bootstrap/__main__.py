"""python -m scripts.bootstrap --env E: once per environment, before Terraform."""

import argparse
import os
import sys

import google.auth
from google.auth.exceptions import DefaultCredentialsError
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client

from scripts.bootstrap import BootstrapError, bucket
from scripts.bootstrap.agents import ENDPOINT, Agents
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError


def main() -> None:
    arguments = parser().parse_args()
    try:
        run(Environment.find(arguments.env), arguments.location)
    except (BootstrapError, DeployError) as error:
        sys.exit(f"bootstrap: {error}")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m scripts.bootstrap", description=__doc__)
    top.add_argument("--env", required=True, help="environments/<env>.tfvars")
    top.add_argument("--location", default="EU", help="of the state; default: %(default)s")
    return top


def run(environment: Environment, location: str) -> None:
    try:
        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except DefaultCredentialsError as error:
        raise BootstrapError("no credentials; run `gcloud auth application-default login`") from error
    endpoint = os.environ.get("SERVICE_USAGE_ENDPOINT", ENDPOINT)
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    agents = Agents(session, environment.project, endpoint)
    print(*agents.made(), sep="\n")
    client = Client(project=environment.project, credentials=credentials)
    print(bucket.made(client, environment.state_bucket, location))
    print(NEXT.format(env=environment.name, project=environment.project))


NEXT = """\
Next, as in docs/runbooks/bootstrap.md:
  python -m scripts.deploy apply --env {env} --target module.secret
  python -m scripts.secret retail-api-key --project {project} < key.txt
  python -m scripts.deploy apply --env {env}"""


if __name__ == "__main__":
    main()
