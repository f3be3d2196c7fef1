"""Fixtures only."""

import pytest

from tests.spark_project import create_spark_project


@pytest.fixture(scope="module")
def spark(sandbox):
    return create_spark_project(sandbox)
