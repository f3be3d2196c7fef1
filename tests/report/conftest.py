"""Fixtures only."""

import pytest

from tests.report.warehouse import create_ops


@pytest.fixture(scope="module")
def ops(sandbox):
    """The tables and views of ops, empty."""
    return create_ops(sandbox.address)
