"""Settings: environment variables with the names of everything that a run starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.settings import read_endpoint, read_required

REQUIRED = (
    "PROJECT_ID",
    "REGION",
    "BUCKET",
    "CONNECTOR_JOB",
    "SHEETS_SYNC_JOB",
    "DATAFORM_REPOSITORY",
    "DATAFORM_SERVICE_ACCOUNT",
)


@dataclass(frozen=True)
class Settings:
    """Jobs and repository by their short names; `dataform_service_account` is an e-mail address."""

    project: str
    region: str
    bucket: str
    connector_job: str
    sheets_sync_job: str
    dataform_repository: str
    dataform_service_account: str
    run_endpoint: str
    dataform_endpoint: str
    storage_endpoint: str

    @property
    def location(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def repository(self) -> str:
        return f"{self.location}/repositories/{self.dataform_repository}"

    def job(self, name: str) -> str:
        return f"{self.location}/jobs/{name}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """SettingsError lists every missing variable."""
    values = read_required(environ, REQUIRED)
    endpoints = [read_endpoint(environ, api) for api in ("run", "dataform", "storage")]
    return Settings(*values.values(), *endpoints)
