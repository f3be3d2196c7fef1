"""Fixtures only."""

import pytest
import requests

from sandbox import environment
from tests.terraform.tree import Tree


@pytest.fixture(scope="session")
def tree(provider, tmp_path_factory):
    return Tree.grown(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def planned(tree, sandbox):
    """Plans, as JSON, the named environment as if nothing of it existed."""
    bucket = {"name": "plans-of-tests"}
    requests.post(f"{sandbox.address}/storage/v1/b?project={sandbox.project}", json=bucket, timeout=10)
    told = tree.terraform(
        "environments",
        "init",
        "-input=false",
        "-no-color",
        "-reconfigure",  # another test may have kept its state elsewhere
        "-backend-config=bucket=plans-of-tests",
        **environment.terraform(sandbox),
    )
    assert told.returncode == 0, told.stderr
    return lambda env, *arguments: tree.plan(env, sandbox, *arguments)
