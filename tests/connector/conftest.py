"""Fixtures only."""

import uuid

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


@pytest.fixture
def project(sandbox, shop, monkeypatch):
    """Tables and a bucket of its own in the sandbox, and the shop as its source."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", sandbox.address)
    name = f"p-{uuid.uuid4().hex[:8]}"
    made = Project(sandbox.address, name, shop)
    made.provision()
    yield made
    made.close()
