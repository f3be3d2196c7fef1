"""Everything that a run works with, put together once and passed in."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from connector import lease, schemas
from connector.declaration import Endpoint
from connector.landing import Landing
from connector.lease import Lease
from connector.loading import Raw
from connector.logs import DriftRow, FileRow, RunRow
from connector.names import Run
from connector.reader import Reader
from connector.report import Report
from connector.window import Covered


class Warehouse(Raw, Protocol):
    """What a run needs of a warehouse; connector.warehouse.Warehouse is the one in BigQuery."""

    def covered(self, endpoint: str) -> Covered: ...
    def log_run(self, row: RunRow, what: str) -> None: ...
    def log_drift(self, rows: list[DriftRow], run: Run) -> None: ...
    def log_files(self, rows: list[FileRow], run: Run) -> None: ...


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Kit:
    name: str
    endpoint: Endpoint
    reader: Reader
    landing: Landing
    leases: lease.Bucket
    warehouse: Warehouse
    report: Report
    renew_seconds: float = lease.RENEW_SECONDS
    schema_folder: Path = schemas.SCHEMAS
    now: Callable[[], int] = milliseconds
    token: Callable[[], str] = lambda: uuid.uuid4().hex[:8]
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def leased(self) -> Iterator[Lease]:
        """The lease on the endpoint; LeaseHeld if another run is going."""
        held = Lease(self.leases, f"{self.name}/run.json", self.renew_seconds)
        held.acquire(self.sleep)
        try:
            yield held
        finally:
            held.release()

    def new_run(self, covered: Covered) -> Run:
        """Its files sort after those of every earlier run, even if this machine's clock is behind."""
        return Run.new(self.name, max(self.now(), covered.began + 1), self.token())

    @property
    def columns(self) -> list[schemas.Column]:
        return schemas.read(self.endpoint.table, self.schema_folder)
