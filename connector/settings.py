"""What the environment says: the project, and how to reach the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.errors import SettingsError
from connector.sources import Source


@dataclass(frozen=True)
class Settings:
    project: str
    location: str
    bucket: str
    url: str
    api_key: str = field(repr=False)  # never in a log, a traceback or a test's output

    @classmethod
    def read(cls, environ: Mapping[str, str], name: str, source: Source) -> "Settings":
        """Settings of source `name`; SettingsError names every variable that is missing."""
        prefix = name.upper()
        needed = ["PROJECT_ID", "LOCATION", "BUCKET", f"{prefix}_API_KEY"]
        if missing := [variable for variable in needed if not environ.get(variable)]:
            raise SettingsError(
                f"missing {', '.join(missing)}. Terraform gives them to the Run Job; in a shell, export them."
            )
        project, location, bucket, api_key = (environ[variable] for variable in needed)
        url = environ.get(f"{prefix}_URL") or source.url
        return cls(project, location, bucket, url.rstrip("/"), api_key)
