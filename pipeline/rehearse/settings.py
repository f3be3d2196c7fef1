"""Settings of the job `rehearse`: environment variables, which Terraform sets."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.settings import read_endpoint, read_required

REQUIRED = ("PROJECT_ID", "REGION", "LOCATION", "DATAFORM_REPOSITORY", "REHEARSAL_SERVICE_ACCOUNT")


@dataclass(frozen=True)
class Settings:
    """`location` is that of the datasets; `repository` is projects/…/repositories/….

    `service_account`: the e-mail address of the identity that executes the candidate's SQL.
    """

    project: str
    location: str
    repository: str
    service_account: str
    dataform_endpoint: str


def read_settings(environ: Mapping[str, str]) -> Settings:
    """SettingsError lists every missing variable."""
    values = read_required(environ, REQUIRED)
    project, region, location, repository, account = (values[name] for name in REQUIRED)
    name = f"projects/{project}/locations/{region}/repositories/{repository}"
    return Settings(project, location, name, account, read_endpoint(environ, "dataform"))
