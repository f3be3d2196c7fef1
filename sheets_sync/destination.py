"""Interface of a destination: a tab, an API or a file that follows one export."""

from dataclasses import dataclass, field
from typing import Protocol

from sheets_sync.export import Export
from sheets_sync.outcome import Counts, RowIssue
from sheets_sync.seen import Seen
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Comparison:
    """The changes to make. Each kind of destination adds what its `apply` needs.

    issues: rows for ops.sync_row, rejected or edited by users. calls_needed: requests that `apply` sends.
    notes: sentences for people, such as a changed time zone. content: digest of what the destination contains, ""
    unless it already is as declared and there is nothing to report. note_time: time in the status note.
    """

    counts: Counts
    title: str
    calls_needed: int
    issues: tuple[RowIssue, ...]
    notes: tuple[str, ...]
    content: str = field(default="", kw_only=True)
    note_time: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Checked:
    """`seen`: for the next run. is_read: whether the destination was read."""

    seen: Seen
    is_read: bool


class Destination[C: Comparison](Protocol):
    """`address` identifies it, `link` opens it. `calls`: requests sent so far, retries included."""

    kind: str
    address: str
    link: str

    @property
    def calls(self) -> int: ...

    def find_unchanged(self, export: Export, seen: Seen) -> Checked | None:
        """What is known of the destination if it still is as `seen`, for an unchanged mart; None if it must be
        compared. Renews the status that readers see."""
        ...

    def compare(self, export: Export, mart: Mart) -> C:
        """Compare the source, the last synced state and the current content. Writes nothing: a dry run ends
        here."""
        ...

    def apply(self, comparison: C) -> Comparison:
        """Write the changes and return those that were made, because a destination may reject rows.

        Raises OutcomeUnknown if they may or may not have been made and cannot be sent twice: the caller
        compares again.
        """
        ...

    def describe_sample(self, comparison: C) -> str:
        """The first request of a dry run with its payload; "" without a request."""
        ...

    def record_failure(self, export: Export, error: str) -> None:
        """Show readers that the export fails, if it declares that. Raises no error of this job."""
        ...
