"""Settings of the job `restore`: environment variables, which Terraform sets."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.settings import read_endpoint, read_required

REQUIRED = ("PROJECT_ID", "REGION", "LOCATION", "BUCKET")


@dataclass(frozen=True)
class Settings:
    """`location` is that of the datasets, `region` that of the jobs."""

    project: str
    region: str
    location: str
    bucket: str
    run_endpoint: str
    storage_endpoint: str


def read_settings(environ: Mapping[str, str]) -> Settings:
    """SettingsError lists every missing variable."""
    values = read_required(environ, REQUIRED)
    project, region, location, bucket = (values[name] for name in REQUIRED)
    endpoints = [read_endpoint(environ, api) for api in ("run", "storage")]
    return Settings(project, region, location, bucket, *endpoints)
