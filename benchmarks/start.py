"""Time and memory of the job before its first request, in the environment of its image; and its memory by the
number of pages."""

import statistics
from collections.abc import Callable

from benchmarks import peer
from benchmarks.contenders import CONTENDERS, installed
from benchmarks.document import table
from benchmarks.matrix import measure
from benchmarks.process import Command, run
from benchmarks.stage import Case, stage

TITLE = "Start and size of the job"
IMPORTS = (
    ("python -c pass", "pass"),
    ("requests", "import requests"),
    ("requests and google-auth", "import google.auth.transport.requests"),
    ("google-cloud-storage, for comparison", "import google.cloud.storage"),
    ("google-cloud-bigquery, for comparison", "import google.cloud.bigquery"),
    # google.auth.default() imports it on Cloud Run, for the credentials of the metadata server.
    (
        "**all that a run imports**",
        "import connector.__main__, connector.run.assembly, google.auth.compute_engine",
    ),
)
PAGES = (100, 400, 1600)
Say = Callable[[str], None]
Line = tuple[str, ...]


def report(runs: int, say: Say) -> str:
    """Two tables: time and memory of the imports, and peak memory by the number of pages."""
    peer.install("jobs")
    imports = [print_line(imported(name, code, runs), say) for name, code in IMPORTS]
    growth = [print_line(line, say) for line in by_pages(runs)]
    heads = ("peak MB", *(f"{pages} pages" for pages in PAGES))
    return f"{table(('', 'wall s', 'CPU s', 'peak MB'), imports)}\n\n{table(heads, growth)}"


def print_line(line: Line, say: Say) -> Line:
    say("  ".join(line))
    return line


def imported(name: str, code: str, runs: int) -> Line:
    command = Command([str(installed("jobs") / "python"), "-c", code])
    # Not measured: it reads the files into the page cache.
    run(command)
    taken = [run(command) for _ in range(runs)]
    wall, cpu = (statistics.median(values) for values in ([t.wall for t in taken], [t.cpu for t in taken]))
    return name, f"{wall:.2f}", f"{cpu:.2f}", f"{max(t.memory for t in taken):.0f}"


def by_pages(runs: int) -> list[Line]:
    contenders = [contender for contender in CONTENDERS if contender.form == "connector"]
    with stage(max(PAGES)) as ready:
        cells = {
            contender.name: [measure(ready, contender, Case(pages, 0.02, 0), runs) for pages in PAGES]
            for contender in contenders
        }
    return [
        (name, *(f"{max(taken.memory for taken in cell.taken):.0f}" for cell in row))
        for name, row in cells.items()
    ]
