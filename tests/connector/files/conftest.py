"""Fixtures only."""

import uuid

import pytest

from demo.servers.s3 import create_bucket, put_file, running_s3
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
    with running_s3() as address:
        yield address


@pytest.fixture
def s3(s3_server):
    """A bucket of its own as the source; `s3.bucket` writes to it."""
    name = f"exports-{uuid.uuid4().hex[:12]}"
    harness = FilesHarness(f"s3://{name}/shop/", s3_server)
    harness.bucket = create_bucket(s3_server, name)
    harness.put = lambda key, content: put_file(harness.bucket, f"shop/{key}", content)
    return harness
