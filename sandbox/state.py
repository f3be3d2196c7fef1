"""The settings that all services of a sandbox share."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = "sandbox-local"
PROJECT_NUMBER = "100000000001"


@dataclass(frozen=True)
class State:
    """A running sandbox: `root` is the folder of its data, `port` its port on 127.0.0.1."""

    root: Path
    port: int
    project: str = PROJECT

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def identity(self, name: str) -> str:
        """The e-mail address of the service account `name`."""
        return f"{name}@{self.project}.iam.gserviceaccount.com"
