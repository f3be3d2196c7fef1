"""RunContext: everything that a run works with, created once and passed in."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from connector import raw_schema
from connector.landing.files import Landing
from connector.landing.names import Run, to_datetime
from connector.load.key_comparison import KeyList, MissedKey
from connector.load.loader import RawTable
from connector.load.run_log import DriftRow, FileRow, RunRow, Status
from connector.run.state import RunState
from connector.settings import Task
from connector.sources.base import Endpoint
from connector.sources.planned import PlannedReader
from connector.sources.reader import Reader
from connector.sources.time_window import TimeWindow
from connector.sources.window import Watermark, window_of
from runtime import lease
from runtime.lease import Lease
from runtime.structured_log import StructuredLog


class Warehouse(RawTable, Protocol):
    """connector.load.warehouse.Warehouse."""

    def read_watermark(self, source: str, endpoint: str) -> Watermark: ...
    def compare_keys(
        self, table: KeyList, names: list[str]
    ) -> tuple[list[MissedKey], list[MissedKey], bool]: ...
    def log_run(self, row: RunRow, event: str) -> None: ...
    def log_drift(self, rows: list[DriftRow], run: Run, pages: tuple[int, ...] = ()) -> None: ...
    def log_files(self, rows: list[FileRow], run: Run, pages: tuple[int, ...] = ()) -> None: ...


def now_milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class RunContext:
    """`now` is in milliseconds since 1970 UTC; `new_token` makes run ids of the same millisecond distinct.
    `task`: which of the tasks of a Cloud Run execution this process is.
    """

    name: str
    endpoint: Endpoint
    reader: Reader | PlannedReader
    landing: Landing
    store: lease.Store
    warehouse: Warehouse
    log: StructuredLog
    renew_seconds: float = lease.RENEW_SECONDS
    schema_folder: Path = raw_schema.SCHEMAS
    now: Callable[[], int] = now_milliseconds
    # Two machines may start a run of the endpoint in the same millisecond.
    new_token: Callable[[], str] = lambda: uuid.uuid4().hex[:8]
    sleep: Callable[[float], None] = time.sleep
    source: str = ""
    task: Task = Task()

    @property
    def label(self) -> str:
        """Source and endpoint: the folder in the bucket, and the name in messages. Endpoints of two sources may have
        the same name."""
        return f"{self.source}/{self.name}" if self.source else self.name

    @property
    def state_name(self) -> str:
        """The object with the lease on the endpoint and the state of its run."""
        return f"{self.label}/run.json"

    @property
    def source_or_none(self) -> str | None:
        """The value of the column `source` of the logs."""
        return self.source or None

    @property
    def page_reader(self) -> Reader:
        """The reader of a kind that discovers its pages while it reads them."""
        # A defect of the caller, not of a declaration: hence not an error of the connector's tree.
        if isinstance(self.reader, PlannedReader):
            raise TypeError(f"{self.name} is read by a plan, not page by page")
        return self.reader

    @property
    def execution(self) -> str:
        """That of Cloud Run, the same for all of its retries; "" elsewhere."""
        return self.task.execution

    def create_lease(self) -> Lease[RunState]:
        """The lease on the endpoint, to be used in a `with` block. Its object stores the state of the run."""
        return Lease(
            self.store,
            self.state_name,
            RunState,
            holder=f"a run of {self.label}",
            execution=self.task.owner,
            renew_seconds=self.renew_seconds,
            sleep=self.sleep,
        )

    def new_run(self, watermark: Watermark) -> Run:
        """Its files sort after those of every earlier run, even if this machine's clock is behind."""
        # Names sort by this time and the greatest name wins, so it must grow from run to run (docs/adr/0001).
        return Run.create(self.name, max(self.now(), watermark.newest_start + 1), self.new_token())

    @property
    def fingerprint(self) -> str:
        """Of the declaration and of the columns' names and types."""
        return f"{self.reader.fingerprint}-{raw_schema.fingerprint(self.columns)}"

    @property
    def columns(self) -> list[raw_schema.Column]:
        return raw_schema.read_columns(self.endpoint.table, self.schema_folder)


def trusted_end(context: RunContext, state: RunState) -> int | None:
    """The end of the range, from which the next run continues: by time never later than this run began, although
    `--until` may be, because no run has read the rows that come after it."""
    is_time = isinstance(window_of(context.endpoint), TimeWindow)
    began = state.began_microseconds if is_time and state.requested.until is not None else None
    ends = [end for end in (state.span.until, state.reached, began) if end is not None]
    return None if state.span.until is None else min(ends)


def start_run_row(context: RunContext, state: RunState, status: Status) -> RunRow:
    """The row of ops.run_log for a run that ends now; without files, rows and texts."""
    return RunRow(
        run_id=state.id,
        source=context.source_or_none,
        endpoint=context.name,
        started_at=to_datetime(state.began).isoformat(),
        finished_at=to_datetime(context.now()).isoformat(),
        status=status,
        window_from=state.span.start,
        window_until=trusted_end(context, state),
        pages=state.pages,
    )
