"""Settings: environment variables with the names of everything that a run starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.plan import SCHEDULES
from runtime.errors import SettingsError
from runtime.settings import read_endpoint, read_required

REQUIRED = (
    "PROJECT_ID",
    "REGION",
    "BUCKET",
    "CONNECTOR_ENDPOINTS",
    "CONNECTOR_JOB",
    "SHEETS_SYNC_JOB",
    "REPORT_JOB",
    "DATAFORM_REPOSITORY",
    "DATAFORM_SERVICE_ACCOUNT",
)


@dataclass(frozen=True)
class Settings:
    """Jobs and repository by their short names; `dataform_service_account` is an e-mail address.

    `endpoints`: schedules by `<source>/<endpoint>`, which Terraform reads from connector/sources.
    """

    project: str
    region: str
    bucket: str
    endpoints: Mapping[str, str]
    connector_job: str
    sheets_sync_job: str
    report_job: str
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
    # pop: the remaining names are in the order of the fields.
    declared = parse_endpoints(values.pop("CONNECTOR_ENDPOINTS"))
    project, region, bucket, *names = values.values()
    return Settings(project, region, bucket, declared, *names, *endpoints)


def parse_endpoints(text: str) -> dict[str, str]:
    """SettingsError unless it is `{"<source>/<endpoint>": "hourly" or "daily"}`."""
    try:
        declared = json.loads(text)
        is_valid = all("/" in name and schedule in SCHEDULES for name, schedule in declared.items())
    except (ValueError, AttributeError, TypeError):
        is_valid = False
    if not is_valid:
        raise SettingsError(
            f'invalid CONNECTOR_ENDPOINTS {text[:80]!r}: expected JSON such as {{"retail/sales": "hourly"}}.'
        )
    return dict(declared)
