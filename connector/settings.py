"""Settings: environment variables with the project and the address of the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.sources.base import Source
from runtime.settings import read_endpoint, read_required


@dataclass(frozen=True)
class Settings:
    """`source` holds the variables of the source, without their prefix: `URL` for <SOURCE>_URL."""

    project: str
    location: str
    bucket: str
    source: Mapping[str, str] = field(repr=False)  # may contain a key: never in a log or a traceback
    sheets_endpoint: str = "https://sheets.googleapis.com"
    storage_endpoint: str = "https://storage.googleapis.com"
    source_name: str = ""
    execution: str = ""


def read_settings(environ: Mapping[str, str], source_name: str, source: Source) -> Settings:
    """SettingsError lists every missing variable."""
    defaults = source.variables()
    names = {key: f"{source_name.upper()}_{key}" for key in defaults}
    without_default = [names[key] for key, default in defaults.items() if default is None]
    # One call for all names, so that one error lists everything that is missing.
    required = read_required(environ, ["PROJECT_ID", "LOCATION", "BUCKET", *without_default])
    # An empty variable counts as missing: Terraform sets optional values to "".
    values = {key: environ.get(names[key]) or default or "" for key, default in defaults.items()}
    return Settings(
        required["PROJECT_ID"],
        required["LOCATION"],
        required["BUCKET"],
        values,
        read_endpoint(environ, "sheets"),
        read_endpoint(environ, "storage"),
        source_name,
        environ.get("CLOUD_RUN_EXECUTION", ""),
    )
