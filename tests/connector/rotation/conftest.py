"""Fixtures only."""

import pytest
from tests.connector.key_rotation.vault import Vault


@pytest.fixture(scope="session")
def sandbox(demo_server):
    """With the shop: the keys under test are those of its retail API."""
    return demo_server


@pytest.fixture
def vault(sandbox):
    made = Vault(sandbox)
    yield made
    made.faults()
    made.close()
