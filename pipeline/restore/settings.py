"""Settings of the job `restore`: environment variables, which Terraform sets."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.settings import read_endpoint, read_required

REQUIRED = ("PROJECT_ID", "REGION", "LOCATION", "BUCKET", "DATAFORM_REPOSITORY")


@dataclass(frozen=True)
class Settings:
    """`location` is that of the datasets, `region` that of the jobs."""

    project: str
    region: str
    location: str
    bucket: str
    dataform_repository: str
    run_endpoint: str
    dataform_endpoint: str
    storage_endpoint: str

    @property
    def parent(self) -> str:
        """Of the jobs and of the repository."""
        return f"projects/{self.project}/locations/{self.region}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """SettingsError lists every missing variable."""
    values = read_required(environ, REQUIRED)
    endpoints = [read_endpoint(environ, api) for api in ("run", "dataform", "storage")]
    return Settings(*(values[name] for name in REQUIRED), *endpoints)
