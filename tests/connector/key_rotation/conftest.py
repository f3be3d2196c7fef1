"""Fixtures only."""

import pytest

from tests.connector.key_rotation.fake_secret import FakeSecret


@pytest.fixture(scope="session")
def sandbox(demo_server):
    """With the shop: the keys under test are those of its retail API."""
    return demo_server


@pytest.fixture
def secret(sandbox):
    fake = FakeSecret(sandbox)
    yield fake
    fake.set_faults()
    fake.close()
