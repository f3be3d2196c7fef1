"""What the sync of one export did: for the log, for notices, for the person at the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

EXAMPLES = 5

type Status = Literal["success", "partial", "failed"]


@dataclass(frozen=True)
class Example:
    """A row by its key as a person reads it, and what became of it: `Revenue: 12.5 → 13`, `duplicate key`."""

    key: str
    detail: str = ""


@dataclass(frozen=True)
class Told:
    """A row of ops.sync_row."""

    state: Literal["rejected", "drift"]
    row: Example


@dataclass(frozen=True)
class Tally:
    """How many rows, and the first of them."""

    count: int = 0
    examples: tuple[Example, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Example]) -> Self:
        listed = list(rows)
        return cls(len(listed), tuple(listed[:EXAMPLES]))


NONE = Tally()


@dataclass(frozen=True)
class Counts:
    """Rows by key. `rejected` could not be published; `drift` is what people changed in our columns."""

    inserted: Tally = NONE
    updated: Tally = NONE
    deleted: Tally = NONE
    rejected: Tally = NONE
    drift: Tally = NONE

    @property
    def changed(self) -> bool:
        """Whether readers see something new."""
        return bool(self.inserted.count or self.updated.count or self.deleted.count)


@dataclass(frozen=True)
class Outcome:
    """`destination` is a kind (`sheets`), `place` its address (a spreadsheet's id), `title` what people call
    it (the tab), `link` where they open it. `rows` are the source's. `error` says what to do; None unless
    failed. partial: some rows were rejected, the others are there."""

    run_id: str
    export: str
    destination: str
    place: str
    title: str
    link: str
    status: Status
    started_at: datetime
    finished_at: datetime
    rows: int = 0
    counts: Counts = Counts()
    calls: int = 0
    error: str | None = None
