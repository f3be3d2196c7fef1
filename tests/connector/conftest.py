"""Fixtures only."""

import pytest

from connector import sources
from tests.connector.memory import MemoryBucket
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
