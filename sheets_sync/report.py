"""What a person reads at the terminal."""

from typing import Any

from sheets_sync.destination import Comparison, Destination
from sheets_sync.exports import Export
from sheets_sync.outcome import Counts, Outcome, Tally


def ended(outcome: Outcome) -> str:
    if outcome.error:
        return f"{outcome.export}: {outcome.error}"
    counts = outcome.counts
    said = [
        f"{outcome.rows} rows in {'tab ' if outcome.destination == 'sheets' else ''}{outcome.title!r}",
        f"{counts.inserted.count} inserted",
        f"{counts.updated.count} updated",
        f"{counts.deleted.count} deleted",
    ]
    said += [f"{counts.rejected.count} rejected"] if counts.rejected.count else []
    said += [f"{counts.drift.count} changed by people"] if counts.drift.count else []
    return f"{outcome.export}: {', '.join(said)}, {outcome.calls} calls"


def planned(export: Export, comparison: Comparison, place: Destination[Any], rows: int) -> str:
    """What a run would do now."""
    return "\n".join(
        [
            f"{export.name}: {rows:,} rows of {export.address} to {comparison.title!r}, {place.link}",
            *table(comparison.counts),
            f"  {comparison.calls_needed} calls would write it, {place.calls} have read. Nothing is changed.",
        ]
    )


def table(counts: Counts) -> list[str]:
    names = ("inserted", "updated", "deleted", "rejected", "drift")
    return [line for name in names for line in lines(name, getattr(counts, name))]


def lines(name: str, tally: Tally) -> list[str]:
    """The count, and its examples below each other."""
    more = tally.count - len(tally.examples)
    said = [f"{row.key}: {row.detail}" if row.detail else row.key for row in tally.examples]
    said += [f"and {more:,} more"] if said and more else []
    first, *rest = said or [""]
    return [f"  {name:<9}{tally.count:>7,}  {first}".rstrip(), *(f"{'':<20}{item}" for item in rest)]
