"""Fixtures only."""

import pytest

from sandbox.process import running


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A running sandbox with nothing provisioned in it; one for the whole session."""
    with running(tmp_path_factory.mktemp("sandbox")) as state:
        yield state
