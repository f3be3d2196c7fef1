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

    def change_sources(self, cloud: Cloud) -> str:
        """Everything that happens between the first run and the second. Returns a note for the screen."""

    def compare(self, cloud: Cloud) -> list[Check]:
        """Every table of the warehouse against results that share no SQL with it."""

    def write_pages(self, cloud: Cloud) -> list[str]:
        """Pages besides the sheet and the report: a line of text for each."""
