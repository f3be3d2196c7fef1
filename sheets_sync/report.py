"""Texts for people: the log message of an export, and the table of a dry run."""

from typing import Any

from sheets_sync.destination import Comparison, Destination
from sheets_sync.export import Export
from sheets_sync.outcome import Counts, Outcome, RowSummary


def describe_outcome(outcome: Outcome) -> str:
    if outcome.error:
        return f"{outcome.export}: {outcome.error}"
    counts = outcome.counts
    where = f"{outcome.rows} rows in {'tab ' if outcome.destination == 'sheets' else ''}{outcome.title!r}"
    if outcome.unchanged:
        return f"{outcome.export}: {where}, unchanged: {outcome.unchanged} not read, {outcome.calls} calls"
    parts = [
        where,
        f"{counts.inserted.count} inserted",
        f"{counts.updated.count} updated",
        f"{counts.deleted.count} deleted",
    ]
    parts += [f"{counts.rejected.count} rejected"] if counts.rejected.count else []
    parts += [f"{counts.drift.count} changed by users"] if counts.drift.count else []
    return f"{outcome.export}: {', '.join(parts)}, {outcome.calls} calls"


def dry_run_table(export: Export, comparison: Comparison, destination: Destination[Any], rows: int) -> str:
    """The changes that a run would make now."""
    sample = destination.describe_sample(comparison)
    calls = f"{comparison.calls_needed} calls would write it, {destination.calls} have read."
    return "\n".join(
        [
            f"{export.name}: {rows:,} rows of {export.source} to {comparison.title!r}, {destination.link}",
            *count_lines(comparison.counts),
            *(f"  note: {note}" for note in comparison.notes),
            *(f"  {line}" for line in sample.splitlines()),
            f"  {calls} Nothing is changed.",
        ]
    )


def count_lines(counts: Counts) -> list[str]:
    names = ("inserted", "updated", "deleted", "rejected", "drift")
    return [line for name in names for line in summary_lines(name, getattr(counts, name))]


def summary_lines(name: str, summary: RowSummary) -> list[str]:
    """The count, and its examples below each other."""
    more = summary.count - len(summary.examples)
    rows = [f"{row.key}: {row.detail}" if row.detail else row.key for row in summary.examples]
    rows += [f"and {more:,} more"] if rows and more else []
    first, *rest = rows or [""]
    return [f"  {name:<9}{summary.count:>7,}  {first}".rstrip(), *(f"{'':<20}{row}" for row in rest)]
