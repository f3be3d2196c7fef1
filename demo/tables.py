"""Tables in the terminal: the pipeline runs, the comparison with the expected results, a query's rows."""

from collections.abc import Iterable, Sequence

from demo.expected import Check
from demo.measures import Measure

RUN_HEAD = ("run", "files", "rows", "orphans", "rejects", "copy s", "Dataform s", "sheet s", "all s")
CHECK_HEAD = ("against the oracle", "rows", "expected", "amount", "expected", "")


def runs_table(measures: Iterable[Measure]) -> list[str]:
    return align_columns([RUN_HEAD, *(run_cells(measure) for measure in measures)])


def run_cells(measure: Measure) -> tuple[str, ...]:
    run = measure.run
    counts = (measure.files, measure.loaded, measure.orphans, measure.rejects)
    seconds = [run.step_seconds(prefix) for prefix in ("connector", "Dataform", "sheets-sync")]
    return (
        run.label,
        *(f"{count:,}" for count in counts),
        *(f"{duration:.1f}" for duration in (*seconds, run.seconds)),
    )


def checks_table(checks: Iterable[Check]) -> list[str]:
    return align_columns([CHECK_HEAD, *(check_cells(check) for check in checks)])


def check_cells(check: Check) -> tuple[str, ...]:
    verdict = "differs" if check.differences else "equal"
    counts = (f"{check.rows:,}", f"{check.expected_rows:,}")
    return (check.table, *counts, format_cents(check.cents), format_cents(check.expected_cents), verdict)


def format_cents(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:,.2f}"


def align_columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns two spaces apart: the first aligned to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
