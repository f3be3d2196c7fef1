"""What the environment says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from sheets_sync.errors import SettingsError
from sheets_sync.exports import Export
from sheets_sync.notices.settings import Settings as Notices

ENDPOINT = "https://sheets.googleapis.com"


@dataclass(frozen=True)
class Settings:
    """`places` say of each export what its destination needs: SPREADSHEET is from <EXPORT>_SPREADSHEET.
    `bucket` keeps what was last synced; `notices` is empty where no server is named."""

    project_id: str
    location: str
    places: Mapping[str, Mapping[str, str]] = field(repr=False)  # a key may be among them
    bucket: str = ""
    sheets_endpoint: str = ENDPOINT
    notices: Notices = Notices()

    @classmethod
    def read(cls, environment: Mapping[str, str], exports: Sequence[Export]) -> Self:
        """The settings for these exports; SettingsError names every missing variable at once."""
        named = {export.name: {name: variable(export, name) for name in needs(export)} for export in exports}
        bucket = ["BUCKET"] if any(export.destination["kind"] == "http" for export in exports) else []
        wanted = [
            "PROJECT_ID",
            "LOCATION",
            *bucket,
            *(one for names in named.values() for one in names.values()),
        ]
        missing = [name for name in wanted if not environment.get(name)]
        if missing:
            raise SettingsError(
                f"Missing {', '.join(missing)}. Terraform gives them to the Run Job sheets-sync."
            )
        return cls(
            environment["PROJECT_ID"],
            environment["LOCATION"],
            {
                export: {name: environment[one] for name, one in names.items()}
                for export, names in named.items()
            },
            environment["BUCKET"] if bucket else "",
            environment.get("SHEETS_ENDPOINT") or ENDPOINT,
            Notices.read(environment),
        )


def needs(export: Export) -> list[str]:
    """What the environment says of an export's place, by the kind of its destination."""
    kinds = {"sheets": ["SPREADSHEET"], "file": ["BUCKET"], "http": ["URL"]}
    key = ["API_KEY"] if export.destination.get("auth") else []
    return [*kinds[export.destination["kind"]], *key]


def variable(export: Export, name: str) -> str:
    """daily_sales -> DAILY_SALES_SPREADSHEET"""
    return f"{export.name.upper()}_{name}"
