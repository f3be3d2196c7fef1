"""Fixtures only."""

import uuid

import obstore
import pytest
import requests
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from tests.connector.files.harness import FilesHarness


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    return source


@pytest.fixture
def local(folder):
    """A local folder as the source."""
    return FilesHarness(folder.as_uri() + "/")


@pytest.fixture(scope="session")
def s3_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server):
    """A bucket of its own as the source; `s3.bucket` writes to it."""
    name = f"exports-{uuid.uuid4().hex[:12]}"
    requests.put(f"{s3_server}/{name}", timeout=10).raise_for_status()
    harness = FilesHarness(f"s3://{name}/shop/", s3_server)
    harness.bucket = S3Store(
        name,
        config={"endpoint": s3_server, "access_key_id": "k", "secret_access_key": "s", "region": "us-east-1"},
        client_options={"allow_http": True},
    )
    harness.put = lambda key, content: obstore.put(harness.bucket, f"shop/{key}", content)
    return harness
