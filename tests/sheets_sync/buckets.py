"""A bucket of a test's own in the sandbox, as the job reaches it."""

import uuid

from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from sheets_sync.bucket import Bucket


def made(cloud):
    options = {"api_endpoint": cloud.state.address}
    client = Client(cloud.state.project, AnonymousCredentials(), client_options=options)
    name = f"test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(name)
    return Bucket(client, name, cloud.state.identity("sheets-sync"))
