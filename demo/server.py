"""The demo's server: the sandbox with the shop's retail API on the same port."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import process
from sandbox.state import State

EXTENSION = "demo.shop"


@contextmanager
def running(root: Path, *options: str) -> Iterator[State]:
    """Like sandbox.process.running, with the shop. The job variable RETAIL_URL is its address."""
    with process.running(root, "--extension", EXTENSION, *options) as state:
        yield state
