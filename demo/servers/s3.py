"""An S3-compatible server: moto, in this process."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import obstore
import requests
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

ACCESS_KEY = {"access_key_id": "k", "secret_access_key": "s"}
TIMEOUT_SECONDS = 10


@contextmanager
def running_s3() -> Iterator[str]:
    """The address of the server. Buckets are those of the process, also of earlier servers in it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it writes a line for every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def create_bucket(address: str, name: str) -> S3Store:
    """A client of the new bucket `name`."""
    # In us-east-1: for another region S3 requires a LocationConstraint in the body of this request.
    requests.put(f"{address}/{name}", timeout=TIMEOUT_SECONDS).raise_for_status()
    return S3Store(
        name,
        config={
            "endpoint": address,
            "region": "us-east-1",
            "access_key_id": ACCESS_KEY["access_key_id"],
            "secret_access_key": ACCESS_KEY["secret_access_key"],
        },
        # obstore refuses a URL without TLS unless this is set.
        client_options={"allow_http": True},
    )


def put_file(bucket: S3Store, key: str, content: bytes) -> None:
    obstore.put(bucket, key, content)
