"""Where an export goes: what every kind of destination can do."""

from dataclasses import dataclass
from typing import Protocol

from sheets_sync.exports import Export
from sheets_sync.outcome import Counts, Told
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Comparison:
    """What there is to do. A destination keeps in its own kind of it what `carry_out` needs. `told` are rows
    that ops.sync_row tells one by one: rejected, or changed by people."""

    counts: Counts
    title: str
    calls_needed: int
    told: tuple[Told, ...]


class Destination[C: Comparison](Protocol):
    """One place of one export. `calls` counts what was sent so far, calls sent again included."""

    kind: str
    place: str
    link: str

    @property
    def calls(self) -> int: ...

    def compare(self, export: Export, mart: Mart) -> C:
        """The source, what was last synced and what is there now, side by side. Changes nothing: a dry run
        ends here."""
        ...

    def carry_out(self, comparison: C) -> Comparison:
        """Make it so, and say what was done of it, because a place may refuse rows. OutcomeUnknown where
        nobody knows whether it was done and it cannot be sent twice: the caller compares again."""
        ...
