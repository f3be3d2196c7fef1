"""What the demo needs to know about a company besides its declarations."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from demo.cloud import Cloud
from demo.expected import Check


class Company(Protocol):
    """A company's sources, what happens in them between two runs, and what the warehouse must hold after that."""

    @property
    def name(self) -> str: ...

    @property
    def extension(self) -> str:
        """The module that the sandbox serves beside Google's APIs (sandbox/extensions.py)."""

    @property
    def sheet(self) -> str:
        """The export whose spreadsheet is shown as a page."""

    @property
    def query(self) -> str:
        """An example for `make sql`."""

    def serve_sources(self, root: Path) -> AbstractContextManager[None]:
        """Servers that run beside the sandbox, such as databases, with their data below `root`."""

    def secrets(self, root: Path) -> dict[str, str]:
        """Values by the name of the secret. Read after the sandbox has started."""

    def add_sources(self, cloud: Cloud) -> None:
        """Sources in Google Cloud itself, such as buckets. Called once, after Terraform and before the first run."""

    @property
    def runs(self) -> tuple[str, ...]:
        """The schedules of the pipeline in the order of the story: daily or hourly."""

    def change_sources(self, cloud: Cloud, run: int) -> str:
        """What happens before a run, numbered from 1; the first is number 0. Returns a note, "" for no change."""

    def compare(self, cloud: Cloud) -> list[Check]:
        """Every table of the warehouse against results that share no SQL with it."""

    def write_pages(self, cloud: Cloud) -> list[str]:
        """Pages besides the sheet and the report: a line of text for each."""
