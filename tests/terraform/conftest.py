"""Fixtures only."""

import pytest
import requests

from sandbox import environment
from tests.terraform.plans import LazyPlans
from tests.terraform.tree import Tree


@pytest.fixture(scope="session")
def tree(provider, tmp_path_factory):
    return Tree.copy(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def create_plan(tree, sandbox):
    """Plans an environment in an empty project, as JSON."""
    bucket = {"name": "plans-of-tests"}
    requests.post(f"{sandbox.address}/storage/v1/b?project={sandbox.project}", json=bucket, timeout=10)
    result = tree.terraform(
        "environments",
        "init",
        "-input=false",
        "-no-color",
        "-reconfigure",  # another test may have used another backend
        "-backend-config=bucket=plans-of-tests",
        **environment.terraform(sandbox),
    )
    assert result.returncode == 0, result.stderr
    return lambda env, *arguments: tree.plan(env, sandbox, *arguments)


@pytest.fixture(scope="session")
def plans(create_plan):
    """The plan of each environment, by name, created when it is first read."""
    return LazyPlans(create_plan)
