"""The turn to write the warehouse: of a run of the pipeline, or of a command that writes tables again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from google.cloud import dataform_v1 as api

from runtime.credentials import default_credentials
from runtime.delivery import Busy
from runtime.errors import LeaseHeld
from runtime.lease import PIPELINE, Lease
from runtime.object_store import open_bucket
from runtime.settings import read_endpoint
from scripts.release.invocation import wait_for_others
from scripts.release.target import Target

CONNECTIONS = 2  # the main thread, and the one that renews the lease


@contextmanager
def exclude_runs(
    target: Target, dataform: api.DataformClient, holder: str, bucket: str = ""
) -> Iterator[None]:
    """With the pipeline's lease: runs that are due meanwhile are left out. Busy while another process has it.

    `bucket`: the landing bucket, if it has another name.
    """
    endpoint = read_endpoint(os.environ, "storage")
    store = open_bucket(default_credentials(), endpoint, bucket or target.landing_bucket, CONNECTIONS)
    lease = Lease(store, PIPELINE, dict[str, str], holder=holder)
    try:
        lease.acquire()
    except LeaseHeld as error:
        raise Busy(f"{error} Wait until it has ended, or pass --wait.") from error
    try:
        # Without a lease: started in the console, or by a run that was killed.
        for name in wait_for_others(dataform, target.repository):
            print(f"waited  for {name}")
        yield
    finally:
        lease.release()
