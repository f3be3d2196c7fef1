"""The interface of kinds whose parts are known before they are read: databases, collections and files.

A page-by-page API discovers its pages while it reads them (sources/reader.py). Here the reader first makes a plan,
which is stored in run.json: part n of the plan is object n of the run, so the listing of the bucket is the checkpoint,
a killed run requests only the missing parts, and several tasks can share the parts of one plan.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from connector.errors import RequestRejected
from connector.landing.files import RejectedRow
from connector.raw_schema import FILE_NAME
from connector.sources.window import IdRange


class ReadPlan(msgspec.Struct, frozen=True):
    """`parts`: the position of each part, opaque to everything but the reader. `until`: the frozen upper end of the
    window, inclusive (microseconds since 1970 UTC for times); None without a window. `unmapped`: fields of the source
    without a column in raw. `notes`: what the run must report, for example a missing grant."""

    parts: tuple[str, ...]
    until: int | None = None
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartContent:
    """`lines`: newline-delimited JSON, each line with SYS_FILE_NAME, as the source itself encoded it; `rows`: their
    number. `rejects`: rows that could not be read, with their place in the source; they are counted and stored.
    `unmapped`: as in ReadPlan, if only the part contains the names. `unreadable`: why nothing of the part could be
    read, now and until it changes at the source; the run is then incomplete, and the part is not requested again."""

    lines: bytes
    rows: int
    rejects: list[RejectedRow] = field(default_factory=list)
    note: str | None = None
    unmapped: tuple[str, ...] = ()
    unreadable: str | None = None


class PlannedReader(ABC):
    """One table, collection or folder of a source. `read_part` is thread-safe.

    connections: how many parts are read at the same time. keeps_gaps: whether parts that failed are requested again
    under the same plan; False if the next plan contains them anyway. fingerprint: as in sources/reader.py.
    """

    connections: int = 2
    # False for files: the ledger already makes the next plan contain what failed.
    keeps_gaps: bool = True

    @property
    @abstractmethod
    def fingerprint(self) -> str: ...

    @abstractmethod
    def make_plan(self, span: IdRange) -> ReadPlan:
        """Freeze the upper end and split what is to be read into parts. SourceError if that is impossible."""

    @abstractmethod
    def read_part(self, position: str, file_name: str) -> PartContent:
        """The rows of one part: the same position always returns the same rows, unless they changed at the source.

        SourceUnavailable if it may succeed later, RequestRejected if not.
        """

    def describe_columns(self, span: IdRange) -> list[tuple[str, str]]:
        """Names of the source's fields, with descriptions; by default the fields of the first part, and RequestRejected
        if it cannot be read."""
        plan = self.make_plan(span)
        part = self.read_part(plan.parts[0], "") if plan.parts else PartContent(b"", 0)
        if part.unreadable:
            raise RequestRejected(part.unreadable)
        # Of all rows of the part, because JSON rows may have different fields.
        names = {name for line in part.lines.splitlines() for name in msgspec.json.decode(line)}
        return [(name, f"Field `{name}` of the source.") for name in sorted(names - {FILE_NAME})]

    def propose(self) -> dict[str, object]:
        """Keys of the declaration that the source suggests, for example `key` and `window`."""
        return {}

    def on_loaded(  # noqa: B027
        self,
        plan: ReadPlan,
        failed: Collection[int],
        unreadable: Collection[int],
        rejecting: Collection[int] = (),
    ) -> None:
        """The parts of the plan, except those with the numbers `failed`, are in raw or will never be; of those
        `rejecting` some rows are not. Idempotent: it is called again if the process is killed before the state of the
        run is cleared."""
