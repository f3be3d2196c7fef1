"""The connector's own page loop, from the API into a folder or into a bucket, without the warehouse. In a
bucket it goes on where a process left off that was killed.

python -m benchmarks.copy URL disk FOLDER | bucket NAME"""

import os
import sys
import uuid
from pathlib import Path
from typing import Any

from benchmarks.disk import DiskBucket
from connector import copying, sources
from connector.kit import Kit, milliseconds
from connector.landing import Landing
from connector.names import Run
from connector.report import Report
from connector.rest import reader
from connector.settings import Settings
from connector.state import State
from connector.window import Span

RENEW_SECONDS = 1.0  # a dead one's lease is watched for three times as long; in the cloud it is 10


class NoLease:
    """On a disk nobody else is copying."""

    def check(self) -> None: ...
    def save(self, state: State) -> None: ...


def main(url: str, where: str, place: str) -> None:
    bucket = opened(where, place)
    source: Any = sources.read("retail")
    kit = Kit(
        name="sales",
        endpoint=source.endpoint("sales"),
        reader=reader.assemble(source, "sales", Settings("", "", "", {"URL": url, "API_KEY": "none"})),
        landing=Landing(bucket, "sales"),
        leases=bucket,
        warehouse=None,  # type: ignore[arg-type]
        report=Report(sys.stderr),
        renew_seconds=RENEW_SECONDS,
    )
    run = Run.new("sales", milliseconds(), uuid.uuid4().hex[:8])
    state = State(id=run.id, endpoint="sales", began=run.began, span=Span(start=1))
    if where == "disk":
        copying.land(kit, NoLease(), state)  # type: ignore[arg-type]
        return
    with kit.leased() as lease:
        if not lease.state:
            lease.save(state)
        copying.land(kit, lease, lease.state or state)


def opened(where: str, place: str) -> Any:
    if where == "disk":
        return DiskBucket(Path(place))
    from google.auth.credentials import AnonymousCredentials

    from connector.bucket import FACTS, Bucket
    from connector.connections import session
    from connector.fetch import WORKERS
    from connector.service import Service

    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Bucket(Service(session(WORKERS), nobody, os.environ["STORAGE_ENDPOINT"], FACTS), place)


if __name__ == "__main__":
    main(*sys.argv[1:])
