"""The demo's server: the sandbox with the company's sources on the same port or beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.companies import current_company
from demo.spreadsheets import listed_spreadsheets
from sandbox import process
from sandbox.state import State


@contextmanager
def running(root: Path, *options: str) -> Iterator[State]:
    """Like sandbox.process.running, with the company's sources: RETAIL_URL and the like are their addresses."""
    company = current_company()
    spreadsheets = [option for name in listed_spreadsheets() for option in ("--spreadsheet", name)]
    extension = ["--extension", company.extension]
    # The sources first: the sandbox reads their addresses when it starts. It also stops before them, so a running
    # job does not lose its source.
    with (
        company.serve_sources(root),
        process.running(root, *extension, *spreadsheets, *options) as state,
    ):
        yield state
