"""The state of a run that the bucket's listing does not contain; stored in run.json with the lease."""

from typing import Literal

import msgspec

from connector.landing.names import Run
from connector.run.replay import Selection
from connector.sources.planned import ReadPlan
from connector.sources.window import IdRange


class RunState(
    msgspec.Struct, frozen=True, kw_only=True, rename={"requested": "asked", "selection": "wanted"}
):
    """`requested` is the range of the command line; `span` the range that is read, whose end is fixed by the
    source's first response; `covered` is how far raw reached at the start.

    `phase` is fetch until every page is in the bucket, then load; then `pages` and `rows` are what was received and
    `missing` describes what was not. `only_pages` are the gaps of an earlier run of the same range; `gaps` those of
    this run. `plan`: the parts of kinds that plan them. `fingerprint` is that of the declaration, under which alone the fetch phase may be resumed. A replay has
    a `selection` and the `files` that it found.
    """

    id: str
    endpoint: str
    began: int
    kind: Literal["copy", "replay"] = "copy"
    phase: Literal["fetch", "load"] = "fetch"
    requested: IdRange = IdRange()
    span: IdRange = IdRange()
    covered: int | None = None
    selection: Selection = Selection()
    files: tuple[str, ...] = ()
    pages: int = 0
    rows: int | None = None
    only_pages: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()
    fingerprint: str = ""
    plan: ReadPlan | None = None
    notes: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def run(self) -> Run:
        return Run(self.id, self.endpoint, self.began)
