"""The connector's own page loop, from the API into a folder or into a bucket, without the warehouse.

python -m benchmarks.copy URL disk FOLDER | bucket NAME | nowhere NAME; the last opens a bucket, that is
all."""

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


class NoLease:
    """On a disk nobody else is copying."""

    def check(self) -> None: ...
    def save(self, state: State) -> None: ...


def main(url: str, where: str, place: str) -> None:
    bucket = opened(where, place)
    if where == "nowhere":
        return
    source = sources.read("retail")
    kit = Kit(
        name="sales",
        endpoint=source.endpoint("sales"),
        reader=reader.assemble(source, "sales", Settings("", "", "", {"URL": url, "API_KEY": "none"})),
        landing=Landing(bucket, "sales"),
        leases=bucket,
        warehouse=None,  # type: ignore[arg-type]
        report=Report(sys.stderr),
    )
    run = Run.new("sales", milliseconds(), uuid.uuid4().hex[:8])
    state = State(id=run.id, endpoint="sales", began=run.began, span=Span(start=1))
    if where == "disk":
        copying.land(kit, NoLease(), state)  # type: ignore[arg-type]
        return
    with kit.leased() as lease:
        lease.save(state)
        copying.land(kit, lease, state)


def opened(where: str, place: str) -> Any:
    if where == "disk":
        return DiskBucket(Path(place))
    from google.auth.credentials import AnonymousCredentials

    from connector import storage
    from connector.bucket import Bucket

    google = storage.Storage(storage.session(), AnonymousCredentials(), os.environ["STORAGE_ENDPOINT"])
    return Bucket(google, place)


if __name__ == "__main__":
    main(*sys.argv[1:])
