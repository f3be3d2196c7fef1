"""Settings of the job, and of the target of each export, from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.settings import read_endpoint, read_required
from sheets_sync.destinations.http.config import HttpConfig
from sheets_sync.export import Export
from sheets_sync.notifications.settings import NotificationSettings, read_notification_settings

# The root of the Drive API, unlike that of other APIs, does not contain its name:
# https://www.googleapis.com/discovery/v1/apis/drive/v3/rest
DRIVE_ENDPOINT = "https://www.googleapis.com"
# Variables of each kind of destination, without the export's name in front.
TARGET_VARIABLES = {"sheets": "SPREADSHEET", "file": "BUCKET", "http": "URL"}


@dataclass(frozen=True)
class Settings:
    project_id: str
    location: str
    sheets_endpoint: str
    drive_endpoint: str
    storage_endpoint: str
    notifications: NotificationSettings = NotificationSettings()


@dataclass(frozen=True)
class Target:
    """Where an export goes. `address`: a spreadsheet's id, a bucket or a URL.

    `state_bucket` stores the last synced state of an API.
    """

    address: str
    api_key: str = field(default="", repr=False)
    state_bucket: str = ""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings that every run needs; SettingsError names every missing variable at once."""
    required = read_required(environ, ["PROJECT_ID", "LOCATION"])
    return Settings(
        required["PROJECT_ID"],
        required["LOCATION"],
        read_endpoint(environ, "sheets"),
        (environ.get("DRIVE_ENDPOINT") or DRIVE_ENDPOINT).rstrip("/"),
        read_endpoint(environ, "storage"),
        read_notification_settings(environ),
    )


def read_target(environ: Mapping[str, str], export: Export) -> Target:
    """Settings of one export; SettingsError names every missing variable at once.

    Read for each export separately: a new export whose variable is not deployed yet must not stop the others.
    """
    address = target_variable(export, TARGET_VARIABLES[export.destination.kind])
    names = [address]
    api_key, state_bucket = "", ""
    if isinstance(export.destination, HttpConfig):
        api_key = target_variable(export, "API_KEY") if export.destination.auth else ""
        state_bucket = "BUCKET"
        names += [name for name in (api_key, state_bucket) if name]
    values = read_required(environ, names)
    return Target(values[address], values.get(api_key, ""), values.get(state_bucket, ""))


def target_variable(export: Export, name: str) -> str:
    """daily_sales -> DAILY_SALES_SPREADSHEET"""
    return f"{export.name.upper()}_{name}"
