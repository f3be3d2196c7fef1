"""Fixtures only."""

import uuid

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1 as dataform

from sandbox.state import State


@pytest.fixture(scope="module")
def client(sandbox: State) -> dataform.DataformClient:
    return dataform.DataformClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=f"{sandbox.address}/dataform"),
    )


@pytest.fixture
def location(sandbox: State) -> str:
    return f"projects/{sandbox.project}/locations/europe-west1"


@pytest.fixture
def repository(client: dataform.DataformClient, location: str) -> str:
    created = client.create_repository(
        parent=location,
        repository=dataform.Repository(display_name="warehouse"),
        repository_id=f"r-{uuid.uuid4().hex[:8]}",
    )
    return created.name


@pytest.fixture
def dataset() -> str:
    return f"d_{uuid.uuid4().hex[:8]}"
