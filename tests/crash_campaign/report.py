"""The report of the crash test: docs/reports/crash-test.md."""

from pathlib import Path

from connector.extract.workers import WORKERS
from tests.crash_campaign.loads import Group

DOCUMENT = Path(__file__).parents[2] / "docs/reports/crash-test.md"
HEAD = (
    "| killed | kills | loads | rows | twice | missing | left | log | pages again, at most | ods and dmt |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
TEXT = """# Crash test

{when}. Written by `make campaign`.

The connector runs as a process of its own. A proxy before the API, the bucket and BigQuery counts its
requests and kills it (SIGKILL) at one of them: *before* the request arrives, or *after* it did and before its
answer comes back. In each row of the table one load after another is killed, each time one request later,
until a load finishes before that. Then a second process runs with the same arguments. After each load: every
sale of its window is in raw once (replays: once for each load of the file), in/ and processing/ are empty,
the lease is gone, and the log has one success with all rows and each file once. After each row of this table
Dataform runs, and ods and dmt are compared with the oracle, to the row and the cent.

{table}

*twice* and *missing* are rows of raw, *left* counts objects, *log* counts loads with a wrong log.
*Pages again* were requested from the source by both processes, of those of a load: never more than the
{most} that may be in flight to the bucket at once. The last load of each row is not killed. The table is
written after every row, so a run that was ended early has fewer of them than log, API, bucket, BigQuery, 36
pages and replays.
"""


def format_row(group: Group, differences: list[str]) -> str:
    log = sum("in the log" in sentence for sentence in group.defects)
    repeated = f"{group.repeated} of {group.pages}" if group.pages else "not applicable"
    cells = (
        group.name,
        group.kills,
        group.loads,
        f"{group.rows:,}",
        group.twice,
        group.missing,
        group.remaining,
        log,
        repeated,
        f"{len(differences)} differences" if differences else "equal",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def write_report(rows: list[str], when: str) -> None:
    DOCUMENT.write_text(TEXT.format(when=when, most=WORKERS, table="\n".join([*HEAD, *rows])))
