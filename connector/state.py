"""What a run must know after a crash, beside what the listing of the bucket says."""

from typing import Literal

import msgspec

from connector.names import Run
from connector.replaying import Wanted
from connector.window import Span


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`asked` is what was typed, `span` what became of it: frozen as soon as the source has answered once;
    `covered` is how far raw went then. `phase` is fetch until every page is in the bucket, and load from then
    on; then `pages` are those that the source answered, and `missing` says what it did not. Of a replay,
    `wanted` is what was typed, and `files` what became of it."""

    id: str
    endpoint: str
    began: int
    kind: Literal["copy", "replay"] = "copy"
    phase: Literal["fetch", "load"] = "fetch"
    asked: Span = Span()
    span: Span = Span()
    covered: int | None = None
    wanted: Wanted = Wanted()
    files: tuple[str, ...] = ()
    pages: int = 0
    notes: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def run(self) -> Run:
        return Run(self.id, self.endpoint, self.began)
