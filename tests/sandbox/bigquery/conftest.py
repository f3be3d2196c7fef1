"""Fixtures only."""

import pytest
from google.cloud import bigquery

from demo.cloud import Cloud
from sandbox.state import State


@pytest.fixture(scope="module")
def client(sandbox: State) -> bigquery.Client:
    return Cloud(sandbox).bigquery
