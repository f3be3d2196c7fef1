"""Fixtures only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery_story.change import propose
from tests.delivery_story.environments import (
    Environment,
    repository_variables,
    running_environments,
    write_projects,
)
from tests.delivery_story.repository import Repository
from tests.delivery_story.runner import NO_ACT, Runner, find_act
from tests.fakes.github_api import PERSON, FakeGitHub


@pytest.fixture(scope="session")
def root(provider: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_act() is None:
        pytest.skip(NO_ACT)
    return tmp_path_factory.mktemp("delivery_story")


@pytest.fixture(scope="session")
def repository(root: Path) -> Repository:
    return Repository.create(root)


@pytest.fixture(scope="session")
def environments(root: Path, repository: Repository) -> Iterator[dict[str, Environment]]:
    with running_environments(root, repository) as environments:
        yield environments


@pytest.fixture(scope="session")
def github() -> Iterator[FakeGitHub]:
    """With the pull request of the story, in which people talk."""
    with FakeGitHub() as github:
        github.add_issue("Double the revenue", PERSON, pull_request={}, head="change", base="main")
        for number in range(3):
            github.add_comment(1, f"remark {number}", PERSON)
        yield github


@pytest.fixture(scope="session")
def runner(
    root: Path, repository: Repository, environments: dict[str, Environment], github: FakeGitHub
) -> Runner:
    projects = write_projects(root / "projects", environments)
    return Runner(root, repository.remote, projects, repository_variables(root, environments), github)


@pytest.fixture(scope="session")
def proposed(repository: Repository, environments: dict[str, Environment]) -> str:
    """The commit of the pull request; main has its parent."""
    return propose(repository)
