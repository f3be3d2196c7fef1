"""Fixtures only."""

import pytest
from tests.connector.key_rotation.vault import Vault


@pytest.fixture
def vault(sandbox):
    made = Vault(sandbox)
    yield made
    made.faults()
    made.close()
