"""Fixtures only."""

from collections.abc import Iterator

import pytest

from sandbox.state import State
from tests.sandbox.iam.project import Project


@pytest.fixture
def project(sandbox: State) -> Iterator[Project]:
    """The sandbox's project without any grant, before and after the test."""
    project = Project(sandbox)
    project.grant_on_project()
    yield project
    project.grant_on_project()
