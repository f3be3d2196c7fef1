"""The end of the demo: what each run did and what is there now, as a table for a terminal."""

from collections.abc import Iterable, Sequence

from demo.expected import Check
from demo.measures import Measure

HEAD = ("run", "files", "rows", "orphans", "rejects", "copy s", "Dataform s", "sheet s", "all s")


def runs(measures: Iterable[Measure]) -> list[str]:
    return aligned([HEAD, *(cells(measure) for measure in measures)])


def cells(measure: Measure) -> tuple[str, ...]:
    run = measure.run
    counts = (measure.files, measure.loaded, measure.orphans, measure.rejects)
    spent = (run.spent("connector"), run.spent("Dataform"), run.spent("sheets-sync"), run.seconds)
    return (run.label, *(f"{count:,}" for count in counts), *(f"{seconds:.1f}" for seconds in spent))


def checks(found: Iterable[Check]) -> list[str]:
    head = ("against the oracle", "rows", "expected", "amount", "expected", "")
    return aligned([head, *(check_cells(check) for check in found)])


def check_cells(check: Check) -> tuple[str, ...]:
    verdict = "differs" if check.differences else "equal"
    counts = (f"{check.rows:,}", f"{check.expected_rows:,}")
    return (check.table, *counts, money(check.cents), money(check.expected_cents), verdict)


def money(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:,.2f}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns two spaces apart: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
