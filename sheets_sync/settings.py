"""What the environment says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sheets_sync.errors import SettingsError
from sheets_sync.notices.settings import Settings as Notices

ENDPOINT = "https://sheets.googleapis.com"


@dataclass(frozen=True)
class Settings:
    """`spreadsheets` are ids by export; `notices` is empty where no server is named."""

    project_id: str
    location: str
    spreadsheets: Mapping[str, str]
    sheets_endpoint: str = ENDPOINT
    notices: Notices = Notices()

    @classmethod
    def read(cls, environment: Mapping[str, str], exports: Sequence[str]) -> Self:
        """The settings for these exports; SettingsError names every missing variable at once."""
        wanted = ["PROJECT_ID", "LOCATION", *map(spreadsheet_variable, exports)]
        missing = [name for name in wanted if not environment.get(name)]
        if missing:
            raise SettingsError(
                f"Missing {', '.join(missing)}. Terraform gives them to the Run Job sheets-sync."
            )
        return cls(
            environment["PROJECT_ID"],
            environment["LOCATION"],
            {export: environment[spreadsheet_variable(export)] for export in exports},
            environment.get("SHEETS_ENDPOINT") or ENDPOINT,
            Notices.read(environment),
        )


def spreadsheet_variable(export: str) -> str:
    """daily_sales -> DAILY_SALES_SPREADSHEET"""
    return f"{export.upper()}_SPREADSHEET"
