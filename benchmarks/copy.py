"""The connector's own page loop, from the API into a folder or into a bucket, without the warehouse. In a
bucket it goes on where a process left off that was killed.

python -m benchmarks.copy URL disk FOLDER | bucket NAME"""

import os
import sys
import uuid
from pathlib import Path
from typing import Any

from benchmarks.disk import DiskBucket
from connector.landing.files import Landing
from connector.landing.names import Run
from connector.run.context import RunContext, milliseconds
from connector.run.extract import extract
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest import reader
from connector.sources.window import IdRange
from runtime.structured_log import StructuredLog

RENEW_SECONDS = 1.0  # a dead one's lease is watched for three times as long; in the cloud it is 10


class NoLease:
    """On a disk nobody else is copying."""

    def check(self) -> None: ...
    def save(self, state: State) -> None: ...


def main(url: str, where: str, place: str) -> None:
    bucket = opened(where, place)
    source: Any = registry.read_source("retail")
    context = RunContext(
        name="sales",
        endpoint=source.endpoint("sales"),
        reader=reader.create_reader(source, "sales", Settings("", "", "", {"URL": url, "API_KEY": "none"})),
        landing=Landing(bucket, "sales"),
        store=bucket,
        warehouse=None,  # type: ignore[arg-type]
        log=StructuredLog(sys.stderr),
        renew_seconds=RENEW_SECONDS,
    )
    run = Run.create("sales", milliseconds(), uuid.uuid4().hex[:8])
    state = RunState(id=run.id, endpoint="sales", began=run.began, span=IdRange(start=1))
    if where == "disk":
        extract(context, NoLease(), state)  # type: ignore[arg-type]
        return
    with context.leased() as lease:
        if not lease.state:
            lease.save(state)
        extract(context, lease, lease.state or state)


def opened(where: str, place: str) -> Any:
    if where == "disk":
        return DiskBucket(Path(place))
    from connector.bucket import FACTS, Bucket
    from connector.service import Service
    from google.auth.credentials import AnonymousCredentials

    from connector.extract.page_loop import WORKERS

    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Bucket(Service(session(WORKERS), nobody, os.environ["STORAGE_ENDPOINT"], FACTS), place)


if __name__ == "__main__":
    main(*sys.argv[1:])
