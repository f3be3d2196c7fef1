"""Result of the sync of one export: for ops.sync_run, for notifications, and for the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

EXAMPLES = 5

type Status = Literal["success", "partial", "failed"]


@dataclass(frozen=True)
class Example:
    """A row, named by its key as text, and what happened to it: `Revenue: 12.5 → 13`, `duplicate key`."""

    key: str
    detail: str = ""


@dataclass(frozen=True)
class RowIssue:
    """A row of ops.sync_row."""

    state: Literal["rejected", "drift"]
    row: Example


@dataclass(frozen=True)
class RowSummary:
    """Number of rows, and the first of them."""

    count: int = 0
    examples: tuple[Example, ...] = ()

    @classmethod
    def from_rows(cls, rows: Iterable[Example]) -> Self:
        listed = list(rows)
        return cls(len(listed), tuple(listed[:EXAMPLES]))


NO_ROWS = RowSummary()


@dataclass(frozen=True)
class Counts:
    """Rows by key. `rejected` could not be published; `drift` are users' edits of the synced columns."""

    inserted: RowSummary = NO_ROWS
    updated: RowSummary = NO_ROWS
    deleted: RowSummary = NO_ROWS
    rejected: RowSummary = NO_ROWS
    drift: RowSummary = NO_ROWS

    @property
    def changed(self) -> bool:
        """Whether readers see a difference."""
        return bool(self.inserted.count or self.updated.count or self.deleted.count)


@dataclass(frozen=True)
class Outcome:
    """One row of ops.sync_run.

    destination: a kind, such as `sheets`. address: a spreadsheet's id, a URL or a gs:// path. title: the name
    that users see, such as the tab's. link: where a person opens it. rows: number of rows of the source.
    status: `partial` if some rows were rejected and the others were published. error: problem and remedy;
    None unless failed. stack_trace: of a defect of this job. notes: sentences for people.
    unchanged: `table`, `sheet` or `table and sheet`, not read because they cannot have changed.
    seen: JSON of a Seen, "" unless there was nothing to do.
    """

    run_id: str
    export: str
    destination: str
    address: str
    title: str
    link: str
    status: Status
    started_at: datetime
    finished_at: datetime
    rows: int = 0
    counts: Counts = Counts()
    calls: int = 0
    error: str | None = None
    stack_trace: str | None = None
    notes: tuple[str, ...] = ()
    unchanged: str = ""
    seen: str = ""
