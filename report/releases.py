"""When the code changed: the marks on the grid of runs and on every chart with a time axis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from report.night import Night

SHOWN_MARKS = 5


@dataclass(frozen=True, order=True)
class Mark:
    at: datetime
    text: str


def find_marks(night: Night) -> list[Mark]:
    """Deliveries, and runs that had another release of Dataform than the run before; oldest first."""
    deliveries = [
        Mark(row["moment"], f"{row['kind']} {row['release']} ({row['state']})") for row in night["releases"]
    ]
    runs = [(run["started_at"], run["release"]) for run in night["runs"] if run["release"]]
    # strict=False: the second sequence is shorter by one.
    pairs = zip(runs, runs[1:], strict=False)
    first_runs = [
        Mark(at, f"first run of Dataform {release}")
        for (_, before), (at, release) in pairs
        if release != before
    ]
    return sorted([*deliveries, *first_runs])


def marks_between(marks: Iterable[Mark], since: datetime, until: datetime) -> list[Mark]:
    return [mark for mark in marks if since <= mark.at <= until]


def describe_marks(marks: Sequence[Mark], moment: str) -> str:
    """What the dashed lines of a chart mean: "; ▸ 05:10: rollout r2 (accepted)", or nothing.

    `moment` is a format of strftime, as precise as the axis.
    """
    names = [f"{mark.at.strftime(moment)}: {mark.text}" for mark in marks[:SHOWN_MARKS]]
    more = len(marks) - len(names)
    return f"; ▸ {', '.join(names)}{f' and {more} more' if more else ''}" if marks else ""
