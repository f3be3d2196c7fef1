"""The environment that a command of the warehouse works on: from Terraform's outputs, or from arguments."""

import argparse
import os
from dataclasses import dataclass

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.credentials import default_credentials
from runtime.delivery import ReleaseError
from runtime.settings import read_endpoint
from scripts.deploy.environment import Environment
from scripts.deploy.terraform import Terraform

RUNNER = "dataform-runner"  # the service account that executes the SQL (environments/identities.tf)


@dataclass(frozen=True)
class Target:
    """`repository` is projects/…/repositories/…; `location` is that of the datasets, for example EU.

    `service_account` is the e-mail address of the identity that runs the SQL.
    """

    project: str
    repository: str
    location: str
    service_account: str

    @property
    def landing_bucket(self) -> str:
        return f"{self.project}-landing"

    @property
    def compilation_config(self) -> api.CodeCompilationConfig:
        return api.CodeCompilationConfig(default_database=self.project, default_location=self.location)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--env", help="read project, region and location from the Terraform outputs of this environment")
    add("--project", help="without --env: the project")
    add("--region", help="without --env: the region of the Dataform repository")
    add("--location", help="without --env: the location of the datasets, for example EU")
    add("--repository", default="warehouse", help="without --env; default: %(default)s")


def read_target(arguments: argparse.Namespace) -> Target:
    """From Terraform's outputs: a location that differs from that of the datasets finds no table."""
    if arguments.env:
        terraform = Terraform(Environment.load(arguments.env))
        terraform.init()
        outputs = terraform.outputs()
        if "dataform_repository" not in outputs:
            raise ReleaseError(
                f"{arguments.env} is not deployed; run python -m scripts.deploy apply --env {arguments.env} first"
            )
        project = outputs["project_id"]
        return Target(project, outputs["dataform_repository"], outputs["location"], runner_of(project))
    missing = [f"--{name}" for name in ("project", "region", "location") if not getattr(arguments, name)]
    if missing:
        raise ReleaseError(
            f"missing {', '.join(missing)}. Pass --env, or all of --project --region --location."
        )
    repository = (
        f"projects/{arguments.project}/locations/{arguments.region}/repositories/{arguments.repository}"
    )
    return Target(arguments.project, repository, arguments.location, runner_of(arguments.project))


def runner_of(project: str) -> str:
    return f"{RUNNER}@{project}.iam.gserviceaccount.com"


def create_dataform_client() -> api.DataformClient:
    options = ClientOptions(api_endpoint=read_endpoint(os.environ, "dataform"))
    return api.DataformClient(credentials=default_credentials(), transport="rest", client_options=options)


def create_warehouse_client(target: Target) -> bigquery.Client:
    return bigquery.Client(target.project, credentials=default_credentials(), location=target.location)
