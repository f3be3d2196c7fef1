"""Fixtures only: the compiled warehouse of tests/dataform, and the restore job on it."""

import io
import uuid

import pytest

from tests.dataform.conftest import graph  # noqa: F401 - a fixture
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.pipeline.restore.shop import Shop


@pytest.fixture(scope="module")
def shop(sandbox, graph):  # noqa: F811
    """An empty warehouse for the tests of one file."""
    return open_shop(sandbox, graph)


@pytest.fixture(scope="module")
def long_shop(sandbox, graph):  # noqa: F811
    """Another one."""
    return open_shop(sandbox, graph)


def open_shop(sandbox, graph):  # noqa: F811
    return Shop(Runner(connect(sandbox.address, f"r{uuid.uuid4().hex[:12]}"), graph), io.StringIO())
