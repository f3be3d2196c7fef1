"""python -m scripts.bootstrap --env ENV: once per environment, before Terraform."""

import argparse
import os
import sys

from google.auth.credentials import CredentialsWithQuotaProject
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client

from runtime.credentials import default_credentials
from runtime.errors import SettingsError
from runtime.settings import read_endpoint
from scripts.bootstrap import BootstrapError
from scripts.bootstrap.service_agents import ServiceAgents
from scripts.bootstrap.state_bucket import create_state_bucket
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message

NEXT_STEPS = """\
Next, as in docs/runbooks/bootstrap.md:
  python -m scripts.deploy apply --env {env} --target module.secret
  python -m scripts.secret retail-api-key --project {project} < key.txt
  python -m scripts.deploy apply --env {env}"""


@exit_with_message("bootstrap", "Run the command again: it creates what is missing.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        bootstrap(Environment.load(arguments.env), arguments.location)
    except (BootstrapError, DeployError, SettingsError) as error:
        sys.exit(f"bootstrap: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.bootstrap", description=__doc__)
    parser.add_argument("--env", required=True, help="environments/<env>.tfvars")
    parser.add_argument("--location", default="EU", help="location of the state; default: %(default)s")
    return parser


def bootstrap(environment: Environment, location: str) -> None:
    credentials = default_credentials()
    if isinstance(credentials, CredentialsWithQuotaProject):
        # A personal login has no project of its own; several APIs reject its requests without one.
        credentials = credentials.with_quota_project(environment.project)  # type: ignore[no-untyped-call]
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    agents = ServiceAgents(session, environment.project, read_endpoint(os.environ, "service-usage"))
    # Before Terraform: a grant to an agent that does not exist yet fails (docs/reference/traps.md).
    print(*agents.create_all(), sep="\n")
    client = Client(project=environment.project, credentials=credentials)
    # Terraform cannot create the bucket that its own state is in.
    print(create_state_bucket(client, environment.state_bucket, location))
    print(NEXT_STEPS.format(env=environment.name, project=environment.project))


if __name__ == "__main__":
    main()
