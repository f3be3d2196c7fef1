"""What the environment says: where things are, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import SettingsError

NEEDED = (
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
    """Jobs and repository by their short names; `dataform_service_account` is an e-mail."""

    project: str
    region: str
    bucket: str
    connector_job: str
    sheets_sync_job: str
    dataform_repository: str
    dataform_service_account: str
    run_endpoint: str = "https://run.googleapis.com"
    dataform_endpoint: str = "https://dataform.googleapis.com"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """SettingsError names every variable that is missing."""
        if missing := [variable for variable in NEEDED if not environ.get(variable)]:
            raise SettingsError(f"missing {', '.join(missing)}. Terraform gives them to the Run Job.")
        endpoints = {
            variable.lower(): environ[variable]
            for variable in ("RUN_ENDPOINT", "DATAFORM_ENDPOINT")
            if environ.get(variable)
        }
        return cls(*(environ[variable] for variable in NEEDED), **endpoints)

    @property
    def location(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def repository(self) -> str:
        return f"{self.location}/repositories/{self.dataform_repository}"

    def job(self, name: str) -> str:
        return f"{self.location}/jobs/{name}"
