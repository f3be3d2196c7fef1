"""The settings that all services of a sandbox share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = "sandbox-local"
SPREADSHEET = "sandbox-daily-sales"
PROJECT_NUMBER = "100000000001"


@dataclass(frozen=True)
class State:
    """A running sandbox: `root` is the folder of its data, `port` its port on 127.0.0.1.

    `job_variables` are environment variables that extensions add for jobs and clients, see extensions.py.
    `spreadsheets` are the ids of those that a new sandbox has.
    """

    root: Path
    port: int
    project: str = PROJECT
    job_variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    spreadsheets: tuple[str, ...] = (SPREADSHEET,)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def identity(self, name: str) -> str:
        """The e-mail address of the service account `name`."""
        return f"{name}@{self.project}.iam.gserviceaccount.com"
