"""The connector's page loop from the API into a folder or a bucket, without the warehouse. In a bucket it
resumes a killed process.

python -m benchmarks.copy URL disk FOLDER | bucket NAME
"""

import os
import sys
import uuid
from pathlib import Path
from typing import Any

from benchmarks.disk import DiskStore, NoLease
from connector.landing.files import Landing
from connector.landing.names import Run
from connector.run.context import RunContext, now_milliseconds
from connector.run.extract import extract
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest import reader
from connector.sources.window import IdRange
from runtime.structured_log import StructuredLog

RENEW_SECONDS = 1.0  # a dead owner is watched for three times as long; 10 s in production


def main(url: str, kind: str, target: str) -> None:
    store = open_store(kind, target)
    source: Any = registry.read_source("retail")
    settings = Settings("", "", "", {"URL": url, "API_KEY": "unused"})
    context = RunContext(
        name="sales",
        endpoint=source.endpoint("sales"),
        reader=reader.create_reader(source, "sales", settings),
        landing=Landing(store, "sales"),
        store=store,
        warehouse=None,  # type: ignore[arg-type]
        log=StructuredLog(sys.stderr),
        renew_seconds=RENEW_SECONDS,
    )
    run = Run.create("sales", now_milliseconds(), uuid.uuid4().hex[:8])
    state = RunState(id=run.id, endpoint="sales", began=run.began, span=IdRange(start=1))
    if kind == "disk":
        extract(context, NoLease(), state)  # type: ignore[arg-type]
        return
    with context.create_lease() as lease:
        if not lease.state:
            lease.save(state)
        extract(context, lease, lease.state or state)


def open_store(kind: str, target: str) -> Any:
    if kind == "disk":
        return DiskStore(Path(target))
    from google.auth.credentials import AnonymousCredentials

    from connector.extract.workers import WORKERS
    from runtime.google_api import ApiClient
    from runtime.http_session import open_session
    from runtime.object_store import OK_STATUSES, ObjectStore

    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = ApiClient(open_session(WORKERS), credentials, os.environ["STORAGE_ENDPOINT"], OK_STATUSES)
    return ObjectStore(client, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
