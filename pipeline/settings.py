"""Settings: environment variables with the names of everything that a run starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

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
    "RESTORE_JOB",
    "WATCHED_RUNS",
    "DATAFORM_REPOSITORY",
    "DATAFORM_SERVICE_ACCOUNT",
)


type TaskCount = Annotated[int, msgspec.Meta(ge=1)]


class Preparation(msgspec.Struct, frozen=True):
    """Of one endpoint. `module`: gs:// address of its transformation. `output`: the folder of all its runs."""

    module: str
    arguments: list[str]
    output: str

    @property
    def input(self) -> str:
        """gs:// address of the files, with wildcards."""
        return self.arguments[self.arguments.index("--input") + 1]


class SparkSettings(msgspec.Struct, frozen=True):
    """Terraform makes it of the declarations. `main`: gs:// address of the driver, connector/spark/prepare.py.
    `endpoints` by <source>/<endpoint>."""

    main: str
    service_account: str
    subnetwork: str
    endpoints: dict[str, Preparation]


@dataclass(frozen=True)
class Settings:
    """Jobs and repository by their short names; `dataform_service_account` is an e-mail address.

    `endpoints`: schedules by `<source>/<endpoint>`, which Terraform reads from connector/sources.
    `tasks`: how many tasks copy an endpoint, where it is more than one.
    `verdict_exports`: names of exports that are synced after the run is recorded.
    `watched_runs`: how many runs judge a new release; 0 for none. `spark`: None if no endpoint is prepared by Spark.
    """

    project: str
    region: str
    bucket: str
    endpoints: Mapping[str, str]
    tasks: Mapping[str, int]
    connector_job: str
    sheets_sync_job: str
    report_job: str
    restore_job: str
    watched_runs: int
    dataform_repository: str
    dataform_service_account: str
    run_endpoint: str
    dataform_endpoint: str
    storage_endpoint: str
    dataproc_endpoint: str = ""
    spark: SparkSettings | None = field(default=None, kw_only=True)
    verdict_exports: tuple[str, ...] = field(default=(), kw_only=True)

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
    endpoints = [read_endpoint(environ, api) for api in ("run", "dataform", "storage", "dataproc")]
    declared = parse_endpoints(values["CONNECTOR_ENDPOINTS"])
    watched = parse_watched_runs(values["WATCHED_RUNS"])
    project, region, bucket, _, connector, sheets_sync, report, restore, _, *dataform = values.values()
    jobs = (connector, sheets_sync, report, restore)
    spark, tasks = parse_spark(environ.get("SPARK", "")), parse_tasks(environ.get("CONNECTOR_TASKS") or "{}")
    verdict = tuple(name for name in environ.get("VERDICT_EXPORTS", "").split(",") if name)
    return Settings(
        project,
        region,
        bucket,
        declared,
        tasks,
        *jobs,
        watched,
        *dataform,
        *endpoints,
        spark=spark,
        verdict_exports=verdict,
    )


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


def parse_spark(text: str) -> SparkSettings | None:
    """None without a text; SettingsError for another text than Terraform makes."""
    try:
        return msgspec.json.decode(text, type=SparkSettings) if text else None
    except msgspec.MsgspecError as error:
        raise SettingsError(f"invalid SPARK {text[:80]!r}: {error}. Apply Terraform again.") from error


def parse_tasks(text: str) -> dict[str, int]:
    """SettingsError unless it is `{"<source>/<endpoint>": 8}`."""
    try:
        return msgspec.json.decode(text, type=dict[str, TaskCount])
    except msgspec.MsgspecError as error:
        raise SettingsError(
            f'invalid CONNECTOR_TASKS {text[:80]!r}: expected JSON such as {{"erp/invoices": 8}}.'
        ) from error


def parse_watched_runs(text: str) -> int:
    """SettingsError unless it is a whole number, 0 for no watch."""
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"invalid WATCHED_RUNS {text!r}: expected a whole number, 0 to watch no release.")
    return int(text)
