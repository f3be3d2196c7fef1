"""Fixtures only."""

import pytest

from connector import sources
from tests.connector.memory import MemoryBucket
from tests.connector.project import Project
from tests.connector.shop import Shop


@pytest.fixture
def retail():
    return sources.read("retail")


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def bucket():
    return MemoryBucket()


@pytest.fixture(scope="session")
def tables(sandbox):
    """BigQuery tells projects apart: this one has the connector's tables, and no other test looks at it."""
    made = Project(sandbox.address, "connector-tests")
    made.provision()
    made.close()
    return made.name


@pytest.fixture
def project(sandbox, tables, shop):
    """Empty tables and an empty bucket in the sandbox, and the shop as the source."""
    made = Project(sandbox.address, tables, shop)
    made.clear()
    yield made
    made.close()
