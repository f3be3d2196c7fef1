"""Pages from the API to where they are safe: the connector beside the physical floor, a bare loop and its
peers."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks import peer, resume, rows
from benchmarks.bare import IN_FLIGHT
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.document import table
from benchmarks.errors import BenchmarkError
from benchmarks.process import Taken, run
from benchmarks.stage import ROWS, Case, Stage, stage

TITLE = "From the API to where pages are safe"
NOTES = (
    "Wall time is that of a whole process, with the start of the interpreter and its imports. The source "
    "accepts up to 16 simultaneous requests from each tool; a peer that requests pages sequentially does so "
    "by design. Rows are checked after each run: their number, and SHA-256 of all ids in order. The "
    "contender has one processor, as its job on Cloud Run has; source and sandbox share the rest, so read "
    "a time beside the bare loop's of the same table. After a refusal each waits as it does by default: "
    "the connector up to 1 s, dlt 1 s, the others by their own back-off. Installed is all of "
    "requirements/jobs.txt, Google's clients of three jobs included; the peers are without their way to a "
    "bucket or a warehouse."
)
RUNS = 5
# A tool that takes longer than so many seconds mostly waits, and is measured at most so often.
LONG = {20.0: 2, 60.0: 1}
WARM_UP = 20  # pages
USUAL = Case(400, 0.02, 0)
SHORT = (USUAL, Case(100, 0.02, 10), Case(400, 0.2, 0))
FULL = tuple(Case(*case) for case in product((100, 400), (0.02, 0.2), (0, 10)))
HEADS = (
    "",
    "wall s",
    "range",
    "runs",
    "× floor",
    "peak MB",
    "CPU s",
    "requests",
    "at once",
    "rows by checksum",
)
TRAITS = ("", "pages requested again after kill -9 at half", "lines a user writes", "MB installed", "besides")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    """What a contender took for a case, run by run; requests and how many at once in the last of them."""

    taken: Sequence[Taken]
    requests: int
    in_flight: int
    written: str


def measure(stage: Stage, contender: Contender, case: Case, runs: int) -> Cell:
    """A warm-up, and `runs`, fewer where they are LONG. BenchmarkError when a row is missing or there
    twice."""
    # The first run compiles bytecode and fills the page cache; later ones would be compared with it unfairly.
    once(stage, contender, Case(min(WARM_UP, case.pages), case.latency, case.faults))
    cells = [once(stage, contender, case)]
    enough = min([runs, *(most for limit, most in LONG.items() if cells[0].taken[0].wall > limit)])
    cells += [once(stage, contender, case) for _ in range(enough - 1)]
    return Cell([cell.taken[0] for cell in cells], cells[-1].requests, cells[-1].in_flight, cells[-1].written)


def once(stage: Stage, contender: Contender, case: Case) -> Cell:
    stage.begin(case)
    with stage.place(contender, case) as place:
        taken, counted = run(contender.command(place)), stage.count()
        written = stage.written(contender, place)
    # A time is only comparable if all rows are there.
    if contender.form and written != rows.checksum(range(1, case.pages * ROWS + 1)):
        raise BenchmarkError(f"{contender.name} wrote {written} of {case.pages * ROWS} rows")
    return Cell([taken], counted["requests"], counted["in_flight"], written)


def report(full: bool, runs: int, say: Say) -> str:
    """A table for each case, and one of what does not depend on the case."""
    for name in peer.PEERS:
        peer.install(name)
    with stage(max(case.pages for case in FULL)) as ready:
        parts = [of_case(ready, case, runs, say) for case in (FULL if full else SHORT)]
        return "\n\n".join([*parts, "What does not depend on the case:", traits(ready, say)])


def of_case(stage: Stage, case: Case, runs: int, say: Say) -> str:
    floor = math.ceil(case.pages / IN_FLIGHT) * case.latency
    faults = f", {case.faults} % of the pages refused once" if case.faults else ""
    title = f"{case.pages} pages of {ROWS} rows, {case.latency * 1000:.0f} ms each{faults}"
    say(title)
    physics = (
        "floor: pages / 16 × latency",
        f"{floor:.2f}",
        "",
        "",
        "1.0",
        "",
        "",
        str(case.pages),
        "16",
        "",
    )
    lines: list[tuple[str, ...]] = [physics]
    for contender in CONTENDERS:
        lines.append(line(contender, measure(stage, contender, case, runs), floor))
        say("  ".join(lines[-1]))
    return f"**{title}**\n\n{table(HEADS, lines)}"


def line(contender: Contender, cell: Cell, floor: float) -> tuple[str, ...]:
    walls = [taken.wall for taken in cell.taken]
    middle = statistics.median(walls)
    return (
        contender.name,
        f"{middle:.2f}",
        f"{min(walls):.2f}–{max(walls):.2f}",
        str(len(walls)),
        f"{middle / floor:.1f}",
        f"{statistics.median(taken.memory for taken in cell.taken):.0f}",
        f"{statistics.median(taken.cpu for taken in cell.taken):.2f}",
        str(cell.requests),
        str(cell.in_flight),
        cell.written or "keeps none",
    )


def traits(stage: Stage, say: Say) -> str:
    lines = list(trait_lines(stage, (contender for contender in CONTENDERS if contender.form)))
    for each in lines:
        say("  ".join(each))
    return table(TRAITS, lines)


def trait_lines(stage: Stage, contenders: Iterable[Contender]) -> Iterator[tuple[str, ...]]:
    for contender in contenders:
        repeated = (
            str(resume.count_repeated_requests(stage, contender, USUAL)) if contender.resumes else "not run"
        )
        size = peer.megabytes(contender.peer or "jobs")
        yield contender.name, repeated, str(contender.lines), str(size), contender.besides
