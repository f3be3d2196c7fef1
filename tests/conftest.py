"""Fixtures only."""

import pytest

from sandbox.process import running
from sandbox.replay import replay


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A running sandbox with nothing provisioned in it; one for the whole session (or worker of it)."""
    with running(tmp_path_factory.mktemp("sandbox")) as state:
        yield state


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory):
    """A running sandbox with workspace `local` in it, as the recorded apply made it."""
    with running(tmp_path_factory.mktemp("provisioned")) as state:
        replay(state)
        yield state
