"""What the environment says: the project, and how to reach the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.declaration import Source
from connector.errors import SettingsError

ENDPOINTS = ("bigquery", "sheets", "storage")  # <NAME>_ENDPOINT may say that an API is elsewhere


@dataclass(frozen=True)
class Settings:
    """`source` has what the environment says of the source: `URL` is from <SOURCE>_URL."""

    project: str
    location: str
    bucket: str
    source: Mapping[str, str] = field(repr=False)  # never in a log, a traceback or a test's output
    bigquery_endpoint: str = "https://bigquery.googleapis.com"
    sheets_endpoint: str = "https://sheets.googleapis.com"
    storage_endpoint: str = "https://storage.googleapis.com"

    @classmethod
    def read(cls, environ: Mapping[str, str], name: str, source: Source) -> "Settings":
        """Settings of source `name`; SettingsError names every variable that is missing."""
        variables = {key: f"{name.upper()}_{key}" for key in source.variables()}
        without = [variables[key] for key, default in source.variables().items() if default is None]
        needed = ["PROJECT_ID", "LOCATION", "BUCKET", *without]
        if missing := [variable for variable in needed if not environ.get(variable)]:
            raise SettingsError(
                f"missing {', '.join(missing)}. Terraform gives them to the Run Job; in a shell, export them."
            )
        project, location, bucket = (environ[variable] for variable in needed[:3])
        said = {
            key: environ.get(variables[key]) or default or "" for key, default in source.variables().items()
        }
        elsewhere = {
            f"{name}_endpoint": address.rstrip("/")
            for name in ENDPOINTS
            if (address := environ.get(f"{name.upper()}_ENDPOINT"))
        }
        return cls(project, location, bucket, said, **elsewhere)
