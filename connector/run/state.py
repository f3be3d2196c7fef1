"""The state of a run that the bucket's listing does not contain; stored in run.json with the lease."""

from typing import Literal

import msgspec

from connector.landing.names import Run
from connector.run.replay import Selection
from connector.sources.planned import ReadPlan
from connector.sources.window import IdRange


# run.json outlives releases, so its two old keys keep their names.
class RunState(
    msgspec.Struct, frozen=True, kw_only=True, rename={"requested": "asked", "selection": "wanted"}
):
    """What run.json stores of a run.

    requested: the range of the command line. span: the range that is read; its end is fixed by the source's first
    response. covered: how far raw reached at the start. phase: fetch until every page is in the bucket, then load;
    incomplete after a replay that ended so. pages, rows: what was received. announced: the largest total of items
    that the source reported. missing: what was not. gaps: pages that could not be read. unreadable: parts that cannot
    be read until they change at the source. rejecting: parts with rows that could not be read. only_pages: gaps of an
    earlier attempt, to which this one is limited.
    plan: the parts of kinds that plan them. comparison: whether they are the result of a comparison of all keys.
    unconfirmed: whether it found no key at all, so that the next run compares again.
    fingerprint: of the declaration, the only one under which the fetch phase may be resumed. selection, files: of a
    replay. execution: the one of Cloud Run whose replay ended incomplete; its retry must fail too. pending: the state
    with the gaps of an earlier run, which becomes the state again unless this run reads their range. moved:
    whether rows were at other places at the end, so that a second pass follows. is_second: whether this is that pass.
    overlapping: rows with which a page of a chain begins and the one before it ends. reached: of a window by time, the
    newest time that was received, from which the next run continues, also while pages are missing.
    """

    id: str
    endpoint: str
    began: int
    kind: Literal["copy", "replay"] = "copy"
    phase: Literal["fetch", "load", "incomplete"] = "fetch"
    requested: IdRange = IdRange()
    span: IdRange = IdRange()
    covered: int | None = None
    selection: Selection = Selection()
    files: tuple[str, ...] = ()
    pages: int = 0
    rows: int | None = None
    announced: int | None = None
    only_pages: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()
    rejecting: tuple[int, ...] = ()
    fingerprint: str = ""
    plan: ReadPlan | None = None
    moved: bool = False
    overlapping: int = 0
    reached: int | None = None
    is_second: bool = False
    comparison: bool = False
    unconfirmed: bool = False
    notes: tuple[str, ...] = ()
    missing: str | None = None
    execution: str = ""
    pending: "RunState | None" = None

    @property
    def run(self) -> Run:
        return Run(self.id, self.endpoint, self.began)

    @property
    def began_microseconds(self) -> int:
        """As windows by time are stored."""
        return self.began * 1000

    def unread_gaps(self) -> "RunState | None":
        """Those of earlier runs whose range this run, once it is complete, does not contain."""
        gaps = self.pending
        while gaps is not None and contains(self.span, gaps.span):
            gaps = gaps.pending
        return gaps


def contains(span: IdRange, other: IdRange) -> bool:
    """Whether every id of `other` is in `span`; False where an end of them is not known."""
    if span.start is None or span.until is None or other.start is None or other.until is None:
        return False
    return span.start <= other.start and other.until <= span.until
